"""Models: what their headers declare is what the engine makes of their SQL, and mistakes are named."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from unittest.mock import patch

import pyarrow as pa
import pytest

from hzmetrics.config import CORRECTIONS
from hzmetrics.engine import Engine, ModelError
from hzmetrics.engine.models import (
    INPUTS,
    Column,
    Relation,
    inputs,
    macros,
    model,
    names,
    parse_inputs,
    parse_model,
)
from tests.engine.declared import (
    HOME,
    MODELS,
    PACKAGES,
    READ_BY_SETTINGS,
    declared,
    input_names,
    macro_definitions,
    prepared,
    provide,
    used,
)


def test_there_are_models() -> None:
    assert len(MODELS) > 40


@pytest.mark.slow
@pytest.mark.parametrize(("package", "name"), MODELS)
def test_a_model_is_as_declared(package: str, name: str) -> None:
    tested = declared(package, name)
    with prepared(package) as engine:
        provide(engine, tested, {})
        engine.build(name)
        found = used(engine, tested.sql)
        described = engine.connection.sql(f'SELECT * FROM "{name}"')
        columns = [(column, str(kind)) for column, kind in zip(described.columns, described.types, strict=True)]
    assert found.relations == set(tested.reads)
    assert found.variables - {"corrections"} == set(tested.variables)
    assert found.corrections == set(tested.corrections) <= set(CORRECTIONS)
    assert [column for column, _ in columns] == [column.name for column in tested.columns]
    assert [kind for column, kind in zip(tested.columns, columns, strict=True) if not column.has_type(kind[1])] == []


@pytest.mark.slow
@pytest.mark.parametrize("package", PACKAGES)
def test_the_inputs_are_as_declared(package: str) -> None:
    declared_inputs = inputs(package)
    path = HOME.joinpath(*package.split(".")[1:], "models", f"{INPUTS}.sql")
    with Engine() as engine:
        engine.connection.execute(path.read_text(encoding="utf-8").replace("CREATE TABLE", "CREATE TEMP TABLE"))
        for one in declared_inputs.values():
            described = engine.connection.table(f'"{one.name}"')
            found = list(zip(described.columns, map(str, described.types), strict=True))
            assert found == [(column.name, column.type) for column in one.columns]


@pytest.mark.parametrize(("package", "name"), input_names())
def test_every_input_is_read_and_is_no_model(package: str, name: str) -> None:
    assert name in READ_BY_SETTINGS or name in {read for one in names(package) for read in declared(package, one).reads}
    assert model(package, name) is None


@pytest.mark.slow
@pytest.mark.parametrize("package", PACKAGES)
def test_the_macros_read_what_they_declare(package: str) -> None:
    with Engine() as engine:
        for name in macros(package).reads:
            columns = {column.name: pa.array([], pa.string()) for column in inputs(package)[name].columns}
            engine.connection.register(name, pa.table(columns))
        before = macro_definitions(engine)
        engine.connection.execute(macros(package).sql.replace("CREATE MACRO", "CREATE TEMP MACRO"))
        read = set[str]()
        for name, definition in macro_definitions(engine).items():
            if name not in before:
                read |= used(engine, f"SELECT {definition}").relations
    assert read == set(macros(package).reads)
    form = "CREATE TEMP MACRO " if read else "CREATE MACRO "
    assert all(line.startswith(form) for line in macros(package).sql.splitlines() if line.startswith("CREATE"))


HEADER = """\
-- The hosts.
--
-- grain: a host
-- reads: requests, names
-- columns:
--   host  VARCHAR         as logged
--   size  DECIMAL(38, 2)  kB, of all
--                         its requests

SELECT 1
"""


def test_a_header_is_parsed() -> None:
    optional = "-- variables: pattern, names VARCHAR[]\n-- corrections: half-up\n-- stored: table\n-- columns:"
    full = parse_model("hzmetrics.any", "hosts", HEADER.replace("-- columns:", optional))
    assert full.variables == {"pattern": "VARCHAR", "names": "VARCHAR[]"}
    assert (full.corrections, full.stored) == (("half-up",), "table")
    parsed = parse_model("hzmetrics.any", "hosts", HEADER)
    assert (dict(parsed.variables), parsed.corrections) == ({}, ())
    assert (parsed.summary, parsed.grain, parsed.reads, parsed.stored) == (
        "The hosts.",
        "a host",
        ("requests", "names"),
        "",
    )
    assert parsed.columns == (
        Column("host", "VARCHAR", "as logged"),
        Column("size", "DECIMAL(38, 2)", "kB, of all its requests"),
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("-- grain: a host\n", "", "models/hosts.sql: the header has no line 'grain:'"),
        ("-- reads:", "-- read:", "models/hosts.sql:4: 'read:' is none of grain, reads"),
        (
            "-- grain: a host\n-- reads: requests, names\n",
            "-- reads: requests\n-- grain: a host\n",
            "sql:4: 'grain:' must",
        ),
        ("-- columns:", "-- stored: disk\n-- columns:", "models/hosts.sql: stored: 'disk' is none of table, arrow"),
        ("VARCHAR         as", "VARCHAR as", "sql:6: expected '--   NAME  TYPE  MEANING', two blanks apart"),
        ("-- The hosts.\n--\n", "", "models/hosts.sql:1: the header does not say what the rows are"),
        ("-- reads", "-- read it\n-- reads", "sql:4: expected one of grain, reads, .* or an indented line: -- read it"),
    ],
)
def test_a_mistake_in_a_header_is_named(old: str, new: str, message: str) -> None:
    assert old in HEADER
    with pytest.raises(ModelError, match=f"hzmetrics/any/.*{message}"):
        parse_model("hzmetrics.any", "hosts", HEADER.replace(old, new))


INPUT = """\
-- Rows.

-- The hosts.
CREATE TABLE hosts (
    "user" VARCHAR,       -- its owner
    size DECIMAL(38, 2)  -- kB
);
"""


def test_inputs_are_parsed() -> None:
    columns = (Column("user", "VARCHAR", "its owner"), Column("size", "DECIMAL(38, 2)", "kB"))
    assert list(parse_inputs("inputs.sql", INPUT)) == [Relation("hosts", "The hosts.", columns)]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  -- kB", "", "inputs.sql:6: expected '    NAME TYPE,  -- MEANING'"),
        ("-- The hosts.\n", "", "inputs.sql:3: say in a comment above what hosts holds"),
        (");\n", "", "inputs.sql: table hosts does not end"),
    ],
)
def test_a_mistake_in_inputs_is_named(old: str, new: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        list(parse_inputs("inputs.sql", INPUT.replace(old, new)))


BATCH = {"ids_before": 0, "after": 0, "through": 10}


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine("hzmetrics.sessions") as engine:
        yield engine


def test_an_input_that_is_missing_is_named(engine: Engine) -> None:
    engine.register_values("batch", BATCH)
    message = r"\Amodel web_stamps needs the relation requests\(id BIGINT, .*\): not registered\Z"
    with pytest.raises(ModelError, match=message):
        engine.table("web_stamps")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"ids_before": 0, "after": 0}, "no column through"),
        ({**BATCH, "before": 1}, "unknown column before"),
        ({**BATCH, "after": "0"}, "column after is VARCHAR"),
    ],
)
def test_an_input_of_another_shape_is_refused(engine: Engine, values: dict[str, object], message: str) -> None:
    shape = r"batch\(ids_before BIGINT, after BIGINT, through BIGINT\)"
    with pytest.raises(ModelError, match=rf"\Amodels need the relation {shape}: {message}\Z"):
        engine.register("batch", pa.table({name: [value] for name, value in values.items()}))


def test_an_unknown_relation_is_refused(engine: Engine) -> None:
    with pytest.raises(ModelError, match=r"\Ahzmetrics.sessions: no model and no input is named visits\Z"):
        engine.table("visits")


def test_models_are_built_anew_when_an_input_changes(engine: Engine) -> None:
    def starts(number: int) -> pa.Table:
        return pa.table({"number": [1], "id": [number]})

    engine.register("tool_start_matches", starts(7))
    engine.register_values("batch", BATCH)
    assert engine.table("tool_stamps").to_pylist() == [{"id": 7, "sessionid": 1}]
    engine.register_values("batch", {**BATCH, "ids_before": 40})
    assert engine.table("tool_stamps").to_pylist() == [{"id": 7, "sessionid": 41}]
    engine.register("tool_start_matches", starts(8))
    assert engine.table("tool_stamps").to_pylist() == [{"id": 8, "sessionid": 41}]


def test_a_stored_model_is_computed_once_until_an_input_changes(engine: Engine) -> None:
    window = {"number": 1, "start": "2025-07-01 00:00:00", "stop": "2025-07-09 00:00:00"}
    request = {"id": 5, "datetime": "2025-07-02 00:00:00", "t": 0, "ip": "192.0.2.1", "host": None, "domain": None}
    engine.register_values("session_windows", window)
    engine.register_values("requests", request)
    assert engine.table("ordered_requests").num_rows == 1
    engine.connection.execute("DELETE FROM ordered_requests")
    assert engine.table("ordered_requests").num_rows == 0
    engine.register_values("session_windows", window)
    assert engine.table("ordered_requests").num_rows == 1


def test_an_input_can_be_a_query(engine: Engine) -> None:
    engine.register("tool_start_matches", pa.table({"number": [1, 2], "id": [7, 8]}))
    one = (
        "SELECT number + 39 AS ids_before, number - 1 AS after, number AS through FROM tool_start_matches WHERE id = 7"
    )
    engine.define("batch", one, ["tool_start_matches"])
    assert engine.table("tool_stamps").to_pylist() == [{"id": 7, "sessionid": 41}]
    engine.register("tool_start_matches", pa.table({"number": [2, 5], "id": [7, 8]}))
    assert engine.table("tool_stamps").to_pylist() == [{"id": 7, "sessionid": 43}]
    engine.define("batch", "SELECT 1 AS id", [])
    with pytest.raises(ModelError, match=r"models need the relation batch\(.*\): no column ids_before"):
        engine.table("tool_stamps")


def test_a_variable_that_is_missing_is_named() -> None:
    tested = dataclasses.replace(
        declared("hzmetrics.sessions", "web_stamps"), reads=(), variables={"pattern": "VARCHAR"}
    )
    with Engine("hzmetrics.sessions") as engine, patch.object(engine.library, "relation", return_value=tested):
        with pytest.raises(ModelError, match=r"\Amodel web_stamps needs the variable pattern: not set\Z"):
            engine.build("web_stamps")

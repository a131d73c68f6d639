"""Which names a tool's sessions run under (spec 40 §3)."""

from __future__ import annotations

import pyarrow as pa
import pytest

from hzmetrics.engine import Engine
from hzmetrics.tools import rules


def names(alias: str, *versions: tuple[str, str]) -> set[str]:
    with Engine(rules.PACKAGE) as engine:
        engine.register("tools", pa.table({"resid": [1], "alias": [alias]}))
        columns = {"toolname": [tool for tool, _ in versions], "instance": [instance for _, instance in versions]}
        engine.register("tool_version", pa.table({name: pa.array(v, pa.string()) for name, v in columns.items()}))
        return set(engine.table("tool_names")["name"].to_pylist())


def test_the_alias_is_always_a_name() -> None:
    assert names("beta_dev") == {"BETA_DEV"}
    assert names("é ") == {"E"}
    assert names("") == {""}


@pytest.mark.parametrize(
    ("instance", "counts"),
    [
        ("a_r1", True),
        ("a_dev", False),
        ("a_DEV", False),
        ("a_dev ", True),
        ("adev", True),
        ("axdev", True),
        (" ", False),
    ],
)
def test_instances_but_those_in_development(instance: str, counts: bool) -> None:
    assert names("a", ("A ", instance), ("b", "b_r1")) == {"A", *([instance.rstrip().upper()] if counts else [])}

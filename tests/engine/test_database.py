"""The database that the engines of a process share."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from hzmetrics.engine import Engine, database

SAMPLES = pa.table({"username": ["ann"], "timestamp": ["2026-01-12T08:00:00Z"], "is_active": [1]})


def test_engines_share_a_database_and_no_relations_variables_or_macros() -> None:
    with Engine("hzmetrics.activity") as one, Engine("hzmetrics.activity") as other:
        assert database.shared() is database.shared()
        one.load("samples", SAMPLES)
        one.set_variable("pattern", "x")
        one.connection.execute("CREATE TEMP MACRO twice(x) AS 2 * x")
        one.connection.execute("CREATE TEMP VIEW users AS SELECT username FROM samples")
        for sql in ("FROM samples", "FROM users", "SELECT twice(1)"):
            one.query(sql)
            with pytest.raises(duckdb.CatalogException):
                other.query(sql)
        assert other.query("SELECT getvariable('pattern') AS value")["value"].to_pylist() == [None]
        other.load("samples", SAMPLES.slice(0, 0))
        assert len(one.table("samples")) == 1


def test_what_an_engine_held_is_gone_when_it_is_closed() -> None:
    def held() -> int:
        with Engine() as engine:
            found = engine.query("SELECT sum(memory_usage_bytes)::BIGINT AS bytes FROM duckdb_memory()")
            return int(found["bytes"][0].as_py())

    with Engine() as engine:
        engine.connection.execute(
            "CREATE TEMP TABLE numbers AS SELECT number FROM range(5_000_000) all_of_them(number)"
        )
        assert held() > 10_000_000
    assert held() < 10_000_000


def test_an_engine_takes_over_the_views_of_the_one_before_it_and_no_rows() -> None:
    with Engine("hzmetrics.activity") as first:
        first.load("samples", SAMPLES)
        connection = first.connection
    with Engine("hzmetrics.activity") as second:
        assert second.connection is connection
        with pytest.raises(duckdb.CatalogException):
            connection.sql("FROM samples")
        with Engine("hzmetrics.activity") as meanwhile:
            assert meanwhile.connection is not connection
    with pytest.raises(ValueError, match="on purpose"), Engine("hzmetrics.activity") as failing:
        failed = failing.connection
        raise ValueError("on purpose")
    with Engine("hzmetrics.activity") as after:
        assert after.connection is not failed


def test_a_function_stays_known() -> None:
    for _ in range(2):
        with Engine() as engine:
            engine.function("backwards", lambda text: text[::-1])
            assert engine.query("SELECT backwards('abc') AS text")["text"].to_pylist() == ["cba"]


def test_after_an_error_later_engines_get_another_database() -> None:
    failing = database.shared()
    with Engine() as untouched:
        with pytest.raises(duckdb.Error), Engine() as engine:
            engine.query("SELECT error('broken')")
        with Engine() as engine:
            assert database.shared() is not failing
            assert engine.query("SELECT fold_any('ä') AS text")["text"].to_pylist() == ["A"]
        assert untouched.query("SELECT 1 AS one")["one"].to_pylist() == [1]
        assert Path(failing.directory).is_dir()
    assert not Path(failing.directory).exists()


def test_a_process_forks_without_threads_of_the_database() -> None:
    before = database.shared()
    child = os.fork()
    if child == 0:
        with Engine() as engine:
            found = engine.query("SELECT count(*) AS number FROM range(100_000)")["number"].to_pylist()
        os._exit(found != [100_000])
    assert os.waitpid(child, 0)[1] == 0
    assert database.shared() is not before

"""The columnar engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hzmetrics.engine import INTERRUPTED, Columns, Engine, ModelError
from hzmetrics.errors import StoreUnavailable

TIME = "2026-01-12T08:00:00Z"
SAMPLES = pa.schema([("username", pa.string()), ("timestamp", pa.string()), ("is_active", pa.int64())])


def test_what_breaks_a_stream_off_is_what_is_raised() -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch([["ann"], [TIME], [1]], SAMPLES)
        raise StoreUnavailable("metrics database: the connection was lost")

    lost = r"\Ametrics database: the connection was lost\Z"
    with pytest.raises(StoreUnavailable, match=lost), Engine("hzmetrics.activity") as engine:
        engine.register("samples", pa.RecordBatchReader.from_batches(SAMPLES, batches()))
        engine.query("SELECT SUM(is_active) FROM samples")


def test_a_stream_is_read_once() -> None:
    samples = pa.table([["ann", "bob"], [TIME, TIME], [1, 0]], schema=SAMPLES)
    with Engine("hzmetrics.activity") as engine:
        engine.register("samples", samples.to_reader())
        assert engine.query("SELECT COUNT(*) AS number FROM samples").to_pylist() == [{"number": 2}]


def test_columns_of_a_file_are_a_relation(tmp_path: Path) -> None:
    samples = pa.table([["ann", "bob"], [TIME, TIME], [1, 0]], schema=SAMPLES)
    pq.write_table(samples.append_column("other", pa.array([2, 3])), tmp_path / "rows.parquet")
    columns = Columns(tmp_path / "rows.parquet", SAMPLES.names)
    assert columns.num_rows == 2
    with Engine("hzmetrics.activity") as engine:
        for give in (engine.register, engine.load):
            give("samples", columns)
            for _ in range(2):
                assert engine.query("FROM samples").equals(samples)
        with pytest.raises(ModelError, match="unknown column other"):
            engine.register("samples", columns._replace(names=[*SAMPLES.names, "other"]))


def test_no_room_for_what_does_not_fit_in_memory() -> None:
    with (
        pytest.raises(StoreUnavailable, match=r"\Ano room for the engine in /[^\n]*\Z"),
        Engine(memory_limit=20_000_000) as engine,
    ):
        engine.connection.execute("SET max_temp_directory_size = '1KB'")
        engine.query("SELECT DISTINCT md5(number::VARCHAR) AS text FROM range(1_000_000) numbers(number) ORDER BY text")


def test_what_the_engine_says_of_an_interrupt_is_one() -> None:
    with pytest.raises(KeyboardInterrupt), Engine():
        raise RuntimeError(INTERRUPTED)

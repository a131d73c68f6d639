"""The columnar engine."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest

from hzmetrics.engine import INTERRUPTED, Engine
from hzmetrics.errors import StoreUnavailable


def test_what_breaks_a_stream_off_is_what_is_raised() -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch({"number": [1, 2]})
        raise StoreUnavailable("metrics database: the connection was lost")

    schema = pa.schema([("number", pa.int64())])
    with pytest.raises(StoreUnavailable, match=r"\Ametrics database: the connection was lost\Z"), Engine() as engine:
        engine.register("numbers", pa.RecordBatchReader.from_batches(schema, batches()))
        engine.query("SELECT SUM(number) FROM numbers")


def test_a_stream_is_read_once() -> None:
    with Engine() as engine:
        engine.register("numbers", pa.table({"number": [1, 2, 4]}).to_reader())
        assert engine.query("SELECT SUM(number) AS total FROM numbers").to_pylist() == [{"total": 7}]


def test_no_room_for_what_does_not_fit_in_memory() -> None:
    with (
        pytest.raises(StoreUnavailable, match=r"\Ano room for the engine in /[^\n]*\Z"),
        Engine(memory_limit="20MB") as engine,
    ):
        engine.connection.execute("SET max_temp_directory_size = '1KB'")
        engine.query("SELECT DISTINCT md5(number::VARCHAR) AS text FROM range(1_000_000) numbers(number) ORDER BY text")


def test_what_the_engine_says_of_an_interrupt_is_one() -> None:
    with pytest.raises(KeyboardInterrupt), Engine():
        raise RuntimeError(INTERRUPTED)

"""Values fit their columns as a lenient server would have made them (spec 70 §1.1)."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hzmetrics.store.fit import fit
from hzmetrics.store.types import Int, LongText, Real, TinyText, Varchar

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=400)


def fitted(value: object, kind: object, arrow: pa.DataType | None = None) -> object:
    return fit(pa.chunked_array([pa.array([value], arrow)]), kind)[0].as_py()  # type: ignore[arg-type]


@pytest.mark.slow
@given(TEXT)
def test_text_by_bytes_and_by_characters(text: str) -> None:
    narrow = "".join(letter if ord(letter) < 0x10000 else "????" for letter in text)
    assert fitted(text, LongText()) == narrow
    assert fitted(text, Varchar(10)) == narrow[:10]
    assert fitted(text, TinyText()) == narrow.encode()[:255].decode("utf-8", "ignore")


@pytest.mark.slow
@given(st.integers(-(2**63), 2**63 - 1))
def test_integers_are_clamped(number: int) -> None:
    assert fitted(number, Int(8)) == max(-128, min(127, number))
    assert fitted(number, Int(32, unsigned=True)) == max(0, min(2**32 - 1, number))
    assert fitted(number, Int(64, unsigned=True)) == max(0, number)
    assert fitted(number, Int(64)) == number


@pytest.mark.parametrize("kind", [Int(8), Real(), Varchar(3), TinyText(), LongText()])
def test_null_stays_null(kind: object) -> None:
    arrow = pa.int64() if isinstance(kind, Int | Real) else pa.string()
    assert fitted(None, kind, arrow) is None


def test_reals_are_clamped() -> None:
    assert fitted(-1.5, Real(unsigned=True)) == 0.0
    assert fitted(-1.5, Real()) == -1.5
    assert fitted(1e39, Real()) == 1e39
    assert fitted(-1e39, Real(single=True)) == -3.4028234663852886e38

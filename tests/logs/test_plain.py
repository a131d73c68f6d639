"""Plain lines, taken apart by several threads (spec 10 §2)."""

import pyarrow as pa
import pytest

from hzmetrics.logs import plain

FULL = '2025-07-01 10:00:{:02d} -0400 77 - "GET /a HTTP/1.1" 200 12 10.0.0.1 "-" "agent {}" 1 2 3 0 a b c d e f g h'
SHORT = '2025-07-01 10:00:{:02d} -0400 - "GET /b HTTP/1.1" 200 12 10.0.0.1 "-" "agent {}" 1 2 3 cookie'


def test_portions_of_lines_come_together_again(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [(FULL, SHORT, "no line {} {}")[n % 3].format(n % 60, n) for n in range(200)]
    lines = pa.table({"number": pa.array(range(len(texts))), "line": texts})
    whole = plain.take_apart(lines)
    assert [len(part) for part in whole] == [134, 66]
    monkeypatch.setattr(plain, "PORTION", 7)
    monkeypatch.setattr(pa, "cpu_count", lambda: 16)
    for part, expected in zip(plain.take_apart(lines), whole, strict=True):
        assert part.sort_by("number") == expected.sort_by("number")
    empty = plain.take_apart(lines.slice(0, 0))
    assert [len(part) for part in empty] == [0, 0]

"""Hostile text stays text in lines, tables, progress bars, JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hzmetrics.output.bars import of_bytes
from hzmetrics.output.document import document, print_document
from hzmetrics.output.sheet import FORMULA, Sheet, neutral
from hzmetrics.output.terminal import Bar, Line, Screen, Spark, Table, group
from hzmetrics.output.text import printable, say

MARKUP = "[/b] [bold]x[/] [link=https://example.org]y[/link] :smile: [red]"
CONTROLS = "\x1b[31m\x1b]8;;https://example.org\x07z\x9b1m\u202e\u2066\u2028\x85\x00\r\t\u061c\ufeff\U000e0041"
NASTY = MARKUP + CONTROLS

TURNS = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
"""Classes of characters that change the direction of text."""

VALUES = st.recursive(
    st.none() | st.floats(allow_nan=False) | st.text(), lambda inner: st.dictionaries(st.text(), inner)
)


def shown(*things: object) -> str:
    file = io.StringIO()
    screen = Screen(file)
    screen.width = 400
    screen.show(*things)  # type: ignore[arg-type]
    return file.getvalue()


@given(st.text())
def test_printable_text_controls_nothing(text: str) -> None:
    for character in printable(text):
        kind = unicodedata.category(character)
        assert kind not in ("Cc", "Cs", "Zl", "Zp")
        assert unicodedata.bidirectional(character) not in (
            "LRE",
            "RLE",
            "LRO",
            "RLO",
            "PDF",
            "LRI",
            "RLI",
            "FSI",
            "PDI",
        )


def test_a_table_prints_markup_as_it_is() -> None:
    table = Table("name", title=NASTY, caption=NASTY)
    table.add_column(NASTY, NASTY)
    table.add_row(NASTY, Line(NASTY, "bold"))
    text = shown(table, NASTY, Line.of(NASTY, (NASTY, "red")), group(NASTY), Spark(NASTY, [1, 2]), Bar(0.5))
    assert text.count(MARKUP) == 10
    assert all(line.isprintable() for line in text.split("\n"))


def test_appended_text_is_printed_as_it_is() -> None:
    assert str(Line("a").append(NASTY).append(Line(NASTY))) == "a" + 2 * printable(NASTY)


def test_a_progress_bar_prints_its_title_as_it_is() -> None:
    bar = of_bytes()
    bar.add_task(NASTY, total=2)
    assert printable(NASTY) in shown(bar.get_renderable())


def test_lines_are_printed_one_below_the_other(capsys: pytest.CaptureFixture[str]) -> None:
    say("a\nb", "c")
    assert capsys.readouterr().out == "a\\nb\nc\n"


@pytest.mark.slow
@given(
    st.recursive(st.none() | st.floats(allow_nan=False) | st.text(), lambda inner: st.dictionaries(st.text(), inner))
)
def test_json_is_plain_text_and_says_the_same(value: object) -> None:
    text = document(value)
    assert text.isascii() and text.isprintable()
    assert json.loads(text) == value


@given(st.text())
def test_no_text_of_a_sheet_is_a_formula(text: str) -> None:
    cell = neutral(text)
    assert cell == "-" or not cell.startswith(FORMULA)
    assert printable(text) in (cell, cell.removeprefix("'"))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1", "--"])
def test_formulas_are_marked(text: str) -> None:
    assert neutral(text) == "'" + printable(text)


@pytest.mark.parametrize("cell", ["-", "", "a-b", "a=b", -1, -1.5, None, 7])
def test_other_cells_stay(cell: object) -> None:
    file = io.StringIO()
    Sheet(("a", "b"), file=file).write([(cell, 1)])
    assert file.getvalue() == f"a,b\n{'' if cell is None else cell},1\n"


def test_a_raw_sheet_controls_no_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    Sheet(("a", "b"), raw=True).write([("=1\x1b[31m", -1)])
    assert capsys.readouterr().out == "a,b\n=1\\x1b[31m,-1\n"


def test_a_raw_sheet_keeps_texts(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [("=1+1", -1, "-")]
    Sheet(("a", "b", "c"), raw=True).write(rows)
    Sheet(("a", "b", "c")).write(rows)
    written = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert written[1] == ["=1+1", "-1", "-"]
    assert written[3] == ["'=1+1", "-1", "-"]


def test_a_byte_of_a_file_name_that_is_not_utf_8_is_printed_as_a_question_mark_and_stored_as_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    value = {"e\udcff": ["\U0001f600\udcff", 0.1]}
    print_document(value)
    assert capsys.readouterr().out == r'{"e?": ["\ud83d\ude00?", 0.1]}' + "\n"
    assert json.loads(document(value)) == value

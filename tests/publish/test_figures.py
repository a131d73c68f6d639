"""Figures: values as the tables hold them, and how numbers are written."""

from __future__ import annotations

import pytest

from hzmetrics.calendar import PERIODS as CODES
from hzmetrics.calendar import Month
from hzmetrics.config import CORRECTIONS as NAMES
from hzmetrics.publish import numbers
from hzmetrics.publish.figures import definitions, tools
from hzmetrics.publish.figures.definitions import BUSIEST_DAY, CORRECTIONS, FIGURES, PERIODS, VISITORS, VISITS
from hzmetrics.publish.figures.overview import Overview
from hzmetrics.publish.figures.values import Number, number


def test_every_cell_correction_and_period_is_explained() -> None:
    assert len(FIGURES) == 77 + 10 + 8
    assert all(figure.definition.endswith(".") for figure in FIGURES.values())
    assert set(CORRECTIONS) == set(NAMES)
    assert {period.code for period in PERIODS} == set(CODES)


@pytest.mark.parametrize(
    ("figure", "text", "value"),
    [
        (VISITORS, "12", 12),
        (VISITORS, "", None),
        (VISITORS, None, None),
        (BUSIEST_DAY, " users on ", None),
        (BUSIEST_DAY, "3 users on 2026-01-07", "3 users on 2026-01-07"),
    ],
)
def test_stored_values(figure: definitions.Figure, text: str | None, value: Number) -> None:
    assert number(figure, text) == value


def test_a_figure_is_compared_with_the_period_before_and_the_year_before() -> None:
    months = list(Month(2025, 1).through(Month(2026, 2)))
    overview = Overview(months, {("misc.4.1", code): list(range(14)) for code in CODES})
    by_code = {period.code: period for period in PERIODS}
    compared = [overview.compared(VISITORS, Month(2026, 2), by_code[code]) for code in (1, 3, 12, 14)]
    assert overview.first == Month(2025, 2)
    assert [(one.value, one.before, one.year_ago) for one in compared] == [
        (13, 12, 1), (13, 10, None), (13, None, None), (13, None, 1),
    ]  # fmt: skip
    assert [overview.whole_from(by_code[code]) for code in (1, 3, 0, 13, 12, 14)] == [
        Month(2025, 2), Month(2025, 4), Month(2026, 1), Month(2025, 10), Month(2026, 1), Month(2025, 2),
    ]  # fmt: skip
    assert overview.value("misc.4.1", Month(2026, 3), 1) is None
    assert overview.value("misc.5.1", Month(2026, 1), 1) is None


@pytest.mark.parametrize(
    ("ever", "first"), [((0, 7, 16), Month(2025, 2)), ((5, 12, 21), Month(2025, 1)), ((6, 13, 22), None)]
)
def test_data_can_begin_after_the_first_summary_or_before_it(ever: tuple[int, ...], first: Month | None) -> None:
    months = list(Month(2025, 1).through(Month(2025, 3)))
    overview = Overview(months, {(VISITS.key, 1): [ever[0] and 5, 7, 9], (VISITS.key, 14): ever})
    assert overview.first == first
    quarter = next(period for period in PERIODS if period.code == 3)
    assert overview.covers(months[-1], quarter) == (first != Month(2025, 2))


def test_the_definitions_say_who_is_left_out() -> None:
    for row in (3, 4):
        assert "only the users known at the addresses" in FIGURES[f"user.{row}.8"].definition
        assert "only" not in FIGURES[f"user.{row}.3"].definition
    assert "counted otherwise" in FIGURES["simusage.2.1"].definition
    (runs,) = (figure for figure in tools.FIGURES if figure.key == "simulations")
    assert "counted otherwise" in runs.definition
    assert "once in the period counts with 0" in FIGURES["simusage.8.1"].definition


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1234567, "count", "1,234,567"),
        (None, "count", "–"),
        ("3 users on 2026-03-01", "text", "3 users on\n2026-03-01"),
        (59, "seconds", "59 s"),
        (600, "seconds", "10 min"),
        (5400, "seconds", "1.5 h"),
        (864_000, "seconds", "10.0 days"),
    ],
)
def test_numbers_in_words(value: float | str | None, unit: str, text: str) -> None:
    assert numbers.shown(value, unit) == text


def test_changes_in_percent() -> None:
    assert numbers.change(110, 100) == "+10 %"
    assert numbers.change(50, 100) == "−50 %"
    assert numbers.change(1000, 1001) == numbers.change(5, 5) == "0 %"
    assert numbers.change(5, 0) == numbers.change(5, None) == numbers.change(None, 5) == "–"

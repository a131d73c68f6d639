"""The sums over hubs, and what is said of hubs that differ."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from hzmetrics.calendar import PERIODS, Month
from hzmetrics.cli import main
from hzmetrics.engine.runner import Here
from hzmetrics.fleet import figures
from hzmetrics.fleet.definition import Hub
from hzmetrics.fleet.figures import ADDED, FleetFigures
from hzmetrics.fleet.hub import HubFigures
from hzmetrics.fleet.state import State
from hzmetrics.publish.figures import definitions
from hzmetrics.publish.figures.definitions import FIGURES, HITS, USERS, VISITS
from hzmetrics.publish.figures.overview import Overview
from tests.fleet.conftest import CELLS, HOSTILE, Invented, cell

pytestmark = pytest.mark.integration

MONTHS = [Month(2024, number) for number in (1, 2, 3, 4)]


@pytest.fixture(scope="module")
def found(invented: Invented) -> FleetFigures:
    return figures.read(invented.fleet, Here())


def expected(key: str, month: Month, period: int) -> int | None:
    """A sum, computed from the cells; None: no hub has the figure."""
    counted = [name for name in CELLS if month in CELLS[name] and cell(name, key, month, period) is not None]
    return sum(cell(name, key, month, period) or 0 for name in counted) if counted else None


def test_sums_are_those_of_the_cells(found: FleetFigures) -> None:
    assert found.months == MONTHS and found.newest == MONTHS[-1]
    for key in ADDED:
        for month in MONTHS:
            for period in PERIODS:
                sum_, number = found.sums.value(key, month, period), found.number(FIGURES[key], month, period)
                if key == "simusage.3.1":
                    assert sum_ in (0, None)
                    continue
                assert (sum_ or 0) == (expected(key, month, period) or 0), (key, month, period)
                assert number == sum(cell(name, key, month, period) is not None for name in CELLS)


def test_what_has_no_sum_is_not_added() -> None:
    left_out = {key for key in FIGURES if key not in ADDED}
    assert left_out == {"simusage.7.1", "simusage.8.1", "misc.1.1", "misc.7.1"}


def test_earlier_sums_over_other_hubs_are_not_compared(found: FleetFigures) -> None:
    month = definitions.PERIODS[0]
    assert found.sums.compared(VISITS, Month(2024, 2), month).before is None
    assert found.sums.compared(USERS[0], Month(2024, 2), month).before == cell("alpha", "user.1.1", Month(2024, 1), 1)


def hub(name: str, first: Month, last: Month) -> HubFigures:
    """A hub with ten visits in each month."""
    months = list(first.through(last))
    visits = {
        code: [10] * len(months) if code == 1 else [10 * n for n in range(1, len(months) + 1)] for code in PERIODS
    }
    overview = Overview(months, {(VISITS.key, code): values for code, values in visits.items()})
    return HubFigures(Hub(name, name, None, (), None, None, None, 1, ""), overview, None, State())


def test_the_sums_tell_of_how_many_hubs_they_are_and_what_can_be_compared() -> None:
    old, new, last = Month(2024, 1), Month(2024, 6), Month(2025, 7)
    sums = FleetFigures([hub("old", old, last), hub("new", new, last)]).sums
    assert [sums.mark(month) for month in (old, new.back(1), new)] == ["1 of 2 hubs", "1 of 2 hubs", ""]
    for period in definitions.PERIODS:
        told = sums.remarks(period)
        assert set(told["marks"]) == set(map(str, old.through(new.back(1))))
        for month, year in zip(sums.months, told["comparable"][VISITS.key]["year"], strict=True):
            assert year == sums.is_comparable(VISITS, month, 12, period)
    of_month, of_year = (next(one for one in definitions.PERIODS if one.code == code) for code in (1, 12))
    assert sums.compared(VISITS, Month(2025, 5), of_month).year_ago is None
    assert sums.compared(VISITS, Month(2025, 6), of_month).year_ago == 20
    assert sums.value(VISITS.key, Month(2024, 7), 12) and sums.compared(VISITS, last, of_year).year_ago is None


def test_hubs_that_differ_are_told_apart(found: FleetFigures) -> None:
    alpha, beta, gamma, never = found.hubs
    assert found.remarks(alpha) == []
    assert found.remarks(beta) == [
        "The last run did not succeed: these figures are of 2024-05-02 10:00 UTC.",
        "Counted without half-up.",
        "Users and tools are not known.",
        "No figures of 2024-03.",
    ]
    assert found.remarks(gamma) == ["Counted in the time zone America/Chicago."]
    assert (never.first, found.remarks(never)) == (None, [])
    assert [found.mark(month) for month in MONTHS] == ["", "", "1 of 2 hubs", "2 of 3 hubs"]


def test_cells_that_cannot_be_read_are_the_failure_of_their_hub(
    invented: Invented, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged = tmp_path / "hubs.toml"
    damaged.write_text('directory = "other"\n[[hubs]]\nname = "one"\nlake = "x"\n[[hubs]]\nname = "two"\nlake = "y"')
    for name, content in (("one", None), ("two", b"{")):
        place = tmp_path / "other/hubs" / name
        (place / "cells/month=2024-01").mkdir(parents=True)
        (place / "cells/month=2024-01/cells.parquet").write_bytes(b"PAR1")
        manifest = invented.fleet.results(invented.fleet.hubs[0]) / "manifest.json"
        (place / "manifest.json").write_bytes(content or manifest.read_bytes())
    assert main(["fleet", "status", str(damaged)]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "cannot read the cells in" in said and "is not the manifest of a lake" in said


def run(*arguments: str) -> int:
    return main(["fleet", *arguments])


def test_the_status_names_what_is_missing_and_failed(invented: Invented, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("status", str(invented.file)) == 1
    said = capsys.readouterr().out
    assert "beta: /secret/place is damaged" in said and "never: no run yet" in said and "without half-up" in said
    assert run("status", str(invented.file), "--json") == 1
    document = json.loads(capsys.readouterr().out)
    assert [hub["name"] for hub in document["hubs"]] == ["alpha", "beta", "gamma", "never"]
    assert document["hubs"][1]["missing"] == ["2024-03"] and not document["is_healthy"]


def test_the_report_holds_the_sums_and_each_hub(
    invented: Invented, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    month, file = Month(2024, 4), str(invented.file)
    assert run("report", file, "--period", "3") == 0
    said = capsys.readouterr().out
    assert "2 of 4 hubs have figures" in said and "counts twice" in said.replace("\n", " ")
    assert run("report", file, "--period", "3", "--format", "csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {(row["title"], row["month"], row["period"]) for row in rows} == {("All of them", "2024-04", "3")}
    of_hits = {row["section"]: row["value"] for row in rows if row["figure"] == HITS.title}
    values = [cell(name, HITS.key, month, 3) for name in ("beta", "gamma")]
    assert of_hits == {
        "Visits": str(sum(value or 0 for value in values)), f"Hub: {HOSTILE}": "", "Hub: beta": str(values[0]),
        "Hub: gamma": str(values[1]), "Hub: never": "",
    }  # fmt: skip
    assert run("report", file, "--month", "2024-02", "--format", "json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["month"] == "2024-02" and document["hubs"][1]["remarks"].startswith("The last run did not succeed")
    for form in ("html", "xlsx", "csv", "json"):
        assert run("report", file, "-o", str(tmp_path / f"report.{form}")) == 0
    page = (tmp_path / "report.html").read_text()
    assert "&lt;b&gt;Hub&lt;/b&gt;" in page and "<b>Hub" not in page and "/secret" not in page
    capsys.readouterr()
    assert run("report", file, "--month", "2020-01") == 1
    assert "2020-01 has no summary of this period" in capsys.readouterr().err
    for wrong in (["-o", "x.txt"], ["--format", "xlsx"]):
        assert run("report", file, *wrong) == 2

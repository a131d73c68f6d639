"""Exports and reports: the numbers of the tables, in every format."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Callable, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from hzmetrics.calendar import PERIODS, Month
from hzmetrics.store import Store, state
from hzmetrics.store.tables.metrics import summary_misc_vals, websessions
from tests.conftest import TestHub
from tests.publish.conftest import HOSTILE, MONTHS, cell, fill

pytestmark = pytest.mark.integration


@pytest.fixture
def hub(kind: str, make_hub: Callable[[str], TestHub]) -> TestHub:
    """A hub with numbers."""
    made = make_hub(kind)
    fill(made.store)
    return made


def test_exports_have_the_numbers_of_the_tables(hub: TestHub, capfd: pytest.CaptureFixture[str]) -> None:
    span = ["--from", str(MONTHS[-3]), "--to", str(MONTHS[-2])]
    assert hub.run("export", "grids", *span) == 0
    rows = list(csv.DictReader(capfd.readouterr().out.splitlines()))
    assert len(rows) == 2 * 6 * 95
    (asia,) = (
        row for row in rows
        if (row["month"], row["period"]) == (str(MONTHS[-2]), "12")
        and (row["group"], row["figure"]) == ("Registered users", "Asia")
    )  # fmt: skip
    assert asia["value"] == str(cell("user.6.4", 12, len(MONTHS) - 2))

    assert hub.run("export", "tools", *span, "--format", "json") == 0
    tools = json.loads(capfd.readouterr().out)
    assert len(tools) == 2 * 6 * (30 + len(HOSTILE))
    assert {row["month"] for row in tools} == {str(MONTHS[-3]), str(MONTHS[-2])}
    assert {row["title"] for row in tools} >= {HOSTILE[0], HOSTILE[-1]}

    file = hub.root / "resources.parquet"
    assert hub.run("export", "resources", *span, "--format", "parquet", "-o", str(file)) == 0
    assert f"{2 * 3 * (40 + len(HOSTILE))} rows; corrections: all-days ipv6" in capfd.readouterr().out
    table = pq.read_table(file)
    assert table.num_rows == 2 * 3 * (40 + len(HOSTILE))
    assert {row["users"] for row in table.to_pylist() if row["resource"] == 400} == {
        400 + place + period for place in (24, 25) for period in (1, 12, 14)
    }
    assert table.schema.metadata[b"corrections"] == b"all-days ipv6"
    assert table.schema.field("users").metadata[b"meaning"].startswith(b"Distinct pairs")

    book = hub.root / "tools.xlsx"
    assert hub.run("export", "tools", "--format", "xlsx", "-o", str(book)) == 0
    with zipfile.ZipFile(book) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")
        assert b"all-days ipv6" in archive.read("xl/worksheets/sheet3.xml")
    capfd.readouterr()
    assert hub.run("export", "tools", "--to", "2019-12") == 0
    printed = capfd.readouterr()
    assert printed.out.startswith('"month","period"') and printed.out.count("\n") == 1
    assert printed.err == "there are no tools to export in these months\n"


def test_visits_are_exported_without_what_identifies_visitors(hub: TestHub, capfd: pytest.CaptureFixture[str]) -> None:
    with hub.store.metrics.begin() as connection:
        connection.execute(
            sa.insert(websessions),
            [
                {"id": number, "datetime": time, "ip": "192.0.2.17", "host": "annlee.isp.example", "domain": domain,
                 "ipcountry": "-", "duration": 60, "jobs": 1, "webevents": 0}
                for number, (time, domain) in enumerate(
                    [("2026-09-30 23:59:59", "?"), ("2026-10-01 00:00:00", "=isp.example"), ("2026-11-01 00:00:00", "")]
                )
            ],
        )  # fmt: skip
    assert hub.run("export", "sessions", "--from", "2026-10", "--to", "2026-10") == 0
    text = capfd.readouterr().out
    assert list(csv.reader(text.splitlines()))[1:] == [["2026-10-01 00:00:00", "60", "1", "", "'=isp.example"]]
    assert "192.0.2.17" not in text and "annlee" not in text


def test_a_report_in_every_format(hub: TestHub) -> None:
    month = str(MONTHS[-2])
    with hub.store.metrics.begin() as connection:
        state.put(connection, {state.CORRECTIONS: "all-days,dated-logins"})
    for form in ("html", "xlsx", "csv", "json"):
        assert hub.run("report", "--period", "13", "--month", month, "-o", str(hub.root / f"report.{form}")) == 0
    place = len(MONTHS) - 2
    value = json.loads((hub.root / "report.json").read_text(encoding="utf-8"))
    users = value["figures"][0]
    assert (value["month"], value["period"], value["begin"]) == ("2026-09", 13, "2025-10-01")
    assert [users[name] for name in ("value", "before", "year_ago")] == [
        cell("user.1.1", 13, place), cell("user.1.1", 13, place - 12), cell("user.1.1", 13, place - 12),
    ]  # fmt: skip
    limits = {figure["figure"]: figure["limits"] for figure in value["figures"] if figure["section"] == "Users"}
    assert "distinct-total" in limits["Users"] and "dated-logins" not in limits["Interactive users"]
    tools = {one["section"]: one["value"] for one in value["figures"] if one["figure"] == "Runs"}
    assert tools["Tool: Tool 30"] == 300 + place
    rows = list(csv.DictReader((hub.root / "report.csv").open(encoding="utf-8")))
    assert [row["figure"] for row in rows] == [row["figure"] for row in value["figures"]]
    same = ("title", "month", "period", "begin", "computed")
    assert {tuple(row[name] for name in same) for row in rows} == {tuple(str(value[name]) for name in same)}
    assert rows[0]["corrections"] == "all-days dated-logins"
    page = (hub.root / "report.html").read_text(encoding="utf-8")
    assert f"{cell('user.1.1', 13, place):,}" in page
    assert all(row["definition"].split("'")[0] in page for row in value["figures"] if "Tool" not in row["section"])
    assert "Fiscal year to date: October 2025 to September 2026" in page
    assert "<script" not in page and "<img" not in page
    with zipfile.ZipFile(hub.root / "report.xlsx") as archive:
        assert "xl/worksheets/sheet3.xml" in archive.namelist()
        assert b"Fiscal year to date" in archive.read("xl/worksheets/sheet2.xml")


def cells_of(store: Store, months: Mapping[Month, int]) -> None:
    """Visits of some months, and in all longer periods those of all time."""
    ever = accumulate(months.values())
    rows = [
        {"rowid": 5, "colid": 1, "datetime": month.key, "period": period, "value": str(value), "valfmt": 1}
        for (month, number), total in zip(months.items(), ever, strict=True)
        for period, value in ((period, number if period == 1 else total) for period in PERIODS)
    ]
    with store.metrics.begin() as connection:
        connection.execute(sa.insert(summary_misc_vals), rows)


def report_of(hub: TestHub, *arguments: str) -> dict[str, Any]:
    """The document of a report, with its visits."""
    assert hub.run("report", *arguments, "-o", str(hub.root / "report.json")) == 0
    found: dict[str, Any] = json.loads((hub.root / "report.json").read_text(encoding="utf-8"))
    (found["visits"],) = (figure for figure in found["figures"] if figure["figure"] == "Visits")
    return found


def test_a_report_says_from_when_there_are_data(make_hub: Callable[[str], TestHub]) -> None:
    hub = make_hub("sqlite")
    months = list(Month(2024, 8).through(Month(2025, 11)))
    cells_of(hub.store, dict.fromkeys(months, 10))
    found = report_of(hub)
    assert (found["month"], found["data_from"], found["is_incomplete"]) == ("2025-11", "2024-08", False)
    assert (found["visits"]["value"], found["visits"]["before"], found["visits"]["year_ago"]) == (160, None, None)
    assert report_of(hub, "--period", "1")["visits"]["before"] == 10
    early = report_of(hub, "--month", "2024-11")
    assert (early["data_from"], early["is_incomplete"], early["visits"]["value"]) == ("2024-08", True, 40)
    assert hub.run("report", "--month", "2024-11", "-o", str(hub.root / "report.html")) == 0
    page = (hub.root / "report.html").read_text(encoding="utf-8")
    assert "12 months: December 2023 to November 2024, with data from August 2024" in page


def test_a_month_that_is_not_over_is_reported_if_asked_for_and_not_exported(
    make_hub: Callable[[str], TestHub], capfd: pytest.CaptureFixture[str]
) -> None:
    hub = make_hub("sqlite")
    running = hub.settings.clock.month
    whole = running.back(1)
    cells_of(hub.store, {running.back(2): 9, whole: 10, running: 3})
    assert report_of(hub, "--period", "1")["month"] == str(whole)
    found = report_of(hub, "--period", "1", "--month", str(running))
    assert found["is_incomplete"] and (found["visits"]["value"], found["visits"]["before"]) == (3, None)
    assert hub.run("report", "--period", "1", "--month", str(running), "-o", str(hub.root / "report.html")) == 0
    page = (hub.root / "report.html").read_text(encoding="utf-8")
    assert "the month is not over" in page and "Change</th>" not in page
    capfd.readouterr()
    assert hub.run("export", "grids") == 0
    rows = csv.DictReader(capfd.readouterr().out.splitlines())
    assert {row["month"] for row in rows} == {str(running.back(2)), str(whole)}


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["report", "-o", "report.doc"], 2, ".html"),
        (["report", "-o", "missing/report.html"], 1, "missing/report.html"),
        (["report", "--month", "1999-01", "-o", "report.html"], 1, "there are months from 2024-08 to 2026-10"),
        (["export", "grids", "--format", "xlsx"], 2, "--output"),
        (["export", "grids", "--from", "2026-02", "--to", "2026-01"], 2, "--to is before --from"),
        (["export", "moon"], 2, "moon"),
    ],
)
def test_what_cannot_be_written_is_said(
    arguments: list[str], code: int, word: str, make_hub: Callable[[str], TestHub],
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:  # fmt: skip
    hub = make_hub("sqlite")
    if code == 1:
        fill(hub.store)
    monkeypatch.chdir(tmp_path)
    assert hub.run(*arguments) == code
    told = capsys.readouterr().err
    assert word in told and "Traceback" not in told
    assert not list(tmp_path.glob("*report*"))

"""`tools top` and `tools show`."""

from __future__ import annotations

import json

import pytest

from hzmetrics.calendar import PERIODS
from tests.conftest import TestHub
from tests.tools.hubs import fill

KEY = "2026-05-00 00:00:00"


@pytest.fixture
def two_tools(hub: TestHub) -> TestHub:
    resources = [
        {"id": 21, "title": "Spring \x1b[31mViewer", "type": 7, "alias": "spring", "published": 1, "standalone": 1},
        {"id": 22, "title": "Quantum Lab", "type": 7, "alias": "qlab", "published": 1, "standalone": 1},
        {"id": 23, "title": "Hidden", "type": 7, "alias": "21", "published": 0, "standalone": 1},
    ]
    row = {"restype": 7, "datetime": KEY, "period": 12, "sessions": 9}
    stats = [
        {"id": 1, **row, "resid": 21, "users": 3, "jobs": 5, "tot_wall": 7200.0, "tot_cpu": 0.0},
        {"id": 2, **row, "resid": 22, "users": 8, "jobs": 1, "tot_wall": 360.0, "tot_cpu": 3600.0},
        {"id": 3, **row, "resid": 23, "users": 99, "jobs": 99},
        {"id": 4, **row, "resid": 22, "users": 1, "jobs": 1, "datetime": "2026-04-00 00:00:00"},
    ]
    fill(hub, {
        "resources": resources,
        "resource_stats_tools": stats,
        "stats_topvals": [{"top": 2, "datetime": KEY, "period": 12, "rank": 0, "name": "Total", "value": 10}],
        "resource_stats_tools_topvals": [
            {"id": 1, "top": 1, "rank": 0, "name": "Total Users", "value": 3},
            {"id": 1, "top": 1, "rank": 1, "name": "Germany", "value": 2},
            {"id": 1, "top": 2, "rank": 1, "name": "mit.edu", "value": 3},
        ],
    })  # fmt: skip
    return hub


def document(hub: TestHub, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    capsys.readouterr()
    assert hub.run("tools", *words, "--json") == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_top_ranks_the_published_tools_of_the_newest_month(
    two_tools: TestHub, capsys: pytest.CaptureFixture[str]
) -> None:
    report = document(two_tools, capsys, "top")
    assert (report["month"], report["period"], report["by"]) == ("2026-05", 12, "users")
    assert [(tool["rank"], tool["alias"], tool["users"]) for tool in report["tools"]] == [
        (1, "qlab", 8),
        (2, "spring", 3),
    ]
    assert report["totals"] == {"users": 10, "jobs": None, "wall": None, "cpu": None, "view": None}


def test_top_by_another_figure_month_and_length(two_tools: TestHub, capsys: pytest.CaptureFixture[str]) -> None:
    assert [t["alias"] for t in document(two_tools, capsys, "top", "--by", "wall")["tools"]] == ["spring", "qlab"]
    assert [t["users"] for t in document(two_tools, capsys, "top", "--month", "2026-04")["tools"]] == [1]
    assert [t["alias"] for t in document(two_tools, capsys, "top", "--by", "jobs", "--limit", "1")["tools"]] == [
        "spring"
    ]


@pytest.mark.parametrize("name", ["spring", "SPRING ", "21"])
def test_show_finds_a_tool_by_alias_or_id(two_tools: TestHub, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    report = document(two_tools, capsys, "show", name)
    assert (report["resource"], report["alias"], report["published"]) == (21, "spring", True)
    assert [(row["period"], row["users"], row["wall"]) for row in report["periods"]] == [(12, 3, 7200.0)]
    assert report["breakdown"] == {
        "period": 12, "countries": [{"name": "Germany", "users": 2}], "domains": [{"name": "mit.edu", "users": 3}],
        "organisations": [],
    }  # fmt: skip


def test_the_terminal_gets_tables_and_no_control_characters(
    two_tools: TestHub, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (("top",), ("show", "spring")):
        assert two_tools.run("tools", *words) == 0
        out = capsys.readouterr().out
        assert "Spring" in out
        assert "2.0" in out
        assert "\x1b" not in out


def test_a_terminal_of_80_columns_has_a_line_a_row_and_every_figure_whole(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    counts = {"users": 78_000, "sessions": 702_000, "simulations": 2_194_335, "jobs": 3_666_000}
    times = {"tot_wall": 760_597.5 * 3600, "tot_cpu": 814_921.0 * 3600, "tot_view": 234_000.0 * 3600, "tot_wait": 9e3}
    fill(hub, {
        "resources": [{"id": 21, "title": "Band Structure Lab of " + "Everything " * 9, "type": 7, "published": 1,
                       "alias": "bandstructure"}],
        "resource_stats_tools": [{"id": code + 1, "resid": 21, "restype": 7, "datetime": KEY, "period": code,
                                  **counts, **times} for code in PERIODS],
        "resource_stats_tools_topvals": [{"id": 13, "top": 2, "rank": 1, "name": "d" * 200 + ".edu", "value": 1_698}],
    })  # fmt: skip
    monkeypatch.setenv("COLUMNS", "80")
    assert hub.run("gen-tool-toplists", "2026-05") == 0
    capsys.readouterr()
    printed = {}
    for words in (("top",), ("show", "bandstructure")):
        assert hub.run("tools", *words) == 0
        printed[words[0]] = capsys.readouterr().out.splitlines()
        assert max(map(len, printed[words[0]])) <= 80
    (row,) = (line.split() for line in printed["top"] if line.startswith("1  "))
    assert row[1][:10] == "bandstruct"
    assert row[-6:] == ["78,000", "702,000", "3,666,000", "760,598", "814,921", "234,000"]
    assert [line.split() for line in printed["show"] if line.startswith(("simulations", "wait h"))] == [
        ["simulations", *["2,194,335"] * 6],
        ["wait", "h", *["2.5"] * 6],
    ]
    (domain,) = (line for line in printed["show"] if line.startswith("ddd"))
    assert domain.endswith("d…  1,698")
    monkeypatch.setenv("COLUMNS", "50")
    assert hub.run("tools", "top") == 0
    assert capsys.readouterr().out.splitlines() == printed["top"]


@pytest.mark.parametrize(
    ("words", "code"),
    [(("show", "sprang"), 1), (("show", "spring", "--month", "2026-04"), 1), (("top", "--month", "2025-01"), 1),
     (("top", "--period", "2"), 2), (("top", "--by", "size"), 2), (("top", "--month", "2026-05-01"), 2)],
)  # fmt: skip
def test_what_is_not_there_is_said(two_tools: TestHub, words: tuple[str, ...], code: int) -> None:
    assert two_tools.run("tools", *words) == code


def test_an_empty_hub_says_what_to_run(hub: TestHub, capsys: pytest.CaptureFixture[str]) -> None:
    assert hub.run("tools", "top") == 1
    assert "gen-tool-stats" in capsys.readouterr().err

"""Own logs in a demonstration: unread lines, texts that are given twice, and clocks that were wrong."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from hzmetrics.calendar import Month
from hzmetrics.cli import main
from hzmetrics.demo.own import of_the_bulk, without_repetitions
from hzmetrics.logs.packing import LIMITS

NOW = Month.parse("2026-11")


def line(number: int, month: str = "Oct/2026") -> str:
    return (
        f'81.2.69.{number % 9} - - [{number % 28 + 1:02d}/{month}:10:00:00 +0000] "GET /{number} HTTP/1.1" 200 5120 '
        '"-" "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"\n'
    )


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HZMETRICS_NOW", "2026-11-20T12:00:00")
    monkeypatch.chdir(tmp_path)


def months(**views: int) -> dict[Month, int]:
    return {Month.parse(f"{name[1:5]}-{name[5:]}"): number for name, number in sorted(views.items())}


@pytest.mark.parametrize(
    ("views", "shown"),
    [
        (months(m202609=5, m202610=9), "2026-09 2026-10"),
        (months(m197001=1, m202610=9, m210602=1), "2026-10"),
        (months(m202610=1, m210602=1), "2026-10"),
        (months(m201901=3, m202610=9), "2019-01 2026-10"),
        (months(m201901=1, m202610=1000), "2026-10"),
        (months(m202509=1, m202610=1000), "2026-10"),
        (months(m202510=1, m202610=1000), "2025-10 2026-10"),
        (months(m202612=1, m210602=1000), "2106-02"),
        ({}, ""),
    ],
)
def test_months_far_from_the_bulk_are_not_shown(views: dict[Month, int], shown: str) -> None:
    assert " ".join(map(str, of_the_bulk(views, NOW))) == shown


@pytest.mark.slow
def test_a_month_of_a_few_hours_is_not_shown(capfd: pytest.CaptureFixture[str]) -> None:
    edges = ["30/Sep/2026:23:30:00 +0000", "01/Nov/2026:01:30:00 +0000"]
    text = "".join(map(line, range(200))) + "".join(
        line(27).replace("28/Oct/2026:10:00:00 +0000", edge) for edge in edges
    )
    Path("access.log").write_text(text, encoding="utf-8")
    assert main(["demo", "--logs", "access.log", "--json"]) == 0
    shown = json.loads(capfd.readouterr().out)
    assert [month["month"] for month in shown["months"]] == ["2026-10"]
    assert "2026-09 (page views: 1), 2026-11 (page views: 1)" in " ".join(shown["notes"])


def test_texts_are_compared_whatever_their_packing(tmp_path: Path) -> None:
    text = "".join(map(line, range(2000))).encode()
    plain, packed, other = tmp_path / "a", tmp_path / "b.gz", tmp_path / "c"
    plain.write_bytes(text)
    packed.write_bytes(gzip.compress(text))
    other.write_bytes(text + b"one line more\n")
    chosen, repeated = without_repetitions([plain, packed, Path("-"), other, plain], LIMITS)
    assert chosen == [plain, Path("-"), other]
    assert repeated == [(packed, plain), (plain, plain)]


@pytest.mark.integration
def test_what_could_not_be_read_is_said_at_the_end(capfd: pytest.CaptureFixture[str]) -> None:
    text = "".join(map(line, range(8))) + line(9, "Feb/2106") + "\x1b[31m[bold]garbage\n" * 993
    Path("a.log").write_text(text, encoding="utf-8")
    Path("a.log.gz").write_bytes(gzip.compress(text.encode()))
    assert main(["demo", "--logs", "a.log", "a.log.gz"]) == 0
    picture, _ = capfd.readouterr()
    assert "Your logs, 2026-10\n" in picture
    assert "Left out for dates that cannot be, too early or still to come: 1 of the lines." in picture
    assert "a.log.gz holds the same text as a.log: counted once." in picture
    assert r"993 of 1,002 lines could not be read; first: \x1b[31m[bold]garbage." in picture

    pages: list[dict[str, Any]] = json.loads(Path("demo/site/traffic/browsers.json").read_text(encoding="utf-8"))
    assert {(row["list"], row["name"], row["page_views"]) for row in pages} == {
        ("browsers", "Firefox", 8), ("systems", "Linux", 8),
    }  # fmt: skip

    assert main(["demo", "--json", "--logs", "a.log", "a.log.gz"]) == 0
    document: dict[str, Any] = json.loads(capfd.readouterr().out)
    assert [(month["month"], month["page_views"]) for month in document["months"]] == [("2026-10", 8)]
    logs = document["logs"]
    assert (logs["lines"]["lines"], logs["lines"]["read"], logs["lines"]["unread"]) == (1002, 9, 993)
    assert logs["lines"]["formats"] == {"combined": 9}
    assert logs["lines"]["examples"] == [r"\x1b[31m[bold]garbage"] * 3
    assert [(file["file"], file["kept"], file["dropped"]) for file in logs["files"]] == [("a.log", 8, {"date": 1})]
    assert logs["repeated"] == [{"file": "a.log.gz", "same_as": "a.log"}]


@pytest.mark.integration
def test_logs_of_which_nothing_can_be_read(capfd: pytest.CaptureFixture[str]) -> None:
    Path("a.log").write_text("garbage\n" * 200, encoding="utf-8")
    assert main(["demo", "--logs", "a.log"]) == 1
    out, told = capfd.readouterr()
    assert out == ""
    assert "no page views, so there is nothing to show. 200 of 200 lines could not be read; first: garbage." in told


@pytest.mark.integration
def test_logs_of_which_every_line_is_dropped(capfd: pytest.CaptureFixture[str]) -> None:
    text = "".join(line(number).rpartition(' "')[0] + ' "-"\n' for number in range(200))
    Path("a.log").write_text(text, encoding="utf-8")
    assert main(["demo", "--logs", "a.log"]) == 1
    told = capfd.readouterr().err
    assert "Lines dropped by each filter: bot 200." in told
    assert "whose user agent is empty or -: if yours are so, let the server log the user agent." in told

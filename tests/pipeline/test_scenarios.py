"""Every recorded scenario: the stages that are called, and what they leave behind, on both stores."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hzmetrics import config
from hzmetrics.calendar import Month
from hzmetrics.grids.state import is_fully_summarized
from hzmetrics.ingest import sources
from hzmetrics.pipeline import facts
from tests.conftest import TestHub
from tests.enrich.dns_server import DnsServer, serve
from tests.pipeline.scenario import Json, Observer, after, load, play, scenarios, set_up


def on_one_store(found: list[Any]) -> list[Any]:
    """Scenarios on the stores in turn; `make torture` plays each on the other one too."""
    marks = {"sqlite": [], "mariadb": [pytest.mark.mariadb]}
    return [
        pytest.param(
            *scenario.values,
            kind,
            id=f"{kind}-{scenario.id}",
            marks=marks[kind] + [pytest.mark.torture] * (number % 2 != place),
        )
        for number, scenario in enumerate(found)
        for place, kind in enumerate(marks)
    ]


@pytest.fixture
def quiet_hub(hub: TestHub) -> Iterator[TestHub]:
    """A hub whose name server knows no name."""
    with serve(DnsServer()) as names:
        with hub.configuration.open("a", encoding="utf-8") as file:
            file.write(f"[dns]\nnameserver = {names.address}\n")
        yield hub


@pytest.mark.parametrize(
    "scenario",
    scenarios("run_normal", "run_catchup", "run_rebuild", "run_walkthrough", "tick", "commands", "operator"),
)
def test_scenario(scenario: Json, quiet_hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    follow(scenario, quiet_hub, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize(("scenario", "kind"), on_one_store(scenarios("run_random")), indirect=["kind"])
def test_random_scenario(scenario: Json, quiet_hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    follow(scenario, quiet_hub, monkeypatch)


def follow(scenario: Json, hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(hub, scenario)
    observer = Observer(monkeypatch)
    for number, step in enumerate(scenario["steps"], 1):
        done = play(hub, scenario, step, observer, monkeypatch)
        wanted = {key: value for key, value in step["expect"].items() if key in done}
        assert {key: done[key] for key in wanted} == wanted, f"step {number}: {' '.join(step['argv'])}"
        if "after" in step["expect"]:
            found = after(hub)
            assert {key: found[key] for key in step["expect"]["after"]} == step["expect"]["after"]


@pytest.mark.parametrize("scenario", scenarios("audit"))
def test_audit(
    scenario: Json, hub: TestHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(hub, scenario)
    observer = Observer(monkeypatch)
    for step in scenario["steps"]:
        wanted = {**step["expect"], **scenario.get("required", {})}
        done = play(hub, scenario, {**step, "argv": [*step["argv"], "--json"]}, observer, monkeypatch)
        report = json.loads(capsys.readouterr().out)
        assert [[f["check"], f["subject"], f["key"]] for f in report["findings"]] == wanted["findings"]
        optional = {f"summarize-month {key}" for check, _, key in wanted["findings"] if check == "asymmetric-coverage"}
        assert report["commands"] == [command for command in wanted["commands"] if command not in optional]
        assert (done["exit"], done["state"]) == (wanted["exit"], wanted["state"])


@pytest.mark.parametrize("scenario", scenarios("month_facts"))
def test_month_facts(scenario: Json, hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(hub, scenario)
    monkeypatch.setenv("HZMETRICS_NOW", scenario["now"])
    settings = config.load()
    wanted = scenario["expect"]
    logs = hub.root / "logs"
    for kind in sources.KINDS:
        pending = [source for source in sources.pending(settings) if source.kind == kind]
        found = [[f"{source.date:%Y%m%d}", str(source.path.relative_to(logs))] for source in pending]
        assert found == wanted[f"pending_{kind}"]
    known = facts.gather(hub.store, settings)
    days = sorted(known.pending)
    assert (str(Month.of(days[0])) if days else None) == wanted["oldest_pending_month"]
    newest = max(known.imported, default=None)
    assert (f"{newest:%Y%m%d}" if newest else None) == wanted["newest_imported_access_date"]
    assert [str(month) for month in known.backlog] == wanted["backlog"]
    assert [str(month) for month in known.incomplete] == wanted["incomplete_months"]
    for text in scenario["ask"]:
        month = Month.parse(text)
        assert {
            "fully_imported": known.is_fully_imported(month),
            "complete": known.is_complete(month),
            "summarized": month in known.summarized,
            "fully_summarized": is_fully_summarized(hub.store, month),
            "has_source": known.has_source(month),
            "has_data": known.has_data(month),
            "orphan_stamps": known.has_orphans(month),
        } == wanted["months"][text]
        assert [f"{day:%Y%m%d}" for day in known.pending_days(month)] == wanted["pending_days"][text]


CONTRACTS = [row for group in ("usage", "config", "arguments") for row in load("cli_contracts")[group]]
REPORTS = ("status", "audit", "doctor", "migrate", "clear-dirty")


@pytest.mark.parametrize("row", CONTRACTS, ids=lambda row: f"{' '.join(row['argv'])} [{row['config']}]")
def test_exit_code(
    row: Json, quiet_hub: TestHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(quiet_hub, row["config"], monkeypatch)
    scratch = quiet_hub.root / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("HZMETRICS_NOW", "2026-05-19T09:25:00")
    monkeypatch.chdir(scratch)
    with Path("/dev/null").open(encoding="utf-8") as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        code = quiet_hub.run(*(word.replace("{tmp}", str(scratch)) for word in row["argv"]))
    assert code == row["exit"]
    printed = capsys.readouterr().out.strip()
    if row.get("stdout") == "help":
        assert printed
    elif not set(REPORTS) & set(row["argv"][:1]):
        assert not printed


def configure(hub: TestHub, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Change the hub's configuration to one of the kinds of cli/1."""
    text = hub.configuration.read_text(encoding="utf-8")
    match kind:
        case "full":
            return
        case "no-config":
            monkeypatch.delenv("HZMETRICS_CONFIG")
            return
        case "missing-file":
            hub.configuration.unlink()
            return
        case "malformed":
            text = "site = x\n[hub\n"
        case "no-site":
            text = text.replace("site = parity\n", "")
        case _ if hub.kind == "sqlite":
            pytest.skip("a SQLite hub needs no names, no password and no server")
        case "no-metrics-db":
            text = text.replace("metrics_db =", "#")
        case "no-hub-db":
            text = text.replace("hub_db =", "#")
        case "bad-password":
            text = text.replace("user = root\npassword =", "user = nobody_here\npassword = wrong")
        case "percent-in-password":
            text = text.replace("user = root\npassword =", "user = nobody_here\npassword = wro%ng")
        case "unreachable":
            text = text.replace("host = localhost", "host = 127.0.0.9\nport = 9").replace("socket =", "#")
        case "metrics-db-absent":
            text = text.replace("_metrics\n", "_absent\n")
    hub.configuration.write_text(text, encoding="utf-8")

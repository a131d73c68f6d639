"""Work that was cut short, or left undone by a command, is finished by `run` without a person (spec 60 §10.3).

Every test ends with the rows and cells of a hub on which nothing was interrupted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hzmetrics.calendar import Month
from hzmetrics.pipeline.steps import Step
from hzmetrics.store import Store
from hzmetrics.store import state as stored
from hzmetrics.store.tables import metrics
from tests.conftest import NOTHING_COMES, TestHub
from tests.enrich.dns_server import DnsServer, name, serve
from tests.pipeline.scenario import LOG_DIRS, log_text, state

pytestmark = pytest.mark.slow

GRIDS = (metrics.summary_user_vals, metrics.summary_misc_vals, metrics.summary_simusage_vals)
MONTHS = ("2026-01", "2026-02", "2026-03")
PAGE = "/resources/1"
"""The page of a resource: what all requests are for."""
Numbers = list[tuple[str, ...]]


class Killed(BaseException):
    """Ends a command as a signal would: nothing that handles errors sees it."""


@contextmanager
def killed_in(step: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Meanwhile a command dies when it comes to a step, which is named by the start of its command line."""
    run = Step.run

    def dies(self: Step, store: Store, *args: Any, **options: Any) -> int:
        if str(self).startswith(step):
            raise Killed
        return run(self, store, *args, **options)

    with monkeypatch.context() as patched:
        patched.setattr(Step, "run", dies)
        with pytest.raises(Killed):
            yield


@pytest.fixture
def names() -> Iterator[DnsServer]:
    with serve(DnsServer({f"10.7.0.{n}": name(f"host{n}.example.edu") for n in range(1, 9)})) as server:
        yield server


@pytest.fixture
def undisturbed(
    tmp_path: Path, make_hub: Callable[[str], TestHub], names: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Numbers]:
    """Gives the numbers of a hub that had all files from the start."""

    def make(*months: str) -> Numbers:
        (tmp_path / "sqlite").rename(tmp_path / "disturbed")
        fresh = prepare(make_hub("sqlite"), names, monkeypatch)
        for month in months or MONTHS:
            feed(fresh, month)
        assert fresh.run("run", "--all") == 0
        whole = numbers(fresh)
        assert any(table == "jos_resource_stats" and int(row[2]) > 0 for table, *row in whole)
        return whole

    return make


@pytest.fixture
def hub(make_hub: Callable[[str], TestHub], names: DnsServer, monkeypatch: pytest.MonkeyPatch) -> TestHub:
    return prepare(make_hub("sqlite"), names, monkeypatch)


def prepare(hub: TestHub, names: DnsServer, monkeypatch: pytest.MonkeyPatch) -> TestHub:
    with hub.configuration.open("a", encoding="utf-8") as file:
        file.write(f"[dns]\nnameserver = {names.address}\n{NOTHING_COMES}")
    for directory in LOG_DIRS:
        (hub.root / "logs" / directory).mkdir(parents=True)
    monkeypatch.setenv("HZMETRICS_NOW", "2026-04-19T09:30:00")
    with hub.store.hub.begin() as connection:
        tables = hub.store.hub_tables
        connection.execute(
            sa.insert(tables.resources).values(id=1, type=1, path=PAGE, alias="page", published=1, standalone=1)
        )
    return hub


def feed(hub: TestHub, month: str, *days: int) -> list[Path]:
    """An access log for each of some days of a month, and a login log for the first; each month has its own size."""
    files = []
    for day in days or (5, 20):
        files.append(write(hub, f"httpd/daily/parity-access.log-{month.replace('-', '')}{day:02d}", month, day))
    files.append(write(hub, f"hubzero/daily/cmsauth.log-{month.replace('-', '')}{(days or (5,))[0]:02d}", month, 5))
    return files


def write(hub: TestHub, file: str, month: str, day: int) -> Path:
    path = hub.root / "logs" / file
    lines = log_text(file, [f"{month}-{day:02d}"] * (int(month[5:]) * 2 + day % 3))
    path.write_bytes(lines.replace(b"/about", PAGE.encode()))
    return path


def numbers(hub: TestHub, first: str = "") -> Numbers:
    """All cells and figures of resources, from a month on, but for their ids."""
    cells = [(grid, sa.select(grid).where(grid.c.datetime >= first)) for grid in GRIDS]
    found = [(grid.name, *map(str, row)) for grid, query in cells for row in hub.store.metrics.rows(query)]
    stats = hub.store.hub_tables.resource_stats
    columns = [column for column in stats.columns if column.name not in ("id", "processed_on")]
    found += [
        (stats.name, *map(str, row)) for row in hub.store.hub.rows(sa.select(*columns).where(stats.c.datetime >= first))
    ]
    return sorted(found)


def text(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


@pytest.mark.parametrize("command", [("run",), ("process", "--next")])
@pytest.mark.parametrize("step", ["gen-tool-stats", "logfix-session", "summarize-month", "andmore-usage"])
def test_a_month_whose_last_step_never_came(
    command: tuple[str, ...],
    step: str,
    hub: TestHub,
    undisturbed: Callable[..., Numbers],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    feed(hub, "2026-03")
    with killed_in(step, monkeypatch):
        for _ in range(4):
            hub.run(*command)
    assert hub.run("run", "--all") == 0
    assert numbers(hub) == undisturbed("2026-03")


def test_later_months_do_not_stay_without_a_month_that_was_interrupted(
    hub: TestHub, undisturbed: Callable[..., Numbers], monkeypatch: pytest.MonkeyPatch
) -> None:
    for month in MONTHS:
        feed(hub, month)
    with killed_in("gen-tool-stats 2026-01", monkeypatch):
        hub.run("process", "--next")
    for _ in range(2):
        assert hub.run("process", "--month", "2026-02", "--force") == 0
        assert hub.run("process", "--month", "2026-03", "--force") == 0
    assert hub.run("run", "--all") == 0
    assert numbers(hub) == undisturbed()


def test_cells_without_sessions_are_not_a_finished_month(
    hub: TestHub, undisturbed: Callable[..., Numbers], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The month was imported as daily work; `summarize-month`, as the audit advises, then writes its cells."""
    monkeypatch.setenv("HZMETRICS_NOW", "2026-03-25T09:30:00")
    feed(hub, "2026-03")
    assert hub.run("run") == 0
    monkeypatch.setenv("HZMETRICS_NOW", "2026-04-19T09:30:00")
    assert hub.run("summarize-month", "2026-03") == 0
    assert hub.run("run", "--all") == 0
    assert numbers(hub, "2026-03") == undisturbed("2026-03")


def test_run_all_looks_for_backlog_once_more(
    hub: TestHub, undisturbed: Callable[..., Numbers], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of a closed month arrives while the months are rebuilt."""
    feed(hub, "2026-01")
    for _ in range(2):
        assert hub.run("run") == 0
    assert state(hub)["mode"] == "rebuild"
    feed(hub, "2026-02")
    assert hub.run("run", "--all") == 0
    assert not list((hub.root / "logs/httpd/daily").iterdir())
    assert numbers(hub) == undisturbed("2026-01", "2026-02")


def test_process_next_takes_what_status_calls_backlog(
    hub: TestHub,
    undisturbed: Callable[..., Numbers],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    feed(hub, "2026-03")
    with killed_in("fill-domain", monkeypatch):
        hub.run("process", "--next")
    assert hub.run("status") == 0
    assert "backlog             2026-03" in text(capsys)
    assert hub.run("process", "--next") == 0
    assert hub.run("status") == 0
    assert "backlog" not in text(capsys)
    assert hub.run("run", "--all") == 0
    assert numbers(hub) == undisturbed("2026-03")


def test_a_file_is_put_away_when_that_is_possible_again(hub: TestHub, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing about the file itself changes: what was in its way is gone."""
    imported = hub.root / "logs/httpd/imported"
    imported.rmdir()
    imported.write_text("in the way")
    path = write(hub, "httpd/daily/parity-access.log-20260410", "2026-04", 10)
    assert hub.run("run") == 1
    assert hub.run("run") == 0
    assert hub.run("status") == 1
    imported.unlink()
    assert hub.run("run") == 0
    assert (imported / path.name).exists() and not path.exists()
    capsys.readouterr()
    assert hub.run("status") == 0
    assert state(hub)["bad_files"] == "[]"


STEPS = (
    ("resolve-dns", "metrics", "web", "2026-03"),
    ("fill-domain", "metrics", "web", "2026-03"),
    ("fill-ipcountry", "metrics", "web", "2026-03"),
    ("fill-geo", "--month", "2026-03"),
    ("clean-bots", "web", "2026-03"),
    ("logfix-session", "2026-03"),
    ("clear-orphan-stamps", "2026-03"),
)


def test_a_step_by_hand_remembers_the_months_that_it_changed_and_no_others(hub: TestHub) -> None:
    feed(hub, "2026-03")
    assert hub.run("run", "--all") == 0
    assert left(hub) == {}
    for step in STEPS:
        assert hub.run(*step) == 0
        assert left(hub) == {}, step
    for damage, step in (
        ("UPDATE web SET host = ''", STEPS[0]),
        ("UPDATE web SET domain = ''", STEPS[1]),
        ("UPDATE web SET ipcountry = ''", STEPS[2]),
        ("UPDATE web SET ipcountry = ''", STEPS[3]),
        ("UPDATE web SET sessionid = 999999 WHERE id = 1", STEPS[6]),
        ("UPDATE web SET sessionid = NULL WHERE id = 1", STEPS[5]),
        ("INSERT INTO exclude_list (filter, type) VALUES ('host1.example.edu', 'host')", STEPS[4]),
    ):
        with hub.store.metrics.begin() as connection:
            connection.execute(sa.text(damage))
            connection.execute(sa.text("DELETE FROM pipeline_state WHERE k = 'unfinished_months'"))
        assert hub.run(*step, "--dry-run") == 0
        assert left(hub) == {}, step
        assert hub.run(*step) == 0
        assert left(hub) == {"2026-03": "reset"}, step


def test_commands_by_hand_remember_what_they_leave(hub: TestHub) -> None:
    for month in MONTHS:
        feed(hub, month)
    assert hub.run("run", "--all") == 0
    assert hub.run("rebuild-webhits", "--month", "2026-01") == 0
    assert hub.run("rebuild-webhits", "--all") == 0
    assert hub.run("summarize", "--month", "2026-01") == 0
    assert hub.run("summarize-month", "2026-01", "--periods", "1") == 0
    assert hub.run("rebuild-summaries", "--since", "2026-01", "--periods", "14") == 0
    assert left(hub) == {}
    with hub.store.metrics.begin() as connection:
        connection.execute(sa.text("DELETE FROM summary_misc_vals WHERE datetime LIKE '2026-02-%' AND period = 12"))
    assert hub.run("summarize-month", "2026-02") == 0
    assert left(hub) == {"2026-02": "summary"}
    assert hub.run("forget-import", "parity-access.log-20260205") == 0
    assert left(hub) == {"2026-02": "reset", "2026-03": "summary"}
    assert hub.run("process", "--month", "2026-03") == 0
    assert left(hub) == {"2026-02": "reset", "2026-03": "summary"}
    assert hub.run("process", "--next") == 0
    assert left(hub) == {"2026-03": "summary"}
    assert hub.run("run", "--all") == 0
    assert left(hub) == {}


def left(hub: TestHub) -> dict[str, str]:
    """What is remembered of closed months."""
    return stored.read(hub.store).unfinished_before(Month(2026, 4))

"""Steps without work end at once, and the tables end as if all steps had run (spec 60 §8.6)."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest
import sqlalchemy as sa

from hzmetrics import config
from hzmetrics.calendar import Clock, DateSpan, Month, Months
from hzmetrics.demo import invention
from hzmetrics.demo.directory import Directory
from hzmetrics.demo.progress import Reporter
from hzmetrics.demo.run import settle_corrections
from hzmetrics.enrich.known import KnownAddresses
from hzmetrics.errors import LookupFailure
from hzmetrics.pipeline import run, work
from hzmetrics.pipeline.changes import Change, Changes
from hzmetrics.pipeline.steps import Step
from hzmetrics.store import Store, copies, state
from hzmetrics.store.schema import create_hub, create_metrics
from hzmetrics.store.tables import metrics
from tests.conftest import TestHub
from tests.pipeline.compared import ComparedCopies

NOW = Clock(dt.datetime(2026, 5, 19, 9, 30))
FEBRUARY, MARCH, APRIL = Month(2026, 2), Month(2026, 3), Month(2026, 4)
DAYS = ("01", "15", "28")
"""Those whose logs are kept."""
NUMBERED = {("id", "jos_stats_topvals")}
"""Columns that number rows in the order in which they came."""
WRITTEN = ("updated_at", "end", "revision")
"""Columns that say when a row was written, or that it was."""
LEFT_OUT = "nothing that it reads has changed"
Tables = dict[str, list[tuple[object, ...]]]


class EveryStep(Changes):
    """Lets every step do its work. Nothing is kept then from one step to the next, and no row is written complete."""

    def run(self, step: Step, work: Callable[[], int]) -> int:
        return work()


def invented_hub(root: Path, first: Month, last: Month, lines: int, time: Clock) -> Directory:
    """A hub with logs of some months that nobody has imported, and without a resolver."""
    directory = Directory(root)
    sections = invention.sections(directory)
    del sections["publish"]
    sections["dns"] = {"nameserver": "127.0.0.1:9", "timeout": "0.1", "tries": "1"}
    settings = directory.make(sections, time)
    store = Store(settings)
    create_metrics(store.metrics, settings.prefix)
    create_hub(store.hub, store.hub_tables.metadata)
    settle_corrections(store, settings)
    invention.invent(directory, settings, store, first, last, lines, 1, Reporter())
    store.close()
    return directory


@pytest.fixture(scope="module")
def invented(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub with some logs of three months, to be copied."""
    directory = invented_hub(tmp_path_factory.mktemp("changes") / "hub", FEBRUARY, APRIL, 89 * 30, NOW)
    for log in (directory.root / "logs").rglob("*-2026*"):
        if log.name.removesuffix(".gz")[-2:] not in DAYS:
            log.unlink()
    return directory.root.rename(directory.root.with_name("pristine"))


Meanwhile = Callable[[int, Store, Directory], None]
"""What others do before a unit of work, by its number; -1: before the first run."""


def end_of(root: Path, meanwhile: Meanwhile, runs: int) -> Tables:
    """The rows of all tables after some runs."""
    directory = Directory(root)
    for number in range(runs):
        settings = config.load(environment=directory.environment, time=NOW)
        store = Store(settings)

        def before_unit(done: int, left: int, what: str, store: Store = store) -> None:
            meanwhile(done, store, directory)

        if not number:
            meanwhile(-1, store, directory)
        try:
            run.run(store, settings, every=True, progress=before_unit)
        except LookupFailure:
            assert number < runs - 1
        found = rows(store)
        store.close()
    return found


def rows(store: Store) -> Tables:
    """Every row but for times at which it was written, and the random revisions of months."""
    found: Tables = {}
    for database in (store.hub, store.metrics):
        with database.connect() as connection:
            for table in sa.inspect(connection).get_table_names():
                columns = [
                    sa.column(column["name"])
                    for column in sa.inspect(connection).get_columns(table)
                    if column["name"] not in WRITTEN and (column["name"], table) not in NUMBERED
                ]
                read = connection.execute(sa.select(*columns).select_from(sa.table(table)))
                found[f"{database.name}.{table}"] = sorted(map(tuple, read), key=repr)
    return found


def nothing(done: int, store: Store, directory: Directory) -> None:
    """Nobody else does anything."""


def changes_of_others(done: int, store: Store, directory: Directory) -> None:
    """The hub and its operators go on while the run works."""
    hub, held_back = store.hub_tables, directory.root / "held-back"
    match done:
        case -1:
            held_back.mkdir()
            for log in sorted((directory.root / "logs").rglob("*-20260315*")):
                log.rename(held_back / log.name)
        case 1:
            with store.hub.begin() as connection:
                connection.execute(sa.update(hub.user_profiles).values(profile_value="industry"))
                connection.execute(sa.update(hub.xprofiles).values(orgtype="industry"))
        case 2:
            with store.metrics.begin() as connection:
                (domain,) = connection.execute(
                    sa.select(metrics.web.c.domain).where(metrics.web.c.domain.like("%.%")).limit(1)
                ).one()
                unwanted = {"filter": domain, "type": "domain", "date_added": NOW.local}
                connection.execute(sa.insert(metrics.exclude_list).values(**unwanted))
        case 4:
            with store.hub.begin() as connection:
                late = sa.select(sa.func.min(hub.sessionlog.c.sessnum)).scalar_subquery()
                connection.execute(sa.update(hub.joblog).values(walltime=hub.joblog.c.walltime + 100))
                connection.execute(sa.delete(hub.sessionlog).where(hub.sessionlog.c.sessnum == late))
        case 5:
            with store.metrics.begin() as connection:
                state.add_dirty_months(connection, [MARCH])
            for log in held_back.iterdir():
                kind = "httpd" if "access" in log.name else "hubzero"
                log.rename(directory.root / "logs" / kind / "daily" / log.name)


def lookups_that_fail_at_first(done: int, store: Store, directory: Directory) -> None:
    """No name server answers, for so long that months go on without it; then the names are found."""
    with store.metrics.begin() as connection:
        match done:
            case -1:
                connection.execute(sa.text("CREATE TABLE held_back AS SELECT * FROM dns_cache"))
                connection.execute(sa.delete(metrics.dns_cache))
                since = dict.fromkeys((FEBRUARY, MARCH, APRIL), "2026-05-17T00:00:00")
                state.remember_lookups(connection, since)
            case 3:
                connection.execute(sa.text("INSERT INTO dns_cache SELECT * FROM held_back"))


def step(name: str, month: Month) -> Step:
    return Step(name, ("metrics", "web", DateSpan.of(month)))


def leaves_out(changes: Changes, one: Step) -> bool:
    done: list[int] = []
    changes.run(one, lambda: len(done.append(1) or done) - 1)
    return not done


def test_rows_of_a_margin_are_those_of_their_own_month(make_hub: Callable[[str], TestHub]) -> None:
    changes = Changes(make_hub("sqlite").store)
    february, march = step("fill-ipcountry", FEBRUARY), step("fill-ipcountry", MARCH)
    assert not leaves_out(changes, february)
    assert leaves_out(changes, february)
    changes.imported([MARCH])
    assert not leaves_out(changes, february)
    changes.imported([MARCH])
    assert not leaves_out(changes, march)
    assert leaves_out(changes, february)
    changes.imported([FEBRUARY])
    assert not leaves_out(changes, february)


def test_what_a_step_wrote_counts_also_if_it_failed(make_hub: Callable[[str], TestHub]) -> None:
    changes = Changes(make_hub("sqlite").store)
    names, domains = step("resolve-dns", MARCH), step("fill-domain", MARCH)

    def fail() -> int:
        raise LookupFailure("no answer")

    assert not leaves_out(changes, domains)
    with pytest.raises(LookupFailure):
        changes.run(names, fail)
    assert not leaves_out(changes, domains)
    assert not leaves_out(changes, names)
    assert leaves_out(changes, names)
    assert leaves_out(changes, domains)


def test_stamps_are_looked_at_again_when_sessions_of_their_month_or_the_one_before_went(
    make_hub: Callable[[str], TestHub],
) -> None:
    changes = Changes(make_hub("sqlite").store)
    stamps = Step("clear-orphan-stamps", (DateSpan.of(MARCH),))
    assert not leaves_out(changes, stamps)
    changes.reset(APRIL)
    assert leaves_out(changes, stamps)
    changes.reset(FEBRUARY)
    assert not leaves_out(changes, stamps)
    changes.reset(MARCH)
    assert not leaves_out(changes, stamps)


def test_lists_of_tools_are_made_anew_for_what_they_read(make_hub: Callable[[str], TestHub]) -> None:
    changes = Changes(make_hub("sqlite").store)
    lists, logged = Step("gen-tool-tops", (MARCH,)), ("metrics", "sessionlog_metrics", DateSpan.of(MARCH))
    assert not leaves_out(changes, lists)
    changes.run(Step("fill-ipcountry", logged), lambda: 1)
    assert leaves_out(changes, lists)
    for name in ("fill-domain", "fill-user-info"):
        changes.run(Step(name, logged), lambda: 1)
        assert not leaves_out(changes, lists)


def test_tables_of_others_count_as_unchanged_for_a_while(
    make_hub: Callable[[str], TestHub], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make_hub("sqlite").store
    tools, hub_data, seen = Step("gen-tool-stats", (MARCH,)), Step("import-hub-data"), Changes(store)

    def tool_sessions() -> int:
        return int(copies.stream(store.hub, store.hub_tables.sessionlog, "sessnum").read_all().num_rows)

    with copies.kept():
        seen.begin_unit()
        assert not leaves_out(seen, tools)
        assert not leaves_out(seen, hub_data)
        assert tool_sessions() == 0
        with store.hub.begin() as connection:
            connection.execute(sa.insert(store.hub_tables.sessionlog).values(username="ann"))
        seen.begin_unit()
        assert leaves_out(seen, tools)
        assert leaves_out(seen, hub_data)
        assert tool_sessions() == 0
        monkeypatch.setattr("hzmetrics.pipeline.changes.UNCHANGED", 0)
        seen.begin_unit()
        assert tool_sessions() == 1
        assert not leaves_out(seen, tools)
        assert not leaves_out(seen, hub_data)


def test_a_change_touches_months_but_those_without() -> None:
    change = Change(Months(FEBRUARY, APRIL), frozenset({MARCH}))
    assert not change.touches(Months(MARCH, MARCH))
    assert change.touches(Months(MARCH, APRIL))
    assert not change.touches(Months(last=Month(2026, 1)))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("meanwhile", "runs", "fewest"),
    [(nothing, 1, 90), (changes_of_others, 2, 120), (lookups_that_fail_at_first, 1, 50)],
    ids=["nothing", "changes-of-others", "lookups"],
)
def test_the_rows_are_those_of_all_steps(
    meanwhile: Meanwhile,
    runs: int,
    fewest: int,
    invented: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG", logger="hzmetrics")
    ends, left_out = [], []
    for kind in (EveryStep, Changes):
        hub = invented.with_name("hub")
        shutil.copytree(invented, hub, symlinks=True)
        with monkeypatch.context() as context:
            context.setattr(work, "Changes", kind)
            context.setattr(copies, "Copies", ComparedCopies)
            if meanwhile is not nothing:
                context.setattr("hzmetrics.pipeline.changes.UNCHANGED", 0)
            if kind is EveryStep:
                context.setattr(KnownAddresses, "complete_requests", lambda known, month, rows: rows)
                context.setattr(KnownAddresses, "complete_sessions", lambda known, month, rows: rows)
                context.setattr(run, "keeping", nullcontext)
                context.setattr(work.copies, "kept", nullcontext)
            ends.append(end_of(hub, meanwhile, runs))
        left_out.append(sum(LEFT_OUT in message for message in caplog.messages))
        shutil.rmtree(hub)
    differing = {name: set(ends[0][name]) ^ set(ends[1][name]) for name in ends[0] if ends[0][name] != ends[1][name]}
    assert differing == {}
    assert ends[0]["metrics.websessions"]
    assert left_out[0] == 0
    assert left_out[1] >= fewest

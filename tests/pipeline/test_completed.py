"""The daily analysis of new requests alone leaves the rows that one of all requests leaves (spec 60 §8.7)."""

from __future__ import annotations

import datetime as dt
import random
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from hzmetrics import config
from hzmetrics.calendar import Clock, DateSpan, Month
from hzmetrics.demo import maxmind
from hzmetrics.demo.directory import Directory
from hzmetrics.pipeline import completed, run
from hzmetrics.pipeline.steps import Step
from hzmetrics.store import Store, state
from hzmetrics.store.tables.metrics import dns_cache, exclude_list, web
from tests.conftest import TestHub
from tests.pipeline.test_changes import Tables, invented_hub, rows

APRIL = Month(2026, 4)
NOW = Clock(dt.datetime(2026, 5, 3, 9, 30))
DAYS = range(1, 5)
"""The days of April that have logs, each imported on the next morning, and the last one again with a late log."""


@pytest.fixture(scope="module")
def invented(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub with some logs of April in `waiting`, to be copied."""
    directory = invented_hub(tmp_path_factory.mktemp("completed") / "hub", APRIL, APRIL, 30 * 40, NOW)
    waiting = directory.root / "waiting"
    waiting.mkdir()
    for log in list((directory.root / "logs").rglob("*-202604*")):
        log.rename(waiting / log.name)
    return directory.root.rename(directory.root.with_name("pristine"))


def arrive(root: Path, day: int, kinds: tuple[str, ...] = ("httpd", "hubzero")) -> None:
    """The logs of a day arrive."""
    for log in (root / "waiting").glob(f"*-202604{day:02}*"):
        kind = "httpd" if "access" in log.name else "hubzero"
        if kind in kinds:
            log.rename(root / "logs" / kind / "daily" / log.name)


def change(store: Store, what: str, chance: random.Random) -> None:
    """What an operator may do between two mornings; the name server may answer or not."""
    with store.metrics.begin() as connection:
        match what:
            case "filter":
                found = connection.execute(sa.select(web.c.domain).where(web.c.domain.like("%.%"))).scalars().all()
                if found:
                    unwanted = {"filter": chance.choice(found), "type": "domain", "date_added": NOW.local}
                    connection.execute(sa.insert(exclude_list).values(**unwanted))
            case "by hand":
                connection.execute(sa.update(web).values(ipcountry="", domain="").where(web.c.id % 3 == 0))
                state.add_dirty_months(connection, [APRIL])
            case "no names":
                connection.execute(sa.text("CREATE TABLE held_back AS SELECT * FROM dns_cache"))
                connection.execute(sa.delete(dns_cache))
            case "gone":
                connection.execute(sa.delete(web).where(web.c.id % 7 == 0))


def bring_names_back(store: Store) -> None:
    """The name server answers again."""
    with store.metrics.begin() as connection:
        if sa.inspect(connection).has_table("held_back"):
            connection.execute(sa.text("INSERT OR IGNORE INTO dns_cache SELECT * FROM held_back"))
            connection.execute(sa.text("DROP TABLE held_back"))


def end_of(root: Path, changes: tuple[str, ...]) -> list[Tables]:
    """The rows of all tables after each morning, and after the end of the month."""
    chance, ends = random.Random(1), []
    environment = Directory(root).environment
    for day, what in zip((*DAYS, 31), (*changes, "nothing"), strict=True):
        time = Clock(dt.datetime(2026, 4, day + 1, 6, 30)) if day < 31 else NOW
        settings = config.load(environment=environment, time=time)
        store = Store(settings)
        arrive(root, day, ("httpd",) if day == 3 else ("httpd", "hubzero"))
        if day == 4:
            arrive(root, 3)
        change(store, what, chance)
        run.run(store, settings, every=True)
        bring_names_back(store)
        ends.append(rows(store))
        store.close()
    return ends


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "times"),
    [(("nothing", "gone", "filter", "no names"), 2), (("nothing", "nothing", "by hand", "nothing"), 1)],
    ids=["filter", "by-hand"],
)
def test_the_rows_are_those_of_whole_analyses(
    changes: tuple[str, ...], times: int, invented: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    found, hub = [], invented.with_name("hub")
    requests = completed.requests
    for is_whole in (True, False):

        def noted(
            store: Store, settings: config.Settings, known: state.State, month: Month, is_whole: bool = is_whole
        ) -> completed.Requests:
            found = requests(store, settings, known, month)
            taken.append(found.completed)
            return found._replace(completed=0) if is_whole else found

        monkeypatch.setattr(completed, "requests", noted)
        shutil.copytree(invented, hub, symlinks=True)
        found.append(end_of(hub, changes))
        shutil.rmtree(hub)
    for whole, narrowed in zip(*found, strict=True):
        assert {name for name in whole if set(whole[name]) ^ set(narrowed[name])} == set()
    assert found[0][-1]["metrics.websessions"]
    assert len(set(taken) - {0}) == times


def test_a_step_takes_requests_above_the_id(hub: TestHub) -> None:
    """Requests up to the id are left alone, whatever they lack; the others get their values."""
    with hub.store.metrics.begin() as connection:
        bad = {"datetime": "2026-04-02 10:00:00", "ip": "192.0.2.1", "content": "/"}
        connection.execute(sa.insert(web), [{"id": number, **bad} for number in (5, 6, 7)])
        connection.execute(sa.update(web).values(host="h.example.org"))
    fill = Step("fill-domain", ("metrics", "web", DateSpan.of(APRIL)))
    assert fill.run(hub.store, hub.settings, completed=6) == 1
    query = sa.select(web.c.id).where(web.c.domain == "example.org")
    assert [row.id for row in hub.store.metrics.rows(query)] == [7]
    assert fill.run(hub.store, hub.settings) == 2


def test_requests_are_all_taken_where_one_may_be_left(hub: TestHub) -> None:
    def insert(number: int, **values: str) -> None:
        row = {"id": number, "datetime": "2026-04-02 10:00:00", "ip": "192.0.2.1", "content": "/"}
        with hub.store.metrics.begin() as connection:
            connection.execute(sa.insert(web).values({**row, **values}))

    def known(key: dict[str, str]) -> completed.Requests:
        return completed.requests(hub.store, hub.settings, state.State(key), APRIL)

    whole = {"host": "?", "domain": "?", "ipcountry": "-"}
    insert(5, **whole)
    key = completed.after_analysis(hub.store, known({}))
    assert known(key).completed == 5
    insert(6, **{**whole, "host": " "})
    assert completed.after_analysis(hub.store, known(key)) == {}
    insert(7, datetime="2026-05-02 10:00:00")
    with hub.store.metrics.begin() as connection:
        connection.execute(sa.update(web).values(host="?").where(web.c.id == 6))
    key = completed.after_analysis(hub.store, known(key))
    assert known(key).completed == 7
    assert completed.requests(hub.store, hub.settings, state.State(key), APRIL.plus(1)).completed == 0
    assert known({**key, state.DIRTY: "2026-04"}).completed == 0
    with hub.store.metrics.begin() as connection:
        connection.execute(sa.insert(exclude_list).values(filter="a.example", type="domain", date_added=NOW.local))
    assert known(key).completed == 0


def test_a_country_is_awaited_only_where_one_may_come(hub: TestHub) -> None:
    file = hub.root / "city.mmdb"
    with hub.configuration.open("a") as configuration:
        configuration.write(f"[geoip]\ndatabase = {file}\n")
    settings = config.load(environment=hub.environment)
    values = {"datetime": "2026-04-02 10:00:00", "ip": "192.0.2.1", "content": "/", "host": "?", "domain": "?"}
    with hub.store.metrics.begin() as connection:
        connection.execute(sa.insert(web).values(id=5, **values))

    def known(key: dict[str, str]) -> completed.Requests:
        return completed.requests(hub.store, settings, state.State(key), APRIL)

    key = completed.after_analysis(hub.store, known({}))
    assert known(key).completed == 5
    cache = hub.store.hub_tables.metrics_ipgeo_cache
    with hub.store.hub.begin() as connection:
        connection.execute(sa.insert(cache).values(ip=7, countrySHORT="DE", lookup_datetime="2026-04-02 11:00:00"))
    assert known(key).completed == 0
    key = completed.after_analysis(hub.store, known(key))
    assert known(key).completed == 5
    maxmind.write(file, [("192.0.2.0/24", maxmind.place("DE", "Germany", "", "", 1, 2))])
    assert known(key).completed == 0
    assert completed.after_analysis(hub.store, known(key)) == {}

"""On hubs to which anything may happen, daily analyses leave the tables that whole analyses leave (spec 60 §8.7)."""

from __future__ import annotations

import datetime as dt
import random
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from hzmetrics import config
from hzmetrics.calendar import Clock, Month
from hzmetrics.demo import maxmind
from hzmetrics.pipeline import completed, stages
from hzmetrics.pipeline.run import make_state_table
from hzmetrics.pipeline.work import Work
from hzmetrics.store import Store, state
from hzmetrics.store.tables.metrics import exclude_list, web
from tests.conftest import TestHub
from tests.enrich.dns_server import DnsServer, name, serve, silent_address
from tests.pipeline.test_changes import Tables, rows

APRIL = Month(2026, 4)
MORNINGS = 7
PUBLIC = [f"198.51.100.{number}" for number in range(12)]
ADDRESSES = [*PUBLIC, "10.0.0.1", "192.168.1.9", "2001:db8::7", "fe80::1", "no address", "client.example.net"]
NAMES = {address: name(f"h{number}.d{number % 4}.example") for number, address in enumerate(PUBLIC[:9])}
USERS = ("ann", "Zoë", "bob", "gridstat", "")
NOTES = {"date_added": "2026-04-01 00:00:00"}


class Happenings:
    """What happens at a hub between two mornings: the same for the same seed."""

    def __init__(self, hub: TestHub, seed: int) -> None:
        self.hub = hub
        self.tables = hub.store.hub_tables
        self.chance = random.Random(seed)
        self.last_session = 0

    def begin(self) -> None:
        """Two tools, and accounts with profiles."""
        self._put(self.tables.resources, *({"id": n, "type": 7, "alias": f"tool{n}", "published": 1, "standalone": 1,
                                            "title": f"Tool {n}"} for n in (1, 2)))  # fmt: skip
        self._put(self.tables.users, *({"id": n, "username": user} for n, user in enumerate(USERS, 1)))
        self._put(self.tables.xprofiles, *({"uidNumber": n, "username": user, "emailConfirmed": 1}
                                           for n, user in enumerate(USERS, 1)))  # fmt: skip

    def of_night(self, morning: dt.date) -> None:
        """The requests and tool sessions of yesterday, and what people do to the tables."""
        with self.hub.store.metrics.begin() as connection:
            state.change_months(connection, state.DIRTY, remove=[APRIL])
        self._requests(morning - dt.timedelta(1), 20)
        self._tools(morning - dt.timedelta(1))
        edits = (self._late, self._filter, self._no_filters, self._by_hand, self._gone, self._countries,
                 self._no_countries, self._cached, self._profile, self._jobs_change)  # fmt: skip
        for edit in self.chance.sample(edits, self.chance.randint(0, 2)):
            edit(morning)

    def _requests(self, day: dt.date, number: int) -> None:
        requests = []
        for _ in range(number):
            values = {"ip": self.chance.choice(ADDRESSES), "content": "/", "datetime": self._moment(day)}
            if self.chance.random() < 0.1:
                values["host"] = "Known.D1.example"
            requests.append(values)
        with self.hub.store.metrics.begin() as connection:
            for values in requests:
                connection.execute(sa.insert(web).values(values))

    def _tools(self, day: dt.date) -> None:
        for _ in range(3):
            self.last_session += 1
            session = {"sessnum": self.last_session, "username": self.chance.choice(USERS), "start": self._moment(day),
                       "remoteip": self.chance.choice(PUBLIC), "appname": f"tool{self.chance.randint(1, 3)}",
                       "walltime": self.chance.randint(0, 99) / 10}  # fmt: skip
            self._put(self.tables.sessionlog, session)
        for number in range(4):
            job = {"sessnum": self.chance.randint(1, self.last_session), "job": self.chance.randint(0, 3),
                   "event": self.chance.choice(("application", "[waiting]", "run")), "start": self._moment(day),
                   "venue": f"{day}-{number}", "walltime": self.chance.randint(0, 99) / 10, "ncpus": 1,
                   "cputime": self.chance.choice((0, 0.4, 7.5))}  # fmt: skip
            self._put(self.tables.joblog, job)

    def _late(self, morning: dt.date) -> None:
        self._requests(dt.date(2026, 3, 31), 3)
        self._requests(dt.date(2026, 4, self.chance.randint(1, morning.day)), 5)

    def _filter(self, morning: dt.date) -> None:
        kind, text = self.chance.choice((("domain", "d1.example"), ("host", "h2.%"), ("domain", "?")))
        with self.hub.store.metrics.begin() as connection:
            connection.execute(sa.delete(exclude_list).where(exclude_list.c.filter == text))
            connection.execute(sa.insert(exclude_list).values(type=kind, filter=text, **NOTES))

    def _no_filters(self, morning: dt.date) -> None:
        with self.hub.store.metrics.begin() as connection:
            connection.execute(sa.delete(exclude_list))

    def _by_hand(self, morning: dt.date) -> None:
        column = self.chance.choice(("host", "domain", "ipcountry"))
        with self.hub.store.metrics.begin() as connection:
            chosen = web.c.id % 5 == self.chance.randint(0, 4)
            connection.execute(sa.update(web).where(chosen).values({column: ""}))
            state.add_dirty_months(connection, [APRIL])

    def _gone(self, morning: dt.date) -> None:
        with self.hub.store.metrics.begin() as connection:
            connection.execute(sa.delete(web).where(web.c.id % 7 == self.chance.randint(0, 6)))

    def _countries(self, morning: dt.date) -> None:
        place = maxmind.place(self.chance.choice(("DE", "US")), "Country", "", "", 1, 2)
        maxmind.write(self.hub.root / "city.mmdb", [("198.51.100.0/29", place)])

    def _no_countries(self, morning: dt.date) -> None:
        (self.hub.root / "city.mmdb").unlink(missing_ok=True)

    def _cached(self, morning: dt.date) -> None:
        address = (198 << 24) + (51 << 16) + (100 << 8) + self.chance.randint(0, 11) - (1 << 31)  # as a signed one
        table = self.tables.metrics_ipgeo_cache
        with self.hub.store.hub.begin() as connection:
            connection.execute(sa.delete(table).where(table.c.ip == address))
            seen = f"{morning} 05:00:00"
            connection.execute(sa.insert(table).values(ip=address, countrySHORT="FR", lookup_datetime=seen))

    def _profile(self, morning: dt.date) -> None:
        self._put(self.tables.user_profiles, {"user_id": self.chance.randint(1, 5), "profile_key": "orgtype",
                                              "profile_value": f"kind {morning.day}"})  # fmt: skip

    def _jobs_change(self, morning: dt.date) -> None:
        jobs, sessions = self.tables.joblog, self.tables.sessionlog
        with self.hub.store.hub.begin() as connection:
            connection.execute(sa.update(jobs).where(jobs.c.cputime == 0).values(cputime=3.5))
            connection.execute(sa.update(sessions).values(walltime=sessions.c.walltime + 1))
            connection.execute(sa.delete(sessions).where(sessions.c.sessnum % 9 == self.chance.randint(0, 8)))

    def _moment(self, day: dt.date) -> str:
        return f"{dt.datetime.combine(day, dt.time()) + dt.timedelta(seconds=self.chance.randrange(86_400))}"

    def _put(self, table: sa.Table, *values: dict[str, Any]) -> None:
        with self.hub.store.hub.begin() as connection:
            for row in values:
                connection.execute(sa.insert(table).values(row))


def ends(hub: TestHub, seed: int, server: DnsServer) -> Iterator[Tables]:
    """The rows of all tables after each morning, and after the analysis of the month that is over."""
    with hub.configuration.open("a") as file:
        file.write(f"[geoip]\ndatabase = {hub.root / 'city.mmdb'}\n")
    make_state_table(hub.store)
    happenings = Happenings(hub, seed)
    happenings.begin()
    for number in range(1, MORNINGS + 1):
        morning = dt.date(2026, 4, 1 + 2 * number)
        happenings.of_night(morning)
        answers = happenings.chance.random() < 0.8
        settings = settings_of(hub, morning, server.address if answers else silent_address())
        Work(hub.store, settings).analyze_today(morning)
        yield rows(hub.store)
    settings = settings_of(hub, dt.date(2026, 5, 3), server.address)
    stages.analyze(hub.store, settings, APRIL)
    yield rows(hub.store)


def settings_of(hub: TestHub, day: dt.date, server: str) -> config.Settings:
    asked = {"HZMETRICS_DNS_NAMESERVER": server, "HZMETRICS_DNS_TIMEOUT": "0.3"}
    time = Clock(dt.datetime.combine(day, dt.time(6)).astimezone(), fixed=True)
    return config.load(environment={**hub.environment, **asked}, time=time)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_the_tables_are_those_of_whole_analyses(
    kind: str, seed: int, make_hub: Callable[[str], TestHub], monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = completed.requests
    taken: list[int] = []

    def whole(store: Store, settings: config.Settings, known: state.State, month: Month) -> completed.Requests:
        return requests(store, settings, known, month)._replace(completed=0)

    def narrowed(store: Store, settings: config.Settings, known: state.State, month: Month) -> completed.Requests:
        found = requests(store, settings, known, month)
        taken.append(found.completed)
        return found

    found = []
    with serve(DnsServer(NAMES)) as server:
        for way in (whole, narrowed):
            monkeypatch.setattr(completed, "requests", way)
            hub = make_hub(kind)
            found.append(list(ends(hub, seed, server)))
            hub.store.close()
            shutil.rmtree(hub.root)
    for morning, (one, other) in enumerate(zip(*found, strict=True)):
        assert {table: set(one[table]) ^ set(other[table]) for table in one if one[table] != other[table]} == {}, (
            morning
        )
    assert any(taken)

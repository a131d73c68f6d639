"""The live part of the picture: who is online, active users, recent events, and courses."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator

import sqlalchemy as sa

from hzmetrics.calendar import epoch, utc
from hzmetrics.config import Settings
from hzmetrics.courses import copy, reports
from hzmetrics.courses.settings import Courses
from hzmetrics.engine import Engine
from hzmetrics.online.document import spots
from hzmetrics.online.tables import read_visitors
from hzmetrics.online.visitors import present
from hzmetrics.output.terminal import Plain, Renderable, Spark
from hzmetrics.store import Store
from hzmetrics.store.tables.live import active_users, activity_users, anomalies, hourly_stats

LEVELS = {1: "yellow", 2: "red"}
"""Stress levels above green (spec 84 §7)."""

MOST_PLACES = 3
HOURS = 24


def lines(store: Store, settings: Settings) -> Renderable:
    """A table of facts that the last tick stored."""
    table = Plain(show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for title, facts in (
        ("Online now", _online(store, settings)),
        ("Active users", _active(store)),
        ("Events", _events(store, settings)),
        ("Courses", _courses(store, settings)),
    ):
        for number, fact in enumerate(facts):
            table.add_row(title if number == 0 else "", fact)
    return table


def _online(store: Store, settings: Settings) -> Iterator[Renderable]:
    now = settings.clock.now.timestamp()
    places = spots(present(read_visitors(store), now))
    users, guests, robots = (
        sum(spot.everybody.numbers[kind] for spot in places) for kind in ("users", "guests", "bots")
    )
    yield f"signed in: {users}, guests: {guests}, robots: {robots}, places: {len(places)}"
    busiest = sorted(places, key=lambda spot: -sum(spot.everybody.numbers.values()))[:MOST_PLACES]
    named = [f"{spot.city} {sum(spot.everybody.numbers.values())}" for spot in busiest if spot.city]
    if named:
        yield f"most in {', '.join(named)}"


def _active(store: Store) -> Iterator[Renderable]:
    newest = store.metrics.rows(sa.select(active_users).order_by(active_users.c.time.desc()).limit(1))
    for row in newest:
        yield f"{row.d1} in the past day, {row.d7} in the past week, {row.d30} in the past month"
    running = store.metrics.scalar(
        sa.select(sa.func.count()).select_from(activity_users).where(activity_users.c.server_active == 1)
    )
    yield f"with a running tool: {running}"


def _events(store: Store, settings: Settings) -> Iterator[Renderable]:
    since = utc(epoch(settings.clock.utc) - HOURS * 3600)
    query = sa.select(hourly_stats.c.summary).where(hourly_stats.c.start >= since).order_by(hourly_stats.c.start)
    hours = [Counter(json.loads(summary)) for (summary,) in store.metrics.rows(query)]
    total: Counter[str] = sum(hours, Counter())
    for name, number in total.most_common():
        by_hour = [hour[name] for hour in hours]
        yield Spark(f"{number} {name.replace('_', ' ')} in {HOURS} hours ", by_hour)
    latest = store.metrics.rows(sa.select(anomalies).order_by(anomalies.c.when.desc()).limit(1))
    count = store.metrics.scalar(sa.select(sa.func.count()).select_from(anomalies))
    for row in latest:
        counts = ", ".join(f"{number} {name}" for name, number in sorted(json.loads(row.events).items()))
        when = dt.datetime.fromisoformat(row.when).astimezone(settings.clock.now.tzinfo)
        noun = "anomaly" if count == 1 else "anomalies, the latest"
        yield f"{count} {noun} at {when:%H:%M:%S} ({LEVELS[row.alarm]}): {counts.replace('_', ' ')}"


def _courses(store: Store, settings: Settings) -> Iterator[Renderable]:
    courses = Courses.of(settings)
    for course in courses.names():
        with Engine(copy.PACKAGE) as engine:
            copy.register_events(engine, store, courses, course)
            reports.count_opens(engine, courses.rules(course), settings.clock.utc_time)
            days = reports.daily(engine)["daily"]
        students, notebooks = sum(days["new_students"]), sum(days["new_notebooks"])
        title = f"{course}: {students} students, {notebooks} notebooks; students by day "
        yield Spark(title, days["unique_students"])

"""The invented hub at this moment: live logs, visitors who are online, running tools, and a notebook course."""

from __future__ import annotations

import datetime as dt
from hashlib import md5
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from hzmetrics.calendar import Clock
from hzmetrics.config import Settings
from hzmetrics.courses.record import event_line
from hzmetrics.demo import logs, traffic
from hzmetrics.demo.directory import SITE
from hzmetrics.demo.traffic import Day, Pages
from hzmetrics.demo.world import World, epoch
from hzmetrics.store import Store

COURSE = "python3"

GUESSES, ATTACK_AGE = 8, 5400
"""Failed logins within half a minute, by somebody who guesses passwords, and how many seconds ago that was."""

ONLINE_MINUTES = 45
"""How long a session of the CMS stays after its last request."""

STUDENTS, NOTEBOOKS, COURSE_DAYS = 48, 12, 21


def days(world: World, pages: Pages, clock: Clock, lines: float) -> list[Day]:
    """Yesterday, and today until now: about `lines` access log lines a day."""
    elapsed = clock.now.hour * 3600 + clock.now.minute * 60 + clock.now.second
    today, yesterday = clock.today, clock.today - dt.timedelta(days=1)
    recent = [traffic.day(world, pages, yesterday, lines), _until(traffic.day(world, pages, today, lines), elapsed)]
    attacked = elapsed - ATTACK_AGE
    recent[attacked >= 0] = _with_guesses(recent[attacked >= 0], attacked % 86_400)
    return recent


def invent(settings: Settings, store: Store, world: World, recent: list[Day]) -> None:
    """Write the live logs of the `recent` days, sign visitors in, and record a course."""
    zone = f"{settings.clock.now:%z}"
    with (settings.paths.access_logs / f"{SITE}-access.log").open("wb") as access:
        for day in recent:
            logs.append(logs.access_lines(day, 23, zone), access)
    with (settings.paths.cms_logs / "cmsauth.log").open("wb") as auth:
        for day in recent:
            logs.append(logs.auth_lines(day), auth)
    _sign_in(store, world, recent, settings.clock)
    _record_course(settings.paths.home / "raw" / COURSE, world, settings.clock)


def tool_sessions(recent: list[Day], clock: Clock) -> pa.Table:
    """The tool sessions of the recent days; those that have not ended yet have no times."""
    sessions = pa.concat_tables(day.tool_sessions for day in recent)
    now = epoch(clock.today) + clock.now.hour * 3600 + clock.now.minute * 60
    is_running = pc.greater(pc.add(sessions["start"], sessions["walltime"]), now)
    for name in ("walltime", "viewtime", "cputime"):
        times = pc.if_else(is_running, 0.0, sessions[name])
        sessions = sessions.set_column(sessions.column_names.index(name), name, times)
    return sessions


def _until(day: Day, second: int) -> Day:
    """The part of a day before a second."""
    begun = pc.less(day.tool_sessions["start"], epoch(day.date) + second)
    return Day(
        day.date,
        day.requests.filter(pc.less(day.requests["time"], second)),
        day.logins.filter(pc.less(day.logins["time"], second)),
        day.tool_sessions.filter(begun),
    )


def _with_guesses(day: Day, second: int) -> Day:
    """A day on which, at a second, several logins fail in a row."""
    people = day.logins.filter(pc.not_equal(day.logins["user"], traffic.WATCHER_ACCOUNT))
    guesses = pa.concat_tables([people.slice(0, 1)] * GUESSES)
    if not guesses.num_rows:
        return day
    for name, values in (("time", [second + 3 * n for n in range(GUESSES)]), ("action", ["invalid"] * GUESSES)):
        guesses = guesses.set_column(guesses.column_names.index(name), name, pa.array(values, guesses[name].type))
    return Day(day.date, day.requests, pa.concat_tables([day.logins, guesses]).sort_by("time"), day.tool_sessions)


def _sign_in(store: Store, world: World, recent: list[Day], clock: Clock) -> None:
    """Live sessions of the CMS: the visits of the last minutes. Their addresses have names, as if an earlier update of
    the map had looked them up: invented names are not asked for.
    """
    hosts = dict(zip(world.addresses.ip, world.addresses.host, strict=True))
    users = dict(zip(map(str, world.accounts.uid.tolist()), world.accounts.username, strict=True))
    owners = dict(zip(world.addresses.ip, world.addresses.organization.tolist(), strict=True))
    midnight = clock.now.replace(hour=0, minute=0, second=0, microsecond=0)
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for day in recent:
        begin = midnight - dt.timedelta(days=(clock.today - day.date).days)
        for row in day.requests.select(["time", "session", "ip", "uid"]).to_pylist():
            time = begin + dt.timedelta(seconds=row["time"])
            if clock.now - time < dt.timedelta(minutes=ONLINE_MINUTES) and row["ip"] in hosts:
                found[row["ip"], row["uid"]] = {
                    "session_id": row["session"],
                    "time": str(int(time.timestamp())),
                    "ip": row["ip"],
                    "guest": int(row["uid"] == "-"),
                    "userid": 0 if row["uid"] == "-" else int(row["uid"]),
                    "username": users.get(row["uid"], ""),
                }
    if not found:
        return
    tables = store.hub_tables
    named = [
        {**row, "host": row["ip"] if hosts[row["ip"]] == "?" else hosts[row["ip"]],
         "domain": "(unknown)" if hosts[row["ip"]] == "?" else world.organizations[owners[row["ip"]]].domain}
        for row in found.values()
    ]  # fmt: skip
    with store.hub.begin() as connection:
        connection.execute(sa.insert(tables.session), list(found.values()))
        connection.execute(sa.insert(tables.session_geo), named)


def _record_course(folder: Path, world: World, clock: Clock) -> None:
    """The events of a course: students open its notebooks, the first ones more often."""
    rng = world.rng(3)
    opens = STUDENTS * NOTEBOOKS
    student = rng.integers(0, STUDENTS, opens)
    notebook = (NOTEBOOKS * rng.random(opens) ** 1.5).astype(np.int64)
    age = np.sort(rng.integers(60, COURSE_DAYS * 86_400, opens))[::-1]
    names = [md5(f"student {n}".encode(), usedforsecurity=False).hexdigest() for n in range(STUDENTS)]
    lines = [
        event_line(
            clock.utc_time - dt.timedelta(seconds=seconds),
            COURSE, names[who], f"week{which // 3 + 1}/lesson{which + 1}.ipynb", "running", "8000",
        )
        for who, which, seconds in zip(student.tolist(), notebook.tolist(), age.tolist(), strict=True)
    ]  # fmt: skip
    folder.mkdir(parents=True)
    (folder / "events.raw").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

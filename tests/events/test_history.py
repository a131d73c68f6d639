"""The same log gives the same history, however it is cut into ticks (spec 84 §6), on both stores."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hzmetrics import config
from hzmetrics.calendar import Clock
from hzmetrics.errors import HzmetricsError
from hzmetrics.events.settings import EventSettings
from hzmetrics.events.update import update
from hzmetrics.follow.settings import Following
from hzmetrics.store.tables.live import anomalies, capability_state, events, hourly_stats, log_files
from tests.conftest import TestHub

START = dt.datetime(2026, 2, 3, 22, 50, tzinfo=dt.UTC)
TABLES = (events, anomalies, hourly_stats, log_files, capability_state)


def configured(hub: TestHub) -> config.Settings:
    """The hub, following a log of its own, in UTC, and looking at no disk."""
    text = hub.configuration.read_text().partition("[follow]")[0] + (
        f"[follow]\nauth_logs = {hub.root}/cmsauth.log\nrotated_dirs = {hub.root}/daily\ntimezone = UTC\n"
        f"[events]\ndisk_path = {hub.root}/nowhere\n"
    )
    (hub.root / "daily").mkdir(exist_ok=True)
    hub.configuration.write_text(text)
    return config.load(hub.configuration)


def line(second: int, action: str, user: int = 7) -> str:
    return f"{START + dt.timedelta(seconds=second):%Y-%m-%d %H:%M:%S} {user} [ann] 198.51.100.7 {action}\n"


def bursts(seed: int, number: int = 400) -> list[str]:
    """Lines of five hours with quiet stretches and bursts, in time order.

    No two are equal: a file that was cut and begins anew with the very lines it had could not be told from the old one.
    """
    chance = random.Random(seed)
    seconds = sorted(
        int(base + chance.expovariate(0.2))
        for base in chance.choices([60, 90, 3580, 3610, 9000, 9030, 17000], k=number)
    )
    actions = ["login", "invalid", "logout", "detect"]
    return [line(second, chance.choice(actions), user) for user, second in enumerate(seconds, 1000)]


def tick(hub: TestHub, settings: config.Settings, second: int) -> None:
    following = Following.of(settings)
    clock = Clock(START + dt.timedelta(seconds=second))
    update(hub.store, following, EventSettings.of(settings, following), clock)


def history(hub: TestHub) -> Any:
    """Events without their numbers, anomalies, hours."""
    return (
        [tuple(row) for row in hub.store.metrics.rows(sa.select(events.c.time, events.c.name).order_by(events.c.id))],
        [tuple(row) for row in hub.store.metrics.rows(sa.select(anomalies).order_by(anomalies.c.when))],
        [tuple(row) for row in hub.store.metrics.rows(sa.select(hourly_stats).order_by(hourly_stats.c.start))],
    )


def forget(hub: TestHub) -> None:
    with hub.store.metrics.begin() as connection:
        for table in TABLES:
            connection.execute(sa.delete(table))
    for path in (hub.root / "daily").iterdir():
        path.unlink()
    (hub.root / "cmsauth.log").unlink(missing_ok=True)


Rotation = Callable[[Path, Path], None]


def by_renaming(log: Path, target: Path) -> None:
    log.rename(target)
    log.touch()


def by_copying(log: Path, target: Path) -> None:
    shutil.copy2(log, target)
    os.truncate(log, 0)


def by_compressing(log: Path, target: Path) -> None:
    with log.open("rb") as source, gzip.open(f"{target}.gz", "wb") as packed:
        shutil.copyfileobj(source, packed)
    log.unlink()
    log.touch()


def test_the_first_hour_waits_for_every_log(hub: TestHub) -> None:
    """One of two logs can be read only later."""
    configured(hub)
    text = hub.configuration.read_text().replace("[follow]", f"[follow]\naccess_logs = {hub.root}/access.log")
    hub.configuration.write_text(text)
    settings_ = config.load(hub.configuration)
    (hub.root / "access.log").symlink_to("/proc/self/mem")
    (hub.root / "cmsauth.log").write_text("".join(bursts(1)))
    with pytest.raises(HzmetricsError, match="cannot follow"):
        tick(hub, settings_, 20_000)
    assert [len(rows) for rows in history(hub)[1:]] == [0, 0]
    (hub.root / "access.log").unlink()
    tick(hub, settings_, 20_000)
    later = history(hub)
    forget(hub)
    (hub.root / "cmsauth.log").write_text("".join(bursts(1)))
    tick(hub, settings_, 20_000)
    assert later == history(hub)
    assert all(later)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 1000),
    cuts=st.lists(st.integers(0, 400), max_size=6),
    rotations=st.lists(st.sampled_from([None, by_renaming, by_copying, by_compressing]), min_size=6, max_size=6),
)
def test_pieces_and_rotations_change_nothing(
    hub: TestHub, seed: int, cuts: list[int], rotations: list[Rotation | None]
) -> None:
    lines = bursts(seed)
    settings_ = configured(hub)
    log = hub.root / "cmsauth.log"
    forget(hub)
    log.write_text("".join(lines))
    tick(hub, settings_, 20_000)
    at_once = history(hub)
    assert at_once[1], "the bursts must be anomalies, or the test shows nothing"

    forget(hub)
    log.touch()
    position = 0
    for number, cut in enumerate([*sorted(cuts), len(lines)]):
        with log.open("a") as file:
            file.write("".join(lines[position:cut]))
        position = cut
        now = (dt.datetime.fromisoformat(lines[cut - 1][:19] + "+00:00") - START).seconds if cut else 0
        tick(hub, settings_, now)
        rotation = rotations[number] if number < len(rotations) else None
        if rotation and log.stat().st_size:
            rotation(log, hub.root / "daily" / f"cmsauth.log-{number}")
    tick(hub, settings_, 20_000)
    in_pieces = history(hub)
    assert in_pieces[:2] == at_once[:2]
    assert [hour[:2] for hour in in_pieces[2]] == [hour[:2] for hour in at_once[2]]


def test_a_late_line_changes_the_windows_it_belongs_to(hub: TestHub) -> None:
    settings_ = configured(hub)
    log = hub.root / "cmsauth.log"
    log.write_text("".join(line(100, "invalid") for _ in range(5)))
    tick(hub, settings_, 600)
    assert history(hub)[1] == []
    with log.open("a") as file:
        file.write(line(101, "invalid"))
    tick(hub, settings_, 700)
    assert [row[1] for row in history(hub)[1]] == [1]


def test_an_unreadable_last_line_waits_and_a_garbage_line_is_passed_over(hub: TestHub) -> None:
    settings_ = configured(hub)
    log = hub.root / "cmsauth.log"
    log.write_bytes(line(1, "login").encode() + b"\xff\x00garbage\x1b[31m\n" + line(2, "login").encode()[:20])
    tick(hub, settings_, 300)
    assert len(history(hub)[0]) == 1
    with log.open("a") as file:
        file.write(line(2, "login")[20:])
    tick(hub, settings_, 300)
    assert len(history(hub)[0]) == 2


def test_a_clock_set_back_does_nothing(hub: TestHub) -> None:
    settings_ = configured(hub)
    (hub.root / "cmsauth.log").write_text("".join(bursts(3)))
    tick(hub, settings_, 20_000)
    before = history(hub)
    tick(hub, settings_, 10_000)
    assert history(hub)[:2] == before[:2]


def test_an_evaluation_while_the_clock_was_ahead_hides_no_later_anomaly(
    hub: TestHub, caplog: pytest.LogCaptureFixture
) -> None:
    settings_ = configured(hub)
    log = hub.root / "cmsauth.log"
    burst = [line(second, "invalid") for second in range(60, 70)]
    log.write_text("".join(burst))
    tick(hub, settings_, 200)
    once = history(hub)
    tick(hub, settings_, 100 * 24 * 3600)
    tick(hub, settings_, 230)
    assert history(hub)[1] == once[1] and len(once[1]) == 1
    with log.open("a") as file:
        file.writelines(line(second, "invalid") for second in range(600, 610))
    tick(hub, settings_, 800)
    assert [row[0] for row in history(hub)[1]] == ["2026-02-03T22:51:30Z", "2026-02-03T23:00:30Z"]


def test_hours_when_the_machine_was_down_have_no_free_space(hub: TestHub) -> None:
    settings_ = configured(hub)
    (hub.root / "cmsauth.log").write_text(line(60, "login"))
    following = Following.of(settings_)
    rules = replace(EventSettings.of(settings_, following), disk_path=hub.root)
    for second in (100, 700, 4500, 20_000):
        update(hub.store, following, rules, Clock(START + dt.timedelta(seconds=second)))
    spaces = [row[2] for row in history(hub)[2]]
    assert spaces[0] > 0
    assert -1 in spaces[1:]
    assert len(spaces) == 6


def test_killed_at_random_points_it_ends_in_the_same_history(
    make_hub: Callable[[str], TestHub], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = make_hub("sqlite")
    settings_ = configured(hub)
    log = hub.root / "cmsauth.log"
    log.write_text("".join(bursts(5, 60_000)))
    tick(hub, settings_, 20_000)
    undisturbed = history(hub)
    with hub.store.metrics.begin() as connection:
        for table in TABLES:
            connection.execute(sa.delete(table))
    monkeypatch.setenv("HZMETRICS_NOW", f"{START + dt.timedelta(seconds=20_000):%Y-%m-%dT%H:%M:%SZ}")
    chance = random.Random(1)
    for _ in range(5):
        process = subprocess.Popen([sys.executable, "-m", "hzmetrics", "events", "update"], stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.3, 1.5))
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert hub.run("events", "update") == 0
    assert history(hub)[:2] == undisturbed[:2]


def test_watch_ends_cleanly_on_sigterm_with_the_results_of_updates(
    make_hub: Callable[[str], TestHub], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = make_hub("sqlite")
    configured(hub)
    log = hub.root / "cmsauth.log"
    log.touch()
    process = subprocess.Popen([sys.executable, "-m", "hzmetrics", "events", "watch"], stderr=subprocess.DEVNULL)
    lines = bursts(4)
    for begin in range(0, len(lines), 100):
        with log.open("a") as file:
            file.write("".join(lines[begin : begin + 100]))
        time.sleep(0.7)
    wanted = sum(action in text for text in lines for action in (" login", " invalid", " logout"))

    def counted() -> int:
        with hub.store.metrics.connect() as connection:
            return sum(sum(json.loads(row.summary).values()) for row in connection.execute(sa.select(hourly_stats)))

    given_up = time.monotonic() + 60
    while counted() < wanted and time.monotonic() < given_up:
        time.sleep(0.1)
    process.terminate()
    assert process.wait(10) == 0
    with hub.store.metrics.connect() as connection:
        state = dict(connection.execute(sa.select(capability_state.c.name, capability_state.c.value)).all())
    assert "events.evaluated_until" in state
    assert counted() == wanted


def test_a_log_read_over_many_updates_ends_in_the_same_history(hub: TestHub) -> None:
    """Far back, so that events are past keeping as soon as they are read."""
    settings_ = configured(hub)
    log = hub.root / "cmsauth.log"
    quiet = "".join(line(second, "detect") for second in range(50))
    log.write_text(quiet + "".join(bursts(6)))
    now = 9 * 86_400
    tick(hub, settings_, now)
    at_once = history(hub)
    assert at_once[1]

    forget(hub)
    log.write_text(quiet + "".join(bursts(6)))
    following = replace(Following.of(settings_), max_bytes=1700)
    rules = EventSettings.of(settings_, following)
    while update(hub.store, following, rules, Clock(START + dt.timedelta(seconds=now))).reading.cut_at is not None:
        pass
    assert history(hub)[1:] == at_once[1:]


def test_an_event_from_before_the_machine_had_a_clock_makes_no_hours(make_hub: Callable[[str], TestHub]) -> None:
    hub = make_hub("sqlite")
    settings_ = configured(hub)
    (hub.root / "cmsauth.log").write_text("1970-01-01 00:00:10 7 [ann] 198.51.100.7 login\n" + line(60, "login"))
    tick(hub, settings_, 4000)
    hours = history(hub)[2]
    assert len(hours) <= 730 * 24
    assert hours[-1] == ("2026-02-03T22:00:00Z", '{"successful_logins": 1}', -1)

"""The month that is not over: computed from what has been imported, and written to no table."""

from __future__ import annotations

import dataclasses

import pytest
import sqlalchemy as sa

from hzmetrics.calendar import Clock, Month
from hzmetrics.grids.summarize import summarize_month
from hzmetrics.publish.figures import overview
from hzmetrics.publish.figures.definitions import FIGURES
from hzmetrics.sessions.build import build_sessions
from hzmetrics.store.tables.metrics import summary_user_vals, userlogin, web, websessions
from tests.conftest import TestHub

pytestmark = pytest.mark.integration

MONTH = Month(2026, 11)


def test_the_running_month_is_what_its_summary_would_be(hub: TestHub) -> None:
    requests = [("09:00:00", "a", 0), ("09:20:00", "a", 0), ("10:00:00", "b", 1), ("11:00:00", "c", 0)]
    with hub.store.metrics.begin() as connection:
        connection.execute(
            sa.insert(web),
            [
                {"id": number, "datetime": f"2026-11-05 {time}", "ip": f"198.51.100.{ord(who)}", "host": who,
                 "domain": f"{who}.example", "content": "/x", "dnload": dnload}
                for number, (time, who, dnload) in enumerate(requests, 1)
            ],
        )  # fmt: skip
        connection.execute(
            sa.insert(userlogin),
            [{"id": 1, "datetime": "2026-11-06 08:00:00", "user": "ann", "ip": "198.51.100.99", "action": "login"}],
        )  # fmt: skip
    corrections = frozenset({"last-session", "all-days"})
    settings = dataclasses.replace(hub.settings, clock=Clock.parse("2026-11-20T12:00:00"), corrections=corrections)
    seen = overview.with_running_month(hub.store, settings, overview.read(hub.store))
    assert seen.running_month == MONTH
    assert seen.running_until == "2026-11-05 11:00:00"
    assert {key: seen.running[key] for key in ("user.1.1", "user.6.1", "user.7.1", "user.8.1", "misc.5.1")} == {
        "user.1.1": 3, "user.6.1": 1, "user.7.1": 1, "user.8.1": 1, "misc.5.1": 2,  # the last visit may go on
    }  # fmt: skip
    for table in (summary_user_vals, websessions):
        assert hub.store.metrics.scalar(sa.select(sa.func.count()).select_from(table)) == 0

    build_sessions(hub.store, settings, MONTH)
    summarize_month(hub.store, settings, MONTH)
    stored = overview.read(hub.store)
    assert {key: stored.value(key, MONTH, 1) for key in FIGURES} == seen.running
    assert overview.with_running_month(hub.store, settings, stored).running_month is None

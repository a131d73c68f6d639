"""Each correction of the grids beside the reference on the same rows, and what the audit says of them."""

from __future__ import annotations

import dataclasses

import pytest

from hzmetrics.calendar import PERIODS
from hzmetrics.grids.corrections import Effect, effects
from hzmetrics.grids.summarize import summarize_month
from hzmetrics.sessions.build import build_sessions
from hzmetrics.store.tables.metrics import web
from tests.conftest import TestHub
from tests.grids.naive import Row
from tests.grids.test_cells import MONTH, corrected, fill, written


def session(number: int, time: str, ip: str = "192.0.2.1", **more: object) -> Row:
    row = {"id": number, "datetime": time, "ip": ip, "host": "h.example", "domain": "example", "ipcountry": "US"}
    return {**row, "duration": 1000, "jobs": 0, **more}


def login(number: int, time: str, user: str, ip: str = "192.0.2.1") -> Row:
    return {"id": number, "datetime": time, "user": user, "uidNumber": 1, "ip": ip, "action": "login"}


def run(number: int, time: str, user: str) -> Row:
    return {"id": number, "datetime": time, "user": user, "success": 1, "countryresident": None, "orgtype": None}


MIDNIGHT, NOON, YEARS_AGO = "2024-02-01 00:00:00", "2024-02-10 12:00:00", "2009-02-10 12:00:00"

EXAMPLES: dict[str, tuple[dict[str, list[Row]], tuple[str, int, int], str, str]] = {
    "window-start": ({"websessions": [session(1, MIDNIGHT), session(2, NOON)]}, ("misc", 5, 1), "1", "2"),
    "dated-logins": (
        {"websessions": [session(1, NOON)], "userlogin": [login(1, YEARS_AGO, "ann")]}, ("user", 3, 1), "2", "1"
    ),
    "distinct-total": (
        {"websessions": [session(1, NOON), session(2, NOON, duration=10)],
         "web": [{"id": 1, "datetime": NOON, "sessionid": 2, "dnload": 1}]},
        ("user", 1, 1), "2", "1",
    ),
    "half-up": (
        {"toolstart": [run(1, NOON, "ann"), run(2, NOON, "bob"), *(run(n, NOON, "ann") for n in range(3, 6))]},
        ("simusage", 7, 1), "2", "3",
    ),
    "countries": (
        {"websessions": [session(n, NOON, f"192.0.2.{n}", ipcountry=code) for n, code in ((1, "AP"), (2, "XK"))]},
        ("user", 7, 2), "2", "1",
    ),
}  # fmt: skip
"""Name: rows, a cell, its value in the reference, and corrected."""


@pytest.mark.parametrize("name", EXAMPLES)
def test_corrections_beside_the_reference(hub: TestHub, name: str) -> None:
    tables, cell, reference, value = EXAMPLES[name]
    fill(hub, tables)
    for settings, expected in ((hub.settings, reference), (corrected(hub, name), value)):
        summarize_month(hub.store, settings, MONTH)
        assert written(hub, 1)[cell] == expected
    before = [written(hub, period) for period in PERIODS]
    effect = next(effect for effect in effects(hub.store, hub.settings, MONTH) if effect.name == name)
    assert effect.cells >= 1 and effect.sessions == effect.visitors == 0
    assert [written(hub, period) for period in PERIODS] == before


def test_the_audit_tells_what_corrections_of_sessions_change(hub: TestHub) -> None:
    request = {"ip": "192.0.2.1", "sessionid": None, "domain": "example", "ipcountry": "US", "dnload": 1}
    times = ("02 10:00:00", "08 10:00:00", "10 10:00:00", "11 10:00:00")
    fill(hub, {"web": [{**request, "id": n, "datetime": f"2024-02-{time}", "host": f"h{n}.example"}
                       for n, time in enumerate(times, 1)]})  # fmt: skip
    expected = {"all-days": Effect("all-days", 1, 1, 0), "last-session": Effect("last-session", 1, 1, 0),
                "session-order": Effect("session-order", 0, 0, 0)}  # fmt: skip
    for stamped in (False, True):
        found = {effect.name: effect for effect in effects(hub.store, hub.settings, MONTH)}
        for name, effect in expected.items():
            assert found[name][:3] == effect[:3]
        assert found["all-days"].cells > 0 and found["session-order"].cells == 0
        if not stamped:
            everything = dataclasses.replace(hub.settings, corrections=frozenset(("all-days", "last-session")))
            assert build_sessions(hub.store, everything, MONTH) == 4
    assert hub.store.metrics.read(web.select()).num_rows == 4

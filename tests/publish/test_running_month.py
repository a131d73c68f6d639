"""The month that is not over: computed from what has been imported, and written to no table."""

from __future__ import annotations

import csv
import dataclasses
import json

import pytest
import sqlalchemy as sa

from hzmetrics.calendar import Clock, Month
from hzmetrics.grids.summarize import summarize_month
from hzmetrics.publish.figures import overview, running
from hzmetrics.publish.figures.definitions import FIGURES
from hzmetrics.publish.publishing import publish
from hzmetrics.sessions.build import build_sessions
from hzmetrics.store.tables.metrics import summary_user_vals, userlogin, web, websessions
from tests.conftest import TestHub
from tests.publish.conftest import INCOMPLETE, fill

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
    seen = running.read(hub.store, settings, None)
    assert seen
    assert (seen.month, seen.until) == (str(MONTH), "2026-11-06 08:00:00")  # that of the login
    assert {key: seen.values[key] for key in ("user.1.1", "user.6.1", "user.7.1", "user.8.1", "misc.5.1")} == {
        "user.1.1": 3, "user.6.1": 1, "user.7.1": 1, "user.8.1": 1, "misc.5.1": 2,  # the last visit may go on
    }  # fmt: skip
    for table in (summary_user_vals, websessions):
        assert hub.store.metrics.scalar(sa.select(sa.func.count()).select_from(table)) == 0

    build_sessions(hub.store, settings, MONTH)
    summarize_month(hub.store, settings, MONTH)
    stored = overview.read(hub.store)
    counted = {key: value for key, value in seen.values.items() if value is not None}
    assert {key: stored.value(key, MONTH, 1) for key in counted} == counted
    assert not any(stored.value(key, MONTH, 1) for key in FIGURES if key not in counted)
    assert running.read(hub.store, settings, MONTH) is None


def test_it_is_computed_when_something_was_imported_and_on_big_hubs_once_an_hour(hub: TestHub) -> None:
    def request(number: int) -> None:
        with hub.store.metrics.begin() as connection:
            row = {"id": number, "datetime": f"2026-11-05 09:0{number}:00", "ip": f"192.0.2.{number}", "host": "a"}
            connection.execute(sa.insert(web), [{**row, "domain": "a.example", "content": "/x", "dnload": 1}])

    def at(time: str, before: running.Running | None) -> running.Running:
        settings = dataclasses.replace(hub.settings, clock=Clock.parse(f"2026-11-20T{time}"))
        found = running.read(hub.store, settings, None, json.loads(json.dumps(vars(before))) if before else None)
        assert found
        return found

    request(1)
    first = at("12:00:00", None)
    assert at("15:00:00", first).computed == first.computed
    request(2)
    second = at("12:00:01", first)
    assert second.until == "2026-11-05 09:02:00" and second.computed != first.computed
    request(3)
    slow = dataclasses.replace(second, seconds=running.SLOW)
    assert at("13:00:00", slow).computed == slow.computed
    assert at("13:00:01", slow).until == "2026-11-05 09:03:00"


def test_what_has_not_been_counted_yet_has_no_value(hub: TestHub) -> None:
    with hub.store.metrics.begin() as connection:
        row = {"id": 1, "datetime": "2026-11-05 09:00:00", "ip": "192.0.2.1", "host": "a", "domain": "a.example"}
        connection.execute(sa.insert(web), [{**row, "content": "/x", "dnload": 1}])
    settings = dataclasses.replace(hub.settings, clock=Clock.parse("2026-11-20T12:00:00"))
    seen = running.read(hub.store, settings, None)
    assert seen and seen.values["user.6.1"] is None and seen.values["simusage.2.1"] is None


def test_the_running_month_has_zeros_where_the_whole_is_known(hub: TestHub) -> None:
    requests = [("2026-11-05 09:00:00", 1), ("2026-11-05 09:20:00", 1), ("2026-11-06 09:00:00", 2)]
    with hub.store.metrics.begin() as connection:
        connection.execute(
            sa.insert(web),
            [
                {"id": number, "datetime": time, "ip": f"198.51.100.{who}", "host": str(who), "domain": "a.example",
                 "ipcountry": "DE", "content": "/x", "dnload": 0}
                for number, (time, who) in enumerate(requests, 1)
            ],
        )  # fmt: skip
    settings = dataclasses.replace(hub.settings, clock=Clock.parse("2026-11-20T12:00:00"))
    seen = running.read(hub.store, settings, None)
    assert seen
    assert {column: seen.values[f"user.7.{column}"] for column in (1, 2, 3, 4, 5, 6)} == {
        1: 1, 2: 1, 3: 0, 4: 0, 5: 1, 6: 0
    }  # fmt: skip
    assert (seen.values["user.8.1"], seen.values["user.6.1"], seen.values["user.8.3"]) == (0, None, None)


def test_its_data_reach_to_the_newest_tool_session(hub: TestHub) -> None:
    sessionlog = hub.store.hub_tables.sessionlog
    session = {"sessnum": 1, "username": "ann", "appname": "tool", "start": "2026-11-19 10:00:00"}
    with hub.store.metrics.begin() as connection:
        row = {"id": 1, "datetime": "2026-11-05 09:00:00", "ip": "192.0.2.1", "host": "a", "domain": "a.example"}
        connection.execute(sa.insert(web), [{**row, "content": "/x", "dnload": 1}])
    with hub.store.hub.begin() as connection:
        connection.execute(sa.insert(sessionlog), [session, {**session, "sessnum": 2, "start": "2026-11-21 10:00:00"}])
    settings = dataclasses.replace(hub.settings, clock=Clock.parse("2026-11-20T12:00:00"))
    seen = running.read(hub.store, settings, None)
    assert seen and seen.until == "2026-11-19 10:00:00"


def test_it_is_in_every_form_of_the_data(hub: TestHub) -> None:
    fill(hub.store)
    with hub.store.metrics.begin() as connection:
        rows = [
            {"id": number, "datetime": f"2026-11-05 {time}:00", "ip": "192.0.2.1", "host": "a", "domain": "a.example",
             "content": "/x", "dnload": 1}
            for number, time in enumerate(("09:00", "10:00", "11:00"), 1)
        ]  # fmt: skip
        connection.execute(sa.insert(web), rows)
    settings = dataclasses.replace(hub.settings, clock=Clock.parse("2026-11-20T12:00:00"))
    directory = hub.root / "usage"
    publish(hub.store, settings, directory)
    values = json.loads((directory / "data/overview-1.json").read_text(encoding="utf-8"))["running"]["values"]
    listed = list(csv.DictReader((directory / "data/overview-1.csv").open(encoding="utf-8")))
    found = {
        ".".join((row["grid"], row["rowid"], row["colid"])): row["value"]
        for row in listed
        if (row["month"], row["mark"]) == (str(MONTH), "provisional")
    }
    assert values["misc.5.1"] and found == {key: "" if value is None else str(value) for key, value in values.items()}
    assert {row["mark"] for row in listed if row["month"] == str(INCOMPLETE)} == {"incomplete"}
    assert "2026-11" not in (directory / "data/overview-12.csv").read_text(encoding="utf-8")


def test_a_running_month_that_was_summarized_by_hand_is_no_whole_one(hub: TestHub) -> None:
    def months(*values: tuple[str, str]) -> overview.Overview:
        with hub.store.metrics.begin() as connection:
            connection.execute(sa.delete(summary_user_vals))
            connection.execute(
                sa.insert(summary_user_vals),
                [
                    {
                        "rowid": 1,
                        "colid": 1,
                        "datetime": f"{month}-00 00:00:00",
                        "period": 1,
                        "value": value,
                        "valfmt": 1,
                    }
                    for month, value in values
                ],
            )
        return overview.read(hub.store).before(MONTH)

    seen = months(("2026-09", "9"), ("2026-10", "8"), ("2026-11", "7"))
    assert seen.months == [Month(2026, 9), Month(2026, 10)]
    assert list(seen.series["user.1.1", 1]) == [9, 8]
    assert months(("2026-11", "7")).months == [MONTH]
    alone = overview.Overview([MONTH], {})
    assert alone.before(MONTH).mark(MONTH) == "incomplete" and not alone.before(MONTH.plus(1)).mark(MONTH)

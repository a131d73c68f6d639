"""The statistics of tools equal a naive reading of spec 40, on both stores and under every correction."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hzmetrics.calendar import Month
from hzmetrics.collation import fold
from hzmetrics.tools.stats import gen_tool_stats
from hzmetrics.tools.toplists import gen_tool_toplists
from hzmetrics.tools.tops import gen_tool_tops
from tests.conftest import TestHub
from tests.tools import naive
from tests.tools.hubs import Row, fill, stored

MONTH = Month(2026, 5)
NAMES = [
    "a",
    "A ",
    "b",
    "a_b",
    "axb",
    "x_dev",
    "x_dev ",
    "é",
    "e",
    "mtool_r1",
    "MTOOL_R1 ",
    "mtoolxdev",
    "a_DEV",
    "",
    " ",
]
TIMES = [
    "0000-00-00 00:00:00", "1995-01-01 00:00:00", "1995-01-01 00:00:01", "2025-06-01 00:00:00", "2025-10-01 00:00:00",
    "2025-12-31 23:59:59", "2026-01-01 00:00:00", "2026-04-01 00:00:00", "2026-04-01 00:00:01", "2026-05-01 00:00:00",
    "2026-05-01 00:00:01", "2026-05-31 23:59:59", "2026-06-01 00:00:00",
]  # fmt: skip
USERS = ["ada", "ADA", "ada ", "bruno", "chloé", "chloe", ""]
EVENTS = ["[waiting]", "[WAITING] ", "application", "Application", "simulation", ""]
DOMAINS = [None, "", "?", "mit.edu", "MIT.edu"]
SECONDS = st.sampled_from([None, 0.0, 0.25, 0.5, 1.5, 97.5, 3e9, 123456.75, 288.4, 255.2, 208.5, 15.4, 0.1])


def unique(rows: list[Row], *key: str) -> list[Row]:
    """The first row of each key, as the hub's unique keys would have it."""
    return list(
        {tuple(fold(v) if isinstance(v, str) else v for v in (row[k] for k in key)): row for row in rows}.values()
    )


def numbered(rows: list[Row], name: str, first: int = 1) -> list[Row]:
    return [{name: number, **row} for number, row in enumerate(rows, first)]


def lists(**columns: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Row]]:
    return st.lists(st.fixed_dictionaries(columns), min_size=1, max_size=14)


@st.composite
def hubs(draw: st.DrawFn) -> dict[str, list[Row]]:
    few = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3))
    name, user = st.sampled_from(few), st.sampled_from(USERS)
    time = st.sampled_from(draw(st.lists(st.sampled_from(TIMES), min_size=1, max_size=4)))
    small, flag = st.integers(0, 2), st.sampled_from([0, 1, 1, 2])
    resources = draw(lists(alias=name, type=st.sampled_from([7, 7, 7, 3]), published=flag, standalone=flag,
                           title=st.sampled_from(["Tool", "T" * 250])))  # fmt: skip
    sessions = draw(lists(username=user, start=time, appname=name, walltime=SECONDS, viewtime=SECONDS))
    jobs = draw(lists(sessnum=st.integers(1, len(sessions)), job=small, superjob=small, event=st.sampled_from(EVENTS),
                      walltime=SECONDS, cputime=SECONDS, ncpus=st.integers(0, 5)))  # fmt: skip
    seen = draw(lists(user=user, start=time, appname=name, domain=st.sampled_from(DOMAINS),
                      countryresident=st.sampled_from([None, "", "DE", "de", "QQ", "ZZ", "É"])))  # fmt: skip
    return {
        "resources": numbered(resources, "id", 995),
        "tool_version": unique(draw(lists(toolname=name, instance=st.sampled_from(NAMES))), "toolname", "instance"),
        "sessionlog": draw(st.permutations(numbered(sessions, "sessnum"))),
        "joblog": [{"venue": f"site{number}", **row} for number, row in enumerate(jobs)],
        "sessionlog_metrics": [{"id": row["sessnum"], **row} for row in numbered(seen, "sessnum")],
        "profiles": numbered(
            draw(lists(username=user, orgtype=st.sampled_from(["", "edu", "EDU", "gov"]))), "uidNumber"
        ),
        "countries": [{"code": "DE", "name": "Germany"}, {"code": "QQ", "name": ""}, {"code": "E", "name": "Eland"}],
    }


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables=hubs(), corrections=st.frozensets(st.sampled_from(["window-start", "half-up", "countries"])))
def test_equal_the_naive_reading(hub: TestHub, tables: dict[str, list[Row]], corrections: frozenset[str]) -> None:
    fill(hub, tables)
    settings = replace(hub.settings, corrections=corrections)
    for command in (gen_tool_stats, gen_tool_tops, gen_tool_toplists):
        command(hub.store, settings, MONTH)

    expected = naive.tool_stats(tables, 2026, 5, corrections)
    stats = {(row["resid"], row["period"]): row for row in stored(hub, "resource_stats_tools")}
    assert stats.keys() == expected.keys()
    for key, values in expected.items():
        assert {name: stats[key][name] for name in values} == values, key
        assert (stats[key]["restype"], stats[key]["datetime"]) == (7, "2026-05-00 00:00:00")

    copies = {(row["resid"], row["period"]): row for row in stored(hub, "resource_stats")}
    assert copies.keys() == expected.keys()
    for key, row in stats.items():
        values = naive.copied(row)
        assert {name: copies[key][name] for name in values} == values, key

    rows = stored(hub, "resource_stats_tools")
    found = [(row["id"], row["top"], row["rank"], row["name"], row["value"])
             for row in stored(hub, "resource_stats_tools_topvals")]  # fmt: skip
    assert sorted(found) == naive.breakdowns(tables, rows, 2026, 5, corrections)
    found_lists = [(row["top"], row["period"], row["rank"], row["name"], row["value"])
                   for row in stored(hub, "stats_topvals")]  # fmt: skip
    assert sorted(found_lists) == naive.toplists(tables, rows, 2026, 5, corrections)

"""Host to domain: the model against a plain reading of the rule; which rows get one (spec 20 §3)."""

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from hzmetrics.enrich.domains import domains_of, lacks_domain
from tests.conftest import TestHub
from tests.enrich.tables import TABLES, column, visits


def split_label(label: str) -> str:
    """spec 20 §3.3, word for word."""
    for inner, cut in (("-", "-"), ("_", "-"), ("_", "_"), ("-", "_")):
        for position in reversed(range(len(label) - 1)):
            if label[position] == cut and four_pieces(label[:position], inner):
                return label[position + 1 :]
    return label


def four_pieces(text: str, inner: str) -> bool:
    """Three joints, the text neither begins nor ends with one of them, no two are adjacent."""
    joints, last = 0, 0
    for position in range(1, len(text) - 1):
        if text[position] == inner and (joints == 0 or position > last + 1):
            joints, last = joints + 1, position
    return joints >= 3


def domain(host: str) -> str:
    """spec 20 §3.2, word for word."""
    if "." not in host:
        return "?"
    labels = host.split(".")
    tld, sld = labels[-1], labels[-2]
    if len(labels) == 2:
        result = split_label(sld) + "." + tld
    else:
        take = 2
        if len(tld) == 2 and len(sld) == 2 and sld != "ub":
            take = 3
        if len(tld) == 2 and sld in {"com", "net", "org", "edu", "gov", "mil", "ac", "co", "ne", "or", "ed"}:
            take = 3
        if tld == "mil" and sld in {"af", "army", "navy"}:
            take = 3
        if len(labels) >= 4 and tld == "us" and labels[-3] in {"k12", "lib", "cc", "tec"}:
            take = 4
        result = ".".join(labels[-take:])
    return "?" if result in ("", ".") else result


LABELS = st.one_of(
    st.sampled_from(
        [
            "",
            "us",
            "uk",
            "de",
            "ub",
            "mil",
            "af",
            "army",
            "k12",
            "lib",
            "com",
            "co",
            "ac",
            "edu",
            "in",
            "net",
            "é",
            "12",
        ]
    ),
    st.text("ab-_", max_size=14),
    st.text(max_size=4).filter(lambda text: "." not in text and "\0" not in text),
)
HOSTS = st.lists(LABELS, min_size=1, max_size=6).map(".".join)


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(st.lists(HOSTS, min_size=50, max_size=200))
def test_the_model_is_the_rule(hosts: list[str]) -> None:
    assert domains_of(hosts) == {host: domain(host) for host in hosts}


EXAMPLES = {
    "1-2-3-4-dsl-east.net": "east.net",
    "1-2-3-4_cable.com": "cable.com",
    "a-b-c-d-.net": "a-b-c-d-.net",
    "a-b-c-d--.net": "-.net",
    "a-b-c-d-e-.net": "e-.net",
    "-a-b-c-d.net": "-a-b-c-d.net",
    "-a-b-c-d-e.net": "e.net",
    "a--b--c--d-e.net": "e.net",
    "www.school.k12.in.us": "school.k12.in.us",
    "host.example.com.": "com.",
    "a...b": ".b",
    "..": "?",
    "Search.MSN.com": "MSN.com",
    "": "?",
}


def test_examples() -> None:
    assert domains_of(EXAMPLES) == EXAMPLES
    assert {host: domain(host) for host in EXAMPLES} == EXAMPLES


@pytest.mark.parametrize("table", ["web", "websessions", "toolstart", "sessionlog_metrics"])
def test_which_rows(hub: TestHub, table: str) -> None:
    visits(
        hub,
        table,
        {"host": "WWW.Example.EDU"},
        {"host": "www.example.edu", "domain": " "},
        {"host": "www.example.edu", "domain": "?"},
        {"host": "www.example.edu", "domain": "-"},
        {"host": "www.example.edu", "domain": "(unknown)"},
        {"host": " "},
        {"host": None},
        {"host": "?"},
        {"host": "localhost", "domain": "?"},
        {"host": "www.example.edu  "},
        {"host": "www.example.edu", "datetime": "2025-02-28 00:00:00"},
        {"host": "www.example.edu", "datetime": "2025-02-27 23:59:59"},
        {"host": "www.example.edu", "datetime": "2025-03-31 23:59:59"},
        {"host": "www.example.edu", "datetime": "2025-04-01 00:00:00"},
    )
    ours = "example.edu"
    assert hub.run("fill-domain", "metrics", table, "2025-03", "--dry-run") == 0
    assert column(hub, table, "domain")[0] is None
    assert hub.run("fill-domain", "metrics", table, "2025-03") == 0
    assert column(hub, table, "domain") == [
        ours, ours, ours, "-", "(unknown)", None, None, "?", "?", ours + "  ", ours, None, ours, None,
    ]  # fmt: skip
    assert hub.run("fill-domain", "metrics", table, "--all") == 0
    assert column(hub, table, "domain")[-4:] == [ours] * 4


@pytest.mark.parametrize("table", ["web", "sessionlog_metrics"])
def test_a_host_without_a_dot_keeps_its_question_mark(hub: TestHub, table: str) -> None:
    """Only rows that may change are taken; the domain of others is what a new look gives them."""
    taken = [("?", None), ("?", ""), ("?", "  "), ("?", "? "), ("localhost", "? "), ("..", "?"), ("a.example.org", "?")]
    left = [("?", "?"), ("? ", "?"), ("localhost", "?"), ("é", "?"), ("?", "-"), (None, None), ("", "?"), (None, "?")]
    visits(hub, table, *({"host": host, "domain": domain} for host, domain in taken + left))
    target = TABLES[table]
    found = hub.store.metrics.rows(sa.select(target.c.id).where(lacks_domain(target)).order_by(target.c.id))
    assert [row.id for row in found] == list(range(1, len(taken) + 1))
    assert hub.run("fill-domain", "metrics", table, "2025-03") == 0
    expected = ["?"] * 6 + ["example.org"] + [domain for _, domain in left]
    assert column(hub, table, "domain") == expected
    assert {domain for _, domain in left[:4]} == set(domains_of(host for host, _ in left[:4] if host).values())


def test_default_dates_and_zero_dates(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HZMETRICS_NOW", "2025-03-10")
    times = ["0000-00-00 00:00:00", "2025-02-28 00:00:00", "2025-03-10 23:59:59", "2025-03-11 00:00:00"]
    visits(hub, "web", *({"host": "a.example.org", "datetime": time} for time in times))
    assert hub.run("fill-domain", "metrics", "web") == 0
    assert column(hub, "web", "domain") == [None, "example.org", "example.org", None]
    assert hub.run("fill-domain", "metrics", "web", "..2025-03") == 0
    assert column(hub, "web", "domain")[0] == "example.org"


def test_long_domains_are_cut(hub: TestHub) -> None:
    visits(hub, "web", {"host": "x" * 250 + ".abc"})
    assert hub.run("fill-domain", "metrics", "web", "2025-03") == 0
    assert column(hub, "web", "domain") == ["x" * 250 + ".abc"]


def test_wrong_use(hub: TestHub) -> None:
    assert hub.run("fill-domain", "metrics", "webhits") == 2
    assert hub.run("fill-domain", "nowhere", "web") == 2
    assert hub.run("fill-domain", "metrics", "web", "2025-02-30") == 2
    assert hub.run("fill-domain", "hub", "web", "2025-03") == 1

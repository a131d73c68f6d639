"""The shapes of auth lines and which of them count (spec 10 §6)."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hzmetrics.engine import Engine
from hzmetrics.ingest.addresses import Clients, anywhere
from hzmetrics.ingest.auth import AuthLog, Rules
from hzmetrics.logs import grammar
from hzmetrics.logs.auth import AuthEvents
from hzmetrics.logs.requests import PACKAGE
from tests.logs.lines import relation

pytestmark = pytest.mark.slow

Row = tuple[str, str, int, str, str]


def read(texts: list[str], *, ip: tuple[str, ...] = (), reads_ipv6: bool = False) -> list[Row]:
    """The rows that lines become."""
    with AuthLog(Rules(Clients(anywhere(ip), reads_ipv6))) as log:
        log.filter(relation(texts))
        return [tuple(row.values()) for row in log.rows().drop_columns("number").to_pylist()]


TIME, END = "2025-06-07 10:00:01", "203.0.113.20 login"
STAMP = f"[{TIME}] production.INFO:"


@pytest.mark.parametrize(
    ("text", "user", "uid"),
    [
        (f"{TIME} 1001 [ann] {END}", "ann", 1001),
        (f"{TIME}\t0012  [[ an n ]]  {END} \t", " an n ", 12),
        (f"{TIME} 1004 [[]] {END}", "-", 1004),
        (f"{TIME} 9999999999999999999999 [ann] {END}", "ann", 2**63 - 1),
        (f"{STAMP} 42 [bea] {END} [] []", "bea", 42),
        (f"{STAMP} x42 {END}", "-", 0),
        (f"{STAMP} 42 [] {END}", "-", 42),
        (f"{STAMP} 42 [[bea] {END}", "bea", 42),
        (f"{TIME} bea {END}", "bea", 0),
        (f"{TIME} 1003 [] {END}", "1003 []", 0),
        (f"{TIME} - [ann] {END}", "- [ann]", 0),
        (f"{TIME} 1041[tom] {END}", "1041[tom]", 0),
        (f"{TIME}   {END}", "-", 0),
    ],
)
def test_shapes(text: str, user: str, uid: int) -> None:
    assert read([text]) == [(TIME, user, uid, "203.0.113.20", "login")]


@pytest.mark.parametrize(
    "text",
    [
        f"2025-06-07 1001 [ann] {END}", f"2025-06-07 7:00:01 1 [ann] {END}", f"2025-02-30 10:00:01 1 [ann] {END}",
        f"2025-06-07 24:00:01 1 [ann] {END}", f"{STAMP.lower()} 42 [bea] {END}", f"[ {TIME}] production.INFO: 1 {END}",
        f"{TIME} 1 [ann] 2001:db8::1 login", f"{TIME} {END}", "", f" {TIME} 1 [ann] {END}",
        f"{TIME} 1 [ann] 203.0.113.20 logout", f"{TIME} 1 [ann] 203.0.113.20 Login", f"{TIME} 1 [hubadmin] {END}",
        f"{STAMP} 42 [bea] {END} []", f"{STAMP} 42 [bea] {END} [][]", f"{STAMP} 42 [bea] {END} [] [] []",
    ],
)  # fmt: skip
def test_lines_that_do_not_count(text: str) -> None:
    assert read([text]) == []


def test_only_the_spelling_of_the_hub_s_own_accounts_and_ip_filters_drop() -> None:
    assert [row[1] for row in read([f"{TIME} 1 [HubAdmin] {END}", f"{TIME} 1 [hubstatus ] {END}"])] == [
        "HubAdmin",
        "hubstatus ",
    ]
    assert read([f"{TIME} 1 [ann] {END}"], ip=("113.2",)) == []


def test_ipv6_clients_are_read_with_the_correction() -> None:
    text = f"{TIME} 7 [ann] 2001:DB8:0::1 login"
    assert read([text]) == []
    assert read([text], reads_ipv6=True) == [(TIME, "ann", 7, "2001:db8::1", "login")]


PIECES = [TIME, END, STAMP, "1", "[ann]", "[", "]", "[]", "bea", "203.0.113.20", "login", "[[x]]", "-"]


def backtracked(text: str) -> tuple[str, str] | None:
    """User and address as a backtracking matcher finds them."""
    for pattern, user in ((grammar.AUTH_NUMBER, 4), (grammar.AUTH_FRAMEWORK, 4), (grammar.AUTH_NAME, 3)):
        match = re.fullmatch(pattern, text, re.ASCII)
        if match:
            name = match[user] or ""
            stripped = name.strip(" \t\v") if user == 3 else name.lstrip("[").rstrip("]")
            return stripped or "-", match[user + 1]
    return None


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32))
def test_any_mixture_of_pieces_is_read_as_a_backtracking_matcher_reads_it(seed: int) -> None:
    chance = random.Random(seed)
    blanks = [" ", " ", "  ", "\t", ""]
    texts = [
        "".join(
            chance.choice(PIECES if place else [TIME, STAMP]) + chance.choice(blanks)
            for place in range(chance.randrange(8))
        )
        + chance.choice(["", " " + END, " " + END + " []", " " + END + " [] []"])
        for _ in range(500)
    ]
    expected = [found for text in texts if (found := backtracked(text))]
    with Engine(PACKAGE) as engine:
        AuthEvents(engine).read(relation(texts))
        events = engine.table("auth_events").sort_by("number").select(["user", "address"]).to_pylist()
    rows = [tuple(event.values()) for event in events if ":" not in event["address"]]
    assert rows == expected

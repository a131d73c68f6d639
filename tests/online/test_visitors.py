"""What a refresh makes of its rows, without a database."""

from hypothesis import given
from hypothesis import strategies as st

from hzmetrics.online.visitors import (
    NOT_ASKED,
    NOWHERE,
    Location,
    Visitor,
    arrivals,
    nameless,
    ordered,
    placeless,
    present,
    with_known_names,
    with_names,
    with_places,
)

SOMEWHERE = Location("US", "United States", "Indiana", "West Lafayette", 40.4259, -86.9081)


def visitor(
    session_id: str,
    ip: str | None = "192.0.2.1",
    username: str | None = "",
    seconds: float | None = 1000.0,
    host: str | None = None,
    domain: str | None = None,
    place: Location = NOT_ASKED,
    bot: int | None = 0,
) -> Visitor:
    return Visitor(session_id, username, str(seconds), seconds, 1, 0, ip, host, domain, place, bot)


def test_exactly_an_hour_is_present_and_a_missing_time_always() -> None:
    rows = [
        visitor("a", seconds=1000),
        visitor("b", seconds=999),
        visitor("c", seconds=None),
        visitor("d", seconds=9e9),
    ]
    assert [row.session_id for row in present(rows, 4600)] == ["a", "c", "d"]


def test_one_session_of_each_address_and_user_arrives() -> None:
    sessions = [
        visitor("b", username="José"),
        visitor("a", username="JOSE "),
        visitor("c", username=None),
        visitor("d", username=""),
        visitor("e", ip=None),
        visitor("f", ip="FE80::1"),
        visitor("g", ip="fe80::1"),
    ]
    assert [row.session_id for row in arrivals(sessions, [])] == ["a", "c", "d", "e", "f"]
    assert [row.session_id for row in arrivals(sessions, [visitor("A"), visitor("d")])] == ["c", "e", "f"]


def test_the_last_name_to_appear_is_copied_to_the_whole_address() -> None:
    rows = [
        visitor("a", host="One.example", domain="one.example"),
        visitor("b", host="two.example", domain=None),
        visitor("c", host="ONE.example", domain="ONE.example"),
        visitor("d", host="(Unknown)", domain="x"),
        visitor("e"),
        visitor("f", ip="192.0.2.2"),
        visitor("g", ip=None, host="three.example"),
    ]
    named = with_known_names(rows)
    assert [row.host for row in named] == ["two.example"] * 5 + [None, "three.example"]
    assert [row.domain for row in named] == [None] * 7


def test_an_unresolvable_host_counts_as_known() -> None:
    rows = [visitor("a", host="192.0.2.1", domain="(unknown)"), visitor("b")]
    assert nameless(with_known_names(rows)) == []


def test_addresses_are_asked_for_once_and_given_to_all_rows() -> None:
    rows = [
        visitor("a"),
        visitor("b", host="(unknown)"),
        visitor("c", ip=""),
        visitor("d", ip=None),
        visitor("e", ip=" "),
    ]
    assert nameless(rows) == ["192.0.2.1"]
    named = with_names(rows, {"192.0.2.1": ("pc.example.edu", "example.edu")})
    assert [row.host for row in named] == ["pc.example.edu", "pc.example.edu", None, None, None]


def test_a_place_covers_all_rows_of_the_address() -> None:
    rows = [
        visitor("a", place=Location("DE", "Germany", "Bavaria", "Munich", 48.1, 11.6)),
        visitor("b"),
        visitor("c", ip=""),
        visitor("d", ip=None),
    ]
    assert placeless(rows) == ["192.0.2.1", ""]
    placed = with_places(rows, {"192.0.2.1": SOMEWHERE, "": NOWHERE}, frozenset())
    assert [row.place for row in placed] == [SOMEWHERE, SOMEWHERE, NOWHERE, NOT_ASKED]


def test_the_bot_flag() -> None:
    listed = frozenset({"CRAWL.EXAMPLE"})
    rows = [
        visitor("a", ip="1", domain="Crawl.example", bot=None),
        visitor("b", ip="2", domain="human.example", bot=2),
        visitor("c", ip="3", domain="human.example", bot=1),
        visitor("d", ip="3", domain="human.example", bot=0),
        visitor("e", ip="4", domain=None),
    ]
    flags = with_places(rows, dict.fromkeys("1234", SOMEWHERE), listed)
    assert [row.bot for row in flags] == [1, 2, 0, 0, 0]


texts = st.none() | st.sampled_from(["", "a", "A", "192.0.2.1", "h.example", "(unknown)", "ß", "é "])
rows_ = st.lists(
    st.builds(
        visitor,
        session_id=st.text("abcXYZ-_0", min_size=1, max_size=3),
        ip=texts,
        username=texts,
        host=texts,
        domain=texts,
        bot=st.sampled_from([None, 0, 1, 2]),
    ),
    unique_by=lambda row: row.session_id.upper(),
    max_size=12,
)


@given(rows_)
def test_a_second_refresh_changes_nothing(rows: list[Visitor]) -> None:
    def refreshed(rows: list[Visitor]) -> list[Visitor]:
        named = with_known_names(ordered(rows))
        named = with_names(named, {ip: (ip, "(unknown)") for ip in nameless(named)})
        return with_places(named, dict.fromkeys(placeless(named), SOMEWHERE), {"A"})

    once = refreshed(rows)
    assert refreshed(once) == once
    assert not nameless(once)
    assert all(row.place == SOMEWHERE for row in once if row.ip is not None)

"""Which requests count (spec 10 §3, §4), with and without the corrections of 15."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hzmetrics.ingest.addresses import Clients, anywhere, canonical, exactly, is_ipv6
from hzmetrics.ingest.bots import Bots
from hzmetrics.logs.reader import SCAN_BATCH
from hzmetrics.logs.settings import LogSettings
from tests.logs import lines

pytestmark = pytest.mark.slow

ADDRESSES = st.text("0123456789.:aAbB", max_size=12)


def line(
    url: str = "/x", *, agent: str = "Mozilla/5.0", referrer: str = "https://h/", status: str = "200", size: str = "9",
    method: str = "GET", ip: str = "198.51.100.7", date: str = "2025-07-01",
) -> str:  # fmt: skip
    return (
        f'{date} 00:00:05 -0500 3344 - "{method} {url} HTTP/1.1" {status} {size} {ip} "{referrer}" "{agent}" '
        "TLSv1.3 1 2 7 a b c d e f g h"
    )


def verdicts(texts: list[str], **rules: object) -> list[str | None]:
    """The counter that each recognised line is dropped under, None for kept ones."""
    with lines.access_log(**rules) as log:  # type: ignore[arg-type]
        log.filter(lines.relation(texts))
        return list(log.engine.table("filtered_requests").sort_by("number")["dropped_by"].to_pylist())


def verdict(text: str, **rules: object) -> str | None:
    (found,) = verdicts([text], **rules)
    return found


def downloads(urls: list[str]) -> list[bool]:
    with lines.access_log() as log:
        log.filter(lines.relation([line(url) for url in urls]))
        return list(log.engine.table("filtered_requests").sort_by("number")["is_download"].to_pylist())


@pytest.mark.parametrize(
    "text", [line(status="0200"), line(status="304"), line(size="00"), line(method="get"), line(method="HEAD")]
)
def test_status_size_and_method(text: str) -> None:
    assert verdict(text) == "status"


def test_filters_match_anywhere_and_ignore_case() -> None:
    assert verdict(line(ip="210.1.1.17"), ip=["10.1.1.1"]) == "filter"
    assert verdict(line(agent="A FooBar"), useragent=["foobar"]) == "filter"
    assert verdict(line("//A///Page"), url=["/a/page"]) == "filter"
    assert verdict(line("/a_page"), url=["/a%page", "/a.page"]) is None
    assert verdict(line("/page"), url=["page "]) is None


def test_a_known_bot_is_dropped_by_its_stored_beginning_and_exact_spelling() -> None:
    long = "Robot" + "x" * 300
    known = Bots(frozenset({long[:255], "-", "FooBot "}))
    agents = [long, "-", "FooBot", "FooBot ", "foobot "]
    assert verdicts([line(agent=agent) for agent in agents], bots=known) == ["bot", None, None, "bot", None]


@pytest.mark.parametrize(
    ("agent", "date", "expected"),
    [
        ("MSIE 7.01", "2022-01-01", "msie"),
        ("x trident/7.0 y", "2025-07-01", "msie"),
        ("MSIE 7.0", "2021-12-31", None),
        ("MSIE 6.0", "2025-07-01", None),
        ("Trident/7.1", "2025-07-01", None),
    ],
)
def test_old_explorers(agent: str, date: str, expected: str | None) -> None:
    assert verdict(line(agent=agent, date=date)) == expected


EXCLUDED = [
    "/a.CSS", "/page?file=x.css", "/a.js?v=1", "/a.js??=", "/templates/x", "/app/app/Templates/x", "/administrator/",
    "/webdav/x", "/api/", "/cron/tick", "/cron/tick?x", "/cron/tick/x", "/x/projects/p/svn/!svn/y", "/pipermail/x",
    "/robots.txt", "/robots.txt?x", "/robots.txt#x", "http://h/resources/a.css",
]  # fmt: skip
NOT_EXCLUDED = [
    "/a.png?v", "/a.png?", "/a.png#x", "/a.woff2", "/a.webp", "/templates", "/x/templates/", "/administrator",
    "/cron/ticks", "/projects//svn/!svn/", "/robots.txt2", "/Resources/a.css", "/x",
]  # fmt: skip


def test_excluded_urls() -> None:
    assert verdicts([line(url) for url in EXCLUDED]) == ["url"] * len(EXCLUDED)
    assert verdicts([line(url) for url in NOT_EXCLUDED]) == [None] * len(NOT_EXCLUDED)
    assert verdict(line("/resources")) is None
    assert verdict(line("/resources.css")) == "url"


CRAWLED = [
    "/login?return=x", "/Login/?return=", "/resources/browse?x", "/resources/browse/?", "/citations/browse",
    "/members/browse/x", "/register?x", "/REGISTER",
]  # fmt: skip
NOT_CRAWLED = [
    "/login?x=1&return=y",
    "/resources/browse",
    "/resources/browse/",
    "/register#x",
    "/registers",
    "/members",
]


def test_crawler_targets_count_only_with_a_referrer() -> None:
    for referrer in ("-", ""):
        assert verdicts([line(url, referrer=referrer) for url in CRAWLED]) == ["ref"] * len(CRAWLED)
        assert verdicts([line(url, referrer=referrer) for url in NOT_CRAWLED]) == [None] * len(NOT_CRAWLED)
    assert verdicts([line(url) for url in CRAWLED]) == [None] * len(CRAWLED)


def test_event_archives_are_old_by_the_line_s_own_date() -> None:
    urls = ["/events/2022", "/EVENTS/2021/x", "/events/2022?x", "/events/2023", "/events/20222", "/events/x"]
    assert verdicts([line(url, referrer="-") for url in urls]) == ["events"] * 3 + [None] * 3
    assert verdict(line("/events/2022", referrer="-", date="2024-12-31")) is None
    assert verdict(line("/events/2022")) is None


def test_the_first_rule_that_drops_a_line_counts_it() -> None:
    text = line("/a.css", ip="10.0.0.1", agent="MSIE 7.0", status="404")
    assert verdict(text, ip=["10."]) == "status"
    assert verdict(line("/a.css", ip="10.0.0.1", agent="MSIE 7.0"), ip=["10."]) == "filter"
    assert verdict(line("/a.css", agent="MSIE 7.0")) == "msie"


def test_download_flag() -> None:
    yes = [
        "/resources/9/download/", "/Resources//9/Download/x", "/resources/5/a.PDF", "/resources/5?f=b.zip",
        "/resources/.zip", "/resources/1/a.nc4#x", "/resources/1/a.r?",
    ]  # fmt: skip
    no = ["/resources/download/x", "/resources/9/download", "/resources/1/a.jpeg", "/x/resources/1/a.pdf", "/a.pdf",
          "/résources/1/download/x", "/resources/a.pdfx"]  # fmt: skip
    assert downloads(yes) == [True] * len(yes)
    assert downloads(no) == [False] * len(no)


def test_exact_ip_filter_means_addresses_prefixes_and_networks() -> None:
    reference, corrected = anywhere(["10.1.1.1"]), exactly(["10.1.1.1", "192.0.2.", "198.51.100", "2001:db8::/32"])
    assert reference(["10.1.1.1", "210.1.1.17", "10.1.1.2"]) == [True, True, False]
    assert corrected(["10.1.1.1", "210.1.1.17", "10.1.1.17"]) == [True, False, False]
    assert corrected(["192.0.2.9", "198.51.100.1", "198.51.1.1"]) == [True, True, False]
    assert corrected(["2001:db8::5", "2001:db9::5"]) == [True, False]
    assert exactly(["10.0.0.0/8"])(["10.200.3.4"]) == [True]
    assert exactly(["", " "])(["10.1.1.1"]) == [False]


@given(st.lists(ADDRESSES), st.lists(st.text("0123456789.ABab\n", max_size=4)))
def test_an_ip_filter_matches_wherever_it_occurs(addresses: list[str], texts: list[str]) -> None:
    expected = [any(text and text.lower() in address.lower() for text in texts) for address in addresses]
    assert anywhere(texts)(addresses) == expected


@given(st.lists(ADDRESSES | st.ip_addresses().map(str), unique=True), st.booleans())
def test_clients_are_stored_as_their_addresses_are_written(addresses: list[str], reads_ipv6: bool) -> None:
    clients = Clients(anywhere(["b", "::", "1.1"]), reads_ipv6)
    found = {row["address"]: row for row in clients.rows(pa.chunked_array([addresses], pa.string())).to_pylist()}
    assert found.keys() == set(addresses)
    for address in addresses:
        is_one = is_ipv6(address)
        stored = address if ":" not in address else canonical(address) if is_one and reads_ipv6 else None
        is_excluded = stored is not None and any(text in stored.lower() for text in ("b", "::", "1.1"))
        assert found[address] == {
            "address": address, "stored": stored, "is_ipv6": is_one, "is_excluded": is_excluded
        }  # fmt: skip


def test_ipv6_lines_are_read_with_the_correction_only() -> None:
    texts = [line(ip="2001:DB8:0::1"), line(ip="::ffff:192.0.2.7"), line(ip="1.2.3.4:80")]
    for reads_ipv6, stored in ((False, []), (True, ["2001:db8::1", "192.0.2.7"])):
        with lines.access_log(reads_ipv6=reads_ipv6) as log:
            log.filter(lines.relation(texts))
            assert log.rows()["ip"].to_pylist() == stored
            assert log.engine.table("unread_ipv6")["lines"].to_pylist() == ([] if reads_ipv6 else [2])
    assert canonical("2001:0DB8:0000:0000:0000:0000:0000:0001") == "2001:db8::1"


@pytest.mark.slow
def test_rows_are_of_their_lines_and_in_file_order() -> None:
    """Lines in several batches: some are not plain, some are dropped."""
    texts = [
        line(f"/{number}", agent=str(number), status="404" if number % 7 == 3 else "200") for number in range(60_000)
    ]
    texts = [text.replace(" ", "  ", 1) if number % 5 == 2 else text for number, text in enumerate(texts)]
    with lines.access_log() as log:
        log.filter(pa.Table.from_batches(lines.relation(texts).to_batches(SCAN_BATCH)))
        rows = log.rows()
    kept = [number for number in range(60_000) if number % 7 != 3]
    assert rows["content"].to_pylist() == [f"/{number}" for number in kept]
    assert rows["useragent"].to_pylist() == [str(number) for number in kept]


def test_bots_first_drops_the_lines_of_the_file_that_shows_a_bot() -> None:
    agents = ["New bot", "new BOT", "searchtool bot", "Mozilla", "New bot"]
    texts = [line(agent=agent) for agent in agents]
    reference, corrected = Bots(frozenset()), Bots(frozenset(), at_once=True)
    assert verdicts(texts, bots=reference) == [None] * 5
    assert verdicts(texts, bots=corrected) == ["bot", "bot", None, None, "bot"]
    assert reference.flagged == corrected.flagged == ["New bot", "new BOT", "searchtool bot"]


CUBOT = "Mozilla/5.0 (Linux; Android 13; CUBOT P80) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0"


def test_bot_tokens_decides_by_evidence_instead() -> None:
    texts = [line(agent=agent) for agent in ("HTTrack 3.0x", CUBOT, "-", "")]
    reference, corrected = Bots(frozenset(), at_once=True), Bots(frozenset(), by_evidence=True, at_once=True)
    assert verdicts(texts, bots=reference) == [None, "bot", None, None]
    assert verdicts(texts, bots=corrected) == ["bot", None, "bot", "bot"]
    assert corrected.flagged == ["HTTrack 3.0x"]


def test_bot_tokens_keeps_stored_agents_that_only_a_person_can_have_stored() -> None:
    by_hand = CUBOT.replace("CUBOT", "Our kiosk")
    for by_evidence, expected in ((False, ["bot", "bot"]), (True, [None, "bot"])):
        bots = Bots(frozenset({CUBOT, by_hand}), by_evidence)
        assert verdicts([line(agent=CUBOT), line(agent=by_hand)], bots=bots) == expected


@pytest.mark.parametrize("filler", ["x", "é", "ह"])
def test_bot_tokens_takes_no_person_for_a_bot_whose_stored_name_lost_its_end(filler: str) -> None:
    """Who sends what a long agent of people begins with, and a token after it, does not remove these people."""
    beginning = CUBOT.replace("CUBOT", "Phone")
    beginning += " " + filler * (254 - len(beginning.encode()))
    shortest = beginning.encode()[:255].decode(errors="ignore")
    machine, people = beginning[:255] + " evilbot/1.0", [beginning + " App/7", beginning[:255], shortest]
    bots = Bots(frozenset(), by_evidence=True, at_once=True)
    assert verdicts([line(agent=agent) for agent in (machine, *people)], bots=bots) == ["bot", None, None, None]
    later = bots.next()
    assert later.known == {shortest}
    assert verdicts([line(agent=agent) for agent in (machine, *people)], bots=later) == ["bot", None, None, None]
    reference = Bots(later.known)
    assert verdicts([line(agent=shortest)], bots=reference) == ["bot"]


def test_a_format_without_agents_says_nothing_about_them() -> None:
    common = '192.0.2.1 - - [04/Mar/2025:08:00:00 +0000] "GET /register HTTP/1.1" 200 5'
    bots = Bots(frozenset(), by_evidence=True, at_once=True)
    with lines.access_log(bots=bots, logs=LogSettings("auto")) as log:
        for texts in ([common], [f'{common} "-" ""', common]):
            log.filter(lines.relation(texts))
        assert log.engine.table("filtered_requests").sort_by("number")["dropped_by"].to_pylist() == [
            "bot",
            None,
        ]
        assert log.rows().select(["referrer", "useragent"]).to_pylist() == [{"referrer": "", "useragent": ""}]
    assert bots.flagged == []

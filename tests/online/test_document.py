"""The documents: well-formed whatever is in the rows, and free of what is nobody's business."""

import html
import json
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hzmetrics.calendar import Clock
from hzmetrics.online.document import as_json, as_xml, spots
from hzmetrics.online.visitors import Location, Visitor

CLOCK = Clock.parse("2026-07-01T12:00:00Z")
anything = st.none() | st.text(max_size=12) | st.sampled_from(['a&b"<c>', "_br_", "]]>", "\x00\x1f", "\ufffe", "&amp;"])
degrees = st.none() | st.floats(-180, 180) | st.sampled_from([0.0, -0.0, 1e-5, 40.0, 12.3456789012345])
visitors = st.lists(
    st.builds(
        Visitor,
        session_id=st.text(max_size=4),
        username=anything,
        time=st.just("1"),
        seconds=st.just(1.0),
        guest=st.sampled_from([None, 0, 1, 2]),
        userid=st.just(0),
        ip=anything,
        host=anything,
        domain=anything,
        place=st.builds(Location, anything, anything, anything, anything, degrees, degrees),
        bot=st.sampled_from([None, 0, 1]),
    ),
    max_size=8,
)


def as_read(text: str | None) -> str:
    """A text as an XML reader gives it back from an attribute."""
    legal = re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text or "")
    return re.sub("[\t\n\r]", " ", legal.replace("\r\n", "\n"))


@pytest.mark.slow
@given(visitors)
def test_any_rows_make_a_document_that_reads_back(rows: list[Visitor]) -> None:
    document = as_xml(spots(rows))
    markers = ElementTree.fromstring(document.encode()).findall("marker")
    placed = [row for row in rows if row.place.latitude and row.place.longitude is not None]
    wanted = {}
    for row in placed:
        wanted.setdefault((row.place.latitude, row.place.longitude), row)
    assert [(float(m.attrib["lat"]), float(m.attrib["lng"])) for m in markers] == sorted(wanted)
    for marker, (_, first) in zip(markers, sorted(wanted.items(), key=lambda item: item[0]), strict=True):
        place = first.place
        name = f"{place.city or ''}, {place.region or ''}, {place.country or ''}"
        assert marker.attrib["info"].startswith(f"_b_{as_read(name)}_bb__hr__b_{as_read(first.domain)}_bb_")
        assert marker.attrib["bot"] in ("0", "1")


@given(visitors)
def test_the_json_document_names_nobody(rows: list[Visitor]) -> None:
    secret = [row._replace(username="U!" + (row.username or ""), ip="I!", host="H!", domain="D!") for row in rows]
    document = as_json(spots(secret), CLOCK)
    assert not any(mark in document for mark in ("U!", "I!", "H!", "D!"))
    read = json.loads(document)
    assert set(read) == {"generated", "places", "elsewhere"}
    assert len(read["places"]) == as_xml(spots(rows)).count("<marker ")


def widget(info: str) -> str:
    """The popup that the CMS's page makes of a marker: its tokens become markup, all else is text."""
    tokens = {"_b_": "<b>", "_bb_": "</b>", "_br_": "<br/>", "_hr_": "<hr/>"}
    return re.sub("_bb_|_br_|_hr_|_b_", lambda token: tokens[token[0]], html.escape(info, quote=False))


def test_the_page_shows_what_was_meant() -> None:
    place = Location("CH", "Switzerland", "Zürich", "<Zürich> & Co", 47.3667, 8.55)
    rows = [
        Visitor("a", "ann", "1", 1.0, 0, 5, "192.0.2.1", "h", "uzh.example", place),
        Visitor("b", None, "1", 1.0, 1, 0, "192.0.2.2", "h", "uzh.example", place),
        Visitor("c", None, "1", 1.0, 1, 0, "192.0.2.3", "h", "bot.example", place, 1),
    ]
    marker = ElementTree.fromstring(as_xml(spots(rows)))[0]
    assert widget(marker.attrib["info"]) == (
        "<b>&lt;Zürich&gt; &amp; Co, Zürich, CH</b><hr/><b>uzh.example</b><br/> - Users: 1<br/> - Guests: 1<br/>"
        "<b>bot.example</b><br/> - Bots: 1"
    )

"""What is published leads to nobody: texts that tell too much, and groups that are too small."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hzmetrics.publish.figures.anonymity import OTHER, UNKNOWN, Share, is_telling, label, shares
from hzmetrics.publish.figures.tools import title


@pytest.mark.parametrize(
    "text",
    [
        "192.0.2.17", "192.0.2.17:8080", "2001:db8::7", "[2001:db8::7]", "fe80::1%eth0", "ann@example.org",
        "ann%40example.org", "dsl-192-0-2-17.pool.example.net", "9f86d081884c7d659a2feaa0c55ad015",
        "eyJhbGciOiJIUzI1NiJ9x1", "9f86d081-884c-7d65-9a2f-eaa0c55ad015.pdf",
    ],
)  # fmt: skip
def test_a_telling_text_is_unknown(text: str) -> None:
    assert is_telling(text)
    assert label(text) == UNKNOWN


@pytest.mark.parametrize(
    "text",
    [
        "purdue.edu",
        "United States",
        "/resources/417/download/slides.pdf",
        "Python 3.11",
        "my-10-favourite-things-for-2024",
    ],
)
def test_other_texts_are_shown(text: str) -> None:
    assert label(text) == text


@pytest.mark.parametrize("mark", ["\u200f", "\u200e", "\u061c", "\xad", "\u200b", "\ufeff"])
def test_marks_that_are_ordinary_in_text_are_left_out(mark: str) -> None:
    assert label(f"{mark}nano{mark}tubes{mark}") == title(f"nano{mark}tubes") == "nanotubes"
    assert label(f"ann{mark}@example.org") == UNKNOWN


@pytest.mark.parametrize("code", [*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x07, 0x1B, 0x9B])
def test_what_turns_or_controls_other_text_is_an_escape(code: int) -> None:
    for shown in (label(f"a{chr(code)}b"), title(f"a{chr(code)}b")):
        assert shown.isprintable() and shown.startswith("a\\") and shown.endswith("b")


def test_small_groups_are_one_and_a_few_people_are_no_number() -> None:
    found = [("US", 40), ("DE", 5), ("FR", 4), ("IT", 1), (None, 2), ("?", 1)]
    assert shares(found, 5) == [Share("US", 40), Share("DE", 5), Share(OTHER, 5), Share(UNKNOWN, None)]


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c", "d", "", None]), st.integers(1, 30))), st.integers(1, 20))
def test_no_share_tells_of_fewer_people_than_allowed(found: list[tuple[str | None, int]], at_least: int) -> None:
    told = shares(found, at_least)
    assert all(share.people is None or share.people >= at_least for share in told)
    hidden = [share for share in told if share.people is None]
    assert {share.name for share in hidden} <= {OTHER, UNKNOWN}
    if not hidden:
        assert sum(share.people or 0 for share in told) == sum(people for _, people in found)

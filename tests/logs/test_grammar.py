"""The grammar of access lines, and its shortcut for plain ones (spec 10 §2)."""

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.logs import lines
from tests.logs.lines import HEAD

TAIL = lines.NAMES[10:]

WORKED_TAILS = [
    ("7 a b c d e f g h", ["7", "a", "b", "c", "d", "e", "f", "g", "h"]),
    ("7 a b c d e f g h i", ["7", "a b", "c", "d", "e", "f", "g", "h", "i"]),
    ("7 a b c d e f g h ", ["7", "a", "b", "c", "d", "e", "f", "g", "h "]),
    ("7 a b c d e f g h  ", ["7", "a b", "c", "d", "e", "f", "g", "h", " "]),
    ("7 a b c d e f g  ", ["7", "a", "b", "c", "d", "e", "f", "g", " "]),
    ("7 a b c d e f g   ", ["7", "a", "b", "c", "d", "e", "f", "g ", " "]),
    ("7 a   b c d e f g", ["7", "a", " ", "b", "c", "d", "e", "f", "g"]),
    ("7 a b c d _x e f g h", ["7", "a", "b", "c", "d _x", "e", "f", "g", "h"]),
    ("7 a b c d e f g _h", None),
    ("7 a b c d e f g h _i", ["7", "a", "b", "c", "d", "e", "f", "g", "h _i"]),
]


@pytest.mark.parametrize(("tail", "expected"), WORKED_TAILS)
def test_the_tail_is_cut_as_a_greedy_matcher_cuts_it(tail: str, expected: list[str] | None) -> None:
    (field,) = lines.fields([f"{HEAD} {tail}"])
    assert (field and [field[name] for name in TAIL]) == expected


def test_a_quote_in_an_agent_moves_the_cut() -> None:
    text = HEAD.replace('"Mozilla/5.0"', '"left" "right"') + " 7 a b c d e f g h"
    (field,) = lines.fields([text])
    assert field is not None
    assert (field["referrer"], field["agent"]) == ('-" "left', "right")


def test_the_rest_of_a_short_line_may_be_empty_but_not_missing() -> None:
    short = HEAD.replace(" 3344", "")
    missing, empty, text = lines.fields([short, short + " ", short + "  a b "])
    assert missing is None
    assert empty is not None
    assert empty["site_cookie"] == ""
    assert text is not None
    assert text["site_cookie"] == "a b "


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32))
def test_shortcut_grammar_and_backtracking_agree(seed: int) -> None:
    """On 24,000 lines: half of them tidy, half mutated."""
    chance = random.Random(seed)
    texts = [lines.line(chance, tidy=True) for _ in range(1000)] + [lines.mutated(chance) for _ in range(1000)]
    shortcut, exact = lines.fields(texts), lines.fields(texts, exact=True)
    for text, fast, slow in zip(texts, shortcut, exact, strict=True):
        assert fast == slow, text
        assert slow == lines.backtracked(text), text


@pytest.mark.slow
def test_shortcut_and_grammar_agree_on_many_lines() -> None:
    """300,000 lines, which a seed of their own makes anew each day."""
    seed = int(time.time()) // 86_400
    chance = random.Random(seed)
    texts = [lines.line(chance, tidy=True) if number % 2 else lines.mutated(chance) for number in range(300_000)]
    shortcut, exact = lines.fields(texts), lines.fields(texts, exact=True)
    different = [text for text, fast, slow in zip(texts, shortcut, exact, strict=True) if fast != slow]
    assert not different, f"seed {seed}: {different[:3]}"
    assert sum(field is not None for field in shortcut) > 50_000


@pytest.mark.parametrize("piece", [" a", " _a", '" "', " ", ' " _', '" 200 5 1.2.3.4 "', "\t_"])
def test_long_lines_take_time_in_proportion(piece: str) -> None:
    """65,536 pieces that a backtracking matcher would try in every combination."""
    begun = time.process_time()
    lines.fields([f"{HEAD} 7{piece * 65_536}"])
    assert time.process_time() - begun < 20

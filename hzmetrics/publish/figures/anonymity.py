"""Nobody is recognizable: what is left out, folded or grouped before it is published."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from hzmetrics.output.text import printable

LONGEST = 120
"""Characters of a text from outside that are published."""
OTHER, UNKNOWN = "other", "unknown"
TOKEN = 20
"""Characters from which on a mixture of letters and digits is taken for a token."""
MARKS = dict.fromkeys((0xAD, 0x61C, 0x180E, 0x200B, 0x200E, 0x200F, 0x2060, 0xFEFF))
"""Invisible marks that are ordinary in text: places for hyphens and line breaks, and directions of one place."""
HEXADECIMAL = frozenset("0123456789abcdefABCDEF")


@dataclass(frozen=True)
class Share:
    """A part of an open-ended breakdown, and how many people are in it; None: a few, fewer than may be told."""

    name: str
    people: int | None


def shares(found: Iterable[tuple[str | None, int]], at_least: int, keep: int = 15) -> list[Share]:
    """The parts with the most people first; those with fewer than `at_least` people, and all but `keep`, together.

    What has no name, or one that tells too much, is unknown.
    """
    sizes: dict[str, int] = {}
    for name, people in found:
        safe = label(name)
        sizes[safe] = sizes.get(safe, 0) + people
    unknown = sizes.pop(UNKNOWN, 0)
    ranked = sorted(sizes.items(), key=lambda part: (-part[1], part[0]))
    shown = [Share(name, people) for name, people in ranked[:keep] if people >= at_least]
    rest = sum(people for _, people in ranked[len(shown) :])
    return [
        *shown,
        *(Share(name, people if people >= at_least else None) for name, people in ((OTHER, rest), (UNKNOWN, unknown))
          if people),
    ]  # fmt: skip


def one_line(text: str | None) -> str:
    """A text from outside as one line of a page, without ordinary marks; other characters that control are escapes."""
    return printable(" ".join((text or "").translate(MARKS).split()))


def cut(text: str) -> str:
    """A text that is not too long."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def label(text: str | None) -> str:
    """A name from outside as it is published; `unknown` for none, and for one that looks like an address or a token."""
    name = one_line(text)
    if name in ("", "?", "-", "(unknown)", "Unknown") or is_telling(name):
        return UNKNOWN
    return cut(name)


def is_telling(text: str) -> bool:
    """Whether a text could lead to a person: an address, a mail address, a token, or a host name that holds one."""
    if "@" in text or "%40" in text.lower():
        return True
    if ":" not in text and not any(map(str.isdigit, text)):
        return False
    bare = text.strip("[]").partition("%")[0]
    if _is_address(bare) or _is_address(bare.rpartition(":")[0]):
        return True
    words = _words(text)
    if sum(word.isdigit() and len(word) <= 3 for word in words) >= 4:
        return True  # a host name made of an address
    return any(map(_is_token, words)) or any(map(_is_hexadecimal, _words(text, "-")))


def _words(text: str, within: str = "") -> list[str]:
    """What is between the characters of a text that are no letters or digits, nor one of those `within` words."""
    return "".join(char if char.isalnum() or char in within else " " for char in text).split()


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_token(word: str) -> bool:
    return len(word) >= TOKEN and any(map(str.isdigit, word)) and any(map(str.isalpha, word))


def _is_hexadecimal(word: str) -> bool:
    """Whether a word is a token that dashes divide, as in a UUID."""
    digits = word.replace("-", "")
    return len(digits) >= TOKEN and set(digits) <= HEXADECIMAL and any(map(str.isdigit, digits))

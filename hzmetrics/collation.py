"""When two texts are the same: the collation utf8mb3_general_ci (spec 50 §5).

Two texts are equal when their folded forms are: trailing blanks removed, each character replaced by its weight. The
weights are facts of the collation, read from a server.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def weights() -> dict[int, int]:
    """Code point to weight, for the characters that are not their own weight."""
    lines = files("hzmetrics.data").joinpath("utf8mb3_general_ci.tsv").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("\t") for line in lines if not line.startswith("#"))
    return {int(character, 16): int(weight, 16) for character, weight in pairs}


def fold(text: str) -> str:
    """The folded form of `text`: equal under the collation means equal here."""
    return fold_keep_blanks(text.rstrip(" "))


def fold_keep_blanks(text: str) -> str:
    """As `fold`, but trailing blanks count, as they do for LIKE."""
    return text.upper() if text.isascii() else text.translate(weights())

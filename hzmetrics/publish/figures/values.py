"""Values of figures, as they are stored."""

from __future__ import annotations

from hzmetrics.publish.figures.definitions import Figure

Number = int | str | None
"""A value of a figure: a number, or of a text figure its text; None where there is none."""


def number(figure: Figure, text: str | None) -> Number:
    """A stored value of a figure. The sum of nothing is stored as an empty text."""
    if text is None or figure.unit == "text":
        return text.strip() if text and text.strip() != "users on" else None
    return int(text) if text.lstrip("-").isdecimal() else None

"""Regular expressions of operators. RE2 evaluates them: in time linear in the text, whatever the text holds.

Nothing is imported, and no pattern is checked, before there are texts: a tick without new lines needs no engine.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

CAPTURES = re.compile(r"\\Q.*?(?:\\E|$)|\\.|\[\^?\]?(?:\[:\w+:\]|\\.|[^\]\\])*\]|\((?!\?)", re.DOTALL)
"""Parts of a pattern in which a parenthesis means itself, and parentheses that begin a group without a name."""


@dataclass(frozen=True)
class Pattern:
    """One regular expression in the syntax of RE2."""

    text: str
    groups: tuple[str, ...] = ()
    """The named groups that it must have."""

    def check(self) -> None:
        """Raises ValueError if RE2 cannot take the pattern, with the construct, or if a group is missing."""
        import pyarrow as pa

        some = pa.array([""])
        self.is_in(some)
        found = [field.name for field in self.extract(some).type] if self.groups else []
        if missing := sorted(set(self.groups) - set(found)):
            raise ValueError(f"{self.text!r} has no group named {', '.join(missing)}")

    def is_in(self, texts: pa.Array) -> pa.BooleanArray:
        """Whether the pattern is found anywhere in each text."""
        return self._search(texts, self.text)

    def begins(self, texts: pa.Array) -> pa.BooleanArray:
        """Whether each text begins with the pattern."""
        return self._search(texts, rf"\A(?:{self.text})")

    def extract(self, texts: pa.Array) -> pa.StructArray:
        """What the named groups find in each text; NULL where the pattern is not found."""
        import pyarrow.compute as pc

        named = CAPTURES.sub(lambda part: "(?:" if part[0] == "(" else part[0], self.text)
        return pc.extract_regex(texts, named)

    def _search(self, texts: pa.Array, pattern: str) -> pa.BooleanArray:
        import pyarrow as pa
        import pyarrow.compute as pc

        try:
            return pc.match_substring_regex(texts, pattern)
        except pa.ArrowInvalid as error:
            reason = str(error).removeprefix("Invalid regular expression: ")
            raise ValueError(f"{self.text!r} is not a regular expression of RE2: {reason}") from None

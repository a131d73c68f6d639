"""The definition of a MariaDB table as the server states it, line by line.

Changes are made to a table's own lines, so that widths, charsets, comments and index options that the product does not
know stay what they are.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

IP_CHARACTERS = 45

_KEY = re.compile(r"(?:UNIQUE |FULLTEXT |SPATIAL )?KEY `((?:[^`]|``)+)`")
_COLUMN = re.compile(r"`((?:[^`]|``)+)` ")
_TEXT = re.compile(r"\b(?:var)?char\(\d+\)", re.IGNORECASE)


def quote(name: str) -> str:
    """A name as MariaDB's SQL writes it."""
    return "`" + name.replace("`", "``") + "`"


@dataclass(frozen=True)
class Definition:
    text: str
    columns: Mapping[str, str]
    """Each column's line, by name, in order."""
    keys: Mapping[str, str]
    """Each secondary key's line, by name."""

    @property
    def fingerprint(self) -> str:
        """Differs when anything but the next id does."""
        return hashlib.sha256(re.sub(r" AUTO_INCREMENT=\d+", "", self.text).encode()).hexdigest()

    @property
    def numbering(self) -> str | None:
        """The column that numbers the rows."""
        return next((name for name, line in self.columns.items() if "AUTO_INCREMENT" in line), None)

    @property
    def stored(self) -> list[str]:
        """The columns that hold values of their own: not those that the server computes."""
        return [name for name, line in self.columns.items() if "GENERATED ALWAYS AS" not in line]

    def widened(self, column: str) -> str:
        """The line of a text column with room for any address."""
        return _TEXT.sub(f"varchar({IP_CHARACTERS})", self.columns[column], count=1)


def parse(text: str) -> Definition:
    """The definition in an answer to SHOW CREATE TABLE."""
    lines = [line.strip().rstrip(",") for line in text.splitlines()[1:-1]]
    columns = {match[1].replace("``", "`"): line for line in lines if (match := _COLUMN.match(line))}
    keys = {match[1].replace("``", "`"): line for line in lines if (match := _KEY.match(line))}
    return Definition(text, columns, keys)

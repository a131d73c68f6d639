"""What the lines of a log were read as."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from hzmetrics.engine import Engine
from hzmetrics.logs.reader import LOG
from hzmetrics.logs.shortened import shortened
from hzmetrics.output.text import printable

MOST_EXAMPLES = 3
MOST_SHOWN = 200
"""Characters of an example line that are shown."""


@dataclass
class Account:
    """What the lines of one or more logs were read as."""

    lines: int = 0
    formats: Counter[str] = field(default_factory=Counter)
    """Lines by format; those without a client or an existing time are not read."""
    comments: int = 0
    """Lines that are directives of the W3C format."""
    blank: int = 0
    """Lines without a character, and those that are too long: they are unread."""
    zones: int = 0
    """Lines of a hub that only the correction `zones` reads."""
    examples: list[str] = field(default_factory=list)
    """The first lines that were not read."""

    @property
    def read(self) -> int:
        return self.formats.total()

    @property
    def unread(self) -> int:
        return self.lines - self.comments - self.read

    @property
    def texts(self) -> int:
        """Lines that are not blank."""
        return self.lines - self.blank

    def add_blank(self, lines: int) -> None:
        """Take in blank lines."""
        self.lines += lines
        self.blank += lines

    def add(self, other: Account) -> None:
        """Take in the account of another log."""
        self.lines += other.lines
        self.formats += other.formats
        self.comments += other.comments
        self.blank += other.blank
        self.zones += other.zones
        self.examples = (self.examples + other.examples)[:MOST_EXAMPLES]

    def is_mostly_unread(self, percent: int = 50) -> bool:
        """Whether more than this percentage of the lines is unread; blank ones are left out."""
        return (self.unread - self.blank) * 100 > (self.texts - self.comments) * percent

    @property
    def shown_examples(self) -> list[str]:
        """The examples without control characters, not too long. Messages outlive the logs: addresses are shortened."""
        return [printable(line[:MOST_SHOWN]) for line in shortened(self.examples)]

    def __str__(self) -> str:
        if not self.texts:
            return "there are no lines"
        if not self.unread:
            return f"all {self.lines - self.comments:,} lines could be read"
        said = f"{self.unread:,} of {self.lines - self.comments:,} lines could not be read"
        if self.blank:
            said += f" (blank or longer than 1 MiB: {self.blank:,})"
        return f"{said}; first: {self.shown_examples[0]}" if self.examples else said


def lines_of_logs(lines: pa.Table) -> Iterator[tuple[int, int]]:
    """The logs that lines are of, and how many are of each."""
    for found in pc.value_counts(pc.divide(lines["number"], LOG)).to_pylist():
        yield found["values"], found["counts"]


def add_examples(accounts: Sequence[Account], engine: Engine, model: str) -> None:
    """Give lines that are not read, of a model (log, line), to the accounts that have too few of them."""
    if any(account.unread and len(account.examples) < MOST_EXAMPLES for account in accounts):
        for row in engine.table(model).to_pylist():
            if len(accounts[row["log"]].examples) < MOST_EXAMPLES:
                accounts[row["log"]].examples.append(row["line"])

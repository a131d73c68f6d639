"""The table of event signatures: the first row that matches a log entry names the event (spec 84 §4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hzmetrics.errors import ConfigurationError
from hzmetrics.follow.settings import SOURCES

BUILT_IN = """\
failed_logins\tauth\t-\t^invalid$\t-
successful_logins\tauth\t-\t^login$\t-
logouts\tauth\t-\t^logout$\t-
failed_logins\tjupyterhub\tPOST\t/hub/login\t400+
successful_logins\tjupyterhub\tPOST\t/hub/login\t302
"""
"""The table used without a signature file: name, source, method, pattern, status."""

ANY = ("-", "*")
MOST_REMEMBERED = 50_000


@dataclass(frozen=True)
class Signature:
    """One row of the table."""

    name: str
    source: str
    method: str
    """In upper case; empty matches any method."""
    pattern: re.Pattern[str]
    """Searched in the target; of an auth entry, in the action."""
    statuses: tuple[tuple[int, int], ...]
    """Ranges, both ends included; without one, any status matches."""

    def fits(self, method: str, target: str, status: int) -> bool:
        return (
            (not self.method or method.upper() == self.method)
            and (not self.statuses or any(low <= status <= high for low, high in self.statuses))
            and self.pattern.search(target) is not None
        )


class Signatures:
    """The compiled table; remembers the answers for distinct requests."""

    def __init__(self, rows: Sequence[Signature]) -> None:
        self.rows = rows
        self._by_source = {source: [row for row in rows if row.source == source] for source in SOURCES}
        self._known: dict[tuple[str, str, str, int], str | None] = {}

    @property
    def names(self) -> list[str]:
        """Names of events, each once, in the order of the table."""
        return list(dict.fromkeys(row.name for row in self.rows))

    def name(self, source: str, method: str, target: str, status: int) -> str | None:
        """The name of the event of a request; None if it is not an event."""
        candidates = self._by_source.get(source)
        if not candidates:
            return None
        key = (source, method, target, status)
        if key not in self._known:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            self._known[key] = next((row.name for row in candidates if row.fits(method, target, status)), None)
        return self._known[key]


def load(file: Path | None) -> Signatures:
    """The table of a file, or the built-in one. Raises ConfigurationError naming the file and the row."""
    if file is None:
        return parse(BUILT_IN.splitlines(), "built-in signatures")
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"not UTF-8 at byte {error.start}"
        raise ConfigurationError(f"cannot read {file}: {reason}") from None
    return parse(text.splitlines(), str(file))


def parse(lines: Iterable[str], where: str) -> Signatures:
    """A table from tab-separated lines; `#` begins a comment. Raises ConfigurationError naming the row."""
    rows = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        columns = [column.strip() for column in line.split("\t")]
        try:
            rows.append(signature(*columns) if len(columns) == 5 else _refuse(f"{len(columns)} columns instead of 5"))
        except ValueError as error:
            raise ConfigurationError(f"{where}, row {number}: {error}") from None
    return Signatures(rows)


def signature(name: str, source: str, method: str, pattern: str, status: str) -> Signature:
    """One row. Raises ValueError with the mistake."""
    if not name:
        raise ValueError("the name is empty")
    if source not in SOURCES:
        raise ValueError(f"source {source!r} is not one of {', '.join(SOURCES)}")
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is not a regular expression: {error}") from None
    return Signature(name, source, "" if method in ANY else method.upper(), compiled, _statuses(status))


def _statuses(text: str) -> tuple[tuple[int, int], ...]:
    if text in ANY:
        return ()
    ranges = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,3})(?:-(\d{1,3})|(\+))?\s*", part, re.ASCII)
        if not match:
            raise ValueError(f"status {part.strip()!r} is not a code, and not a range such as 200-399 or 400+")
        low = int(match[1])
        high = 999 if match[3] else int(match[2] or low)
        if high < low:
            raise ValueError(f"status {part.strip()!r} ends before it begins")
        ranges.append((low, high))
    return tuple(ranges)


def _refuse(problem: str) -> Signature:
    raise ValueError(problem)

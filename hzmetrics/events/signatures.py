"""The table of event signatures: the first row that matches a log entry names the event (spec 84 §4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

from hzmetrics import files
from hzmetrics.errors import ConfigurationError
from hzmetrics.follow.settings import SOURCES
from hzmetrics.logs.patterns import Pattern

if TYPE_CHECKING:
    import pyarrow as pa

BUILT_IN = """\
failed_logins\tauth\t-\t^invalid$\t-
successful_logins\tauth\t-\t^login$\t-
logouts\tauth\t-\t^logout$\t-
failed_logins\tjupyterhub\tPOST\t/hub/login\t400+
successful_logins\tjupyterhub\tPOST\t/hub/login\t302
failed_logins\tjupyterhub\t-\t/hub/(lti13/)?oauth_callback\t400+
successful_logins\tjupyterhub\t-\t/hub/(lti13/)?oauth_callback\t302
"""
"""The table used without a signature file: name, source, method, pattern, status."""

ANY = ("-", "*")
MOST_DIGITS = 3
"""Of a status."""


@dataclass(frozen=True)
class Signature:
    """One row of the table."""

    name: str
    source: str
    method: str
    """In upper case; empty matches any method."""
    pattern: Pattern
    """Searched in the target; of an auth entry, in the action."""
    statuses: tuple[tuple[int, int], ...]
    """Ranges, both ends included; without one, any status matches."""
    place: str = ""
    """Where the row stands."""

    def check(self) -> None:
        """Raises ConfigurationError if RE2 cannot take the pattern."""
        try:
            self.pattern.check()
        except ValueError as error:
            raise ConfigurationError(f"{self.place}: {error}") from None

    def fits(self, methods: pa.Array, targets: pa.Array, statuses: pa.Array) -> pa.BooleanArray:
        """Whether the row matches each of some requests; methods are in upper case."""
        import pyarrow as pa
        import pyarrow.compute as pc

        fits = pa.repeat(True, len(targets))
        if self.method:
            fits = pc.equal(methods, self.method)
        if self.statuses:
            ranges = [
                pc.and_(pc.less_equal(low, statuses), pc.less_equal(statuses, high)) for low, high in self.statuses
            ]
            fits = pc.and_(fits, reduce(pc.or_, ranges))
        return pc.replace_with_mask(fits, fits, self.pattern.is_in(targets.filter(fits)))


class Signatures:
    """The table of events."""

    def __init__(self, rows: Sequence[Signature]) -> None:
        self.rows = rows

    @property
    def names(self) -> list[str]:
        """Names of events, each once, in the order of the table."""
        return list(dict.fromkeys(row.name for row in self.rows))

    def check(self) -> None:
        """Raises ConfigurationError naming the first row whose pattern RE2 cannot take."""
        for row in self.rows:
            row.check()

    def name_all(self, source: str, entries: pa.Table) -> pa.Array:
        """The name of the event of each entry of a source; NULL if it is not an event. Raises ConfigurationError."""
        import pyarrow as pa
        import pyarrow.compute as pc

        names = pa.nulls(len(entries), pa.string())
        rows = [row for row in self.rows if row.source == source]
        if rows:
            self.check()
            methods, targets, statuses = (entries[name].combine_chunks() for name in ("method", "target", "status"))
            methods = pc.utf8_upper(methods)
            for row in reversed(rows):  # an earlier row counts before a later one
                names = pc.if_else(row.fits(methods, targets, statuses), row.name, names)
        return names

    def name(self, source: str, method: str, target: str, status: int) -> str | None:
        """The name of the event of one request; None if it is not an event. Raises ConfigurationError."""
        import pyarrow as pa

        request = pa.table({"method": [method], "target": [target], "status": [status]})
        name: str | None = self.name_all(source, request)[0].as_py()
        return name


def load(file: Path | None) -> Signatures:
    """The table of a file, or the built-in one. Raises ConfigurationError naming the file and the row."""
    if file is None:
        return parse(BUILT_IN.splitlines(), "built-in signatures")
    try:
        text = files.read(file).decode("utf-8")
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
            if len(columns) != 5:
                raise ValueError(f"{len(columns)} columns instead of 5")
            rows.append(replace(signature(*columns), place=f"{where}, row {number}"))
        except ValueError as error:
            raise ConfigurationError(f"{where}, row {number}: {error}") from None
    return Signatures(rows)


def signature(name: str, source: str, method: str, pattern: str, status: str) -> Signature:
    """One row, whose pattern is not checked yet. Raises ValueError with the mistake."""
    if not name:
        raise ValueError("the name is empty")
    if source not in SOURCES:
        raise ValueError(f"source {source!r} is not one of {', '.join(SOURCES)}")
    ranges = () if status in ANY else tuple(map(_status, status.split(",")))
    return Signature(name, source, "" if method in ANY else method.upper(), Pattern(pattern), ranges)


def _status(text: str) -> tuple[int, int]:
    """A range of codes: `200`, `200-399` or `400+`. Raises ValueError."""
    first, is_range, last = text.strip().partition("-")
    low, is_open, rest = (first, "", last) if is_range else first.partition("+")
    if not _is_code(low) or (is_range and not _is_code(rest)) or (is_open and rest):
        raise ValueError(f"status {text.strip()!r} is not a code, and not a range such as 200-399 or 400+")
    high = 999 if is_open else int(rest or low)
    if high < int(low):
        raise ValueError(f"status {text.strip()!r} ends before it begins")
    return int(low), high


def _is_code(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS

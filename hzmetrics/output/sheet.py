"""CSV, which spreadsheets open: a text from data is never a formula there."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, BinaryIO, TextIO

import click

from hzmetrics.output.text import printable

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a text begins with that a spreadsheet takes for a formula."""

Option = Callable[[Callable[..., Any]], Callable[..., Any]]

raw_option: Option = click.option(
    "--raw", is_flag=True,
    help="Print texts as they are, even if a spreadsheet takes them for formulas; to a terminal, control characters "
    "are escaped.",
)  # fmt: skip


class Sheet:
    """A table of comma-separated values, written row by row to a file, or else to standard output.

    Unless `raw`, an apostrophe is put before a text that a spreadsheet would take for a formula, as OWASP recommends.
    Control characters are escaped, with `raw` on a terminal only. Numbers and a lone `-` stay.
    """

    def __init__(self, columns: Sequence[str], raw: bool = False, file: TextIO | None = None) -> None:
        target = file or sys.stdout
        self._cell = neutral if not raw else printable if target.isatty() else None
        self._writer = csv.writer(target, lineterminator="\n")
        self._writer.writerow(columns)

    def write(self, rows: Iterable[Iterable[Any]]) -> None:
        """Write rows."""
        cell = self._cell
        self._writer.writerows(
            rows if cell is None else ([cell(one) if isinstance(one, str) else one for one in row] for row in rows)
        )


def standard_output() -> BinaryIO:
    """Where tables and pages are printed that are bytes already; the texts of tables have gone through `neutral`."""
    return sys.stdout.buffer


@lru_cache(10_000)
def neutral(text: str) -> str:
    """A text that is no formula."""
    mark = "'" if text != "-" and text.startswith(FORMULA) else ""
    return mark + printable(text)

"""Spreadsheets in the format of Excel. A text is never a formula in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import IO, Any

import xlsxwriter

from hzmetrics.output.text import printable


class Sheet:
    """One sheet, which grows by rows."""

    def __init__(self, sheet: Any, columns: Sequence[str], heading: Any) -> None:
        self._sheet = sheet
        self._row = 0
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_column(0, max(0, len(columns) - 1), 16)
        self._sheet.write_row(0, 0, columns, heading)

    @property
    def rows(self) -> int:
        """The rows below the heading."""
        return self._row

    def add(self, row: Iterable[Any]) -> None:
        """Append a row of numbers and texts; None is an empty cell."""
        self._row += 1
        for place, cell in enumerate(row):
            if isinstance(cell, str):
                self._sheet.write_string(self._row, place, printable(cell))
            elif cell is not None:
                self._sheet.write_number(self._row, place, cell)


class Workbook:
    """A workbook that is written to a file; use as a context manager."""

    def __init__(self, file: IO[bytes]) -> None:
        self._book = xlsxwriter.Workbook(file, {"constant_memory": True})
        self._heading = self._book.add_format({"bold": True, "bottom": 1})

    def __enter__(self) -> Workbook:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._book.close()

    def sheet(self, name: str, columns: Sequence[str]) -> Sheet:
        """A new sheet; the one before is finished by it."""
        return Sheet(self._book.add_worksheet(name), columns, self._heading)

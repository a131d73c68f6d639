"""Progress of long work: bars on a terminal, and otherwise a line for each finished piece."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

Advance = Callable[[str, float], None]
"""Takes what is being worked on, and the amount of work done since the last call."""


ROOM = 22
"""Width of the text beside the bar, on 80 columns."""


class Reporter:
    """Reports the progress of pieces of work, one after another, on standard error."""

    def __init__(self) -> None:
        self.console = Console(file=sys.stderr)

    @contextmanager
    def piece(self, title: str, total: float) -> Iterator[Advance]:
        """One piece of work, of size `total`."""
        begun = time.monotonic()
        if not self.console.is_terminal:
            yield lambda subject, amount: None
            print(f"{title}: {time.monotonic() - begun:.1f} s", file=sys.stderr)
            return
        columns = (
            TextColumn("{task.description:<16}"),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[subject]}", markup=True),
        )
        with Progress(*columns, console=self.console) as progress:
            task = progress.add_task(title, total=total, subject="")

            def advance(subject: str, amount: float) -> None:
                progress.update(task, advance=amount, subject=subject[:ROOM])

            yield advance
            progress.update(task, completed=total, subject="")

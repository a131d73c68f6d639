"""The layouts of progress bars."""

from __future__ import annotations

from collections.abc import Callable

from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from hzmetrics.output.terminal import Line, Screen


class Words(ProgressColumn):
    """What is being worked on, printed as it is."""

    def __init__(self, words: Callable[[Task], object], style: str = "") -> None:
        super().__init__()
        self._words = words
        self._style = style

    def render(self, task: Task) -> Text:
        return Line(self._words(task), self._style)


def _description(task: Task) -> str:
    return task.description


def of_bytes() -> Progress:
    """Title, bar, bytes done, time left."""
    columns = (Words(_description), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Screen(to_stderr=True), transient=True)


def of_units() -> Progress:
    """Units done, bar, time, what is done now."""
    columns = (MofNCompleteColumn(), BarColumn(), TimeElapsedColumn(), Words(_description))
    return Progress(*columns, console=Screen(to_stderr=True))


def of_piece() -> Progress:
    """Title, bar, percentage, time, subject."""
    columns = (
        Words(lambda task: f"{task.description:<16}"),
        BarColumn(bar_width=24),
        Words(lambda task: f"{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        Words(lambda task: task.fields["subject"], "dim"),
    )
    return Progress(*columns, console=Screen(to_stderr=True))

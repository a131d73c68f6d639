"""Tables and styled text of a terminal. Texts are printed as they are: no markup, no terminal controls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO, Any

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from hzmetrics.output.text import printable

Renderable = RenderableType
"""What a screen shows: a `Line`, a `Table`, a `Group` of such, a chart."""


class Line(Text):
    """A piece of text with styles."""

    def __init__(self, text: object = "", style: str = "", **options: Any) -> None:
        super().__init__(printable(text), style, **options)

    def append(self, text: Any, style: Any = None) -> Line:
        super().append(printable(text) if isinstance(text, str) else text, style)
        return self

    @classmethod
    def of(cls, *parts: str | tuple[str, str]) -> Line:
        """Parts, each a text or a text and its style, one after the other."""
        line = cls()
        for part in parts:
            line.append(*((part,) if isinstance(part, str) else part))
        return line


class Table(RichTable):
    """A table. Headings may have several lines."""

    def __init__(self, *headings: str, title: str = "", caption: str = "", **options: Any) -> None:
        super().__init__(
            title=Line(title, "table.title") if title else None,
            title_justify="left",
            caption=Line(caption, "table.caption") if caption else None,
            caption_justify="left",
            **options,
        )
        for heading in headings:
            self.add_column(heading)

    def add_column(self, heading: str = "", footer: str = "", **options: Any) -> None:  # type: ignore[override]
        super().add_column(_heading(heading), Line(footer), **options)

    def add_row(self, *cells: Any, **options: Any) -> None:
        super().add_row(*map(_safe, cells), **options)


class Plain(Table):
    """A table without rules."""

    def __init__(self, **options: Any) -> None:
        super().__init__(box=None, pad_edge=False, padding=(0, 2, 0, 0), **options)


class Ruled(Table):
    """A table with a rule below its headings, and above its footer."""

    def __init__(self, **options: Any) -> None:
        super().__init__(box=box.SIMPLE, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), **options)


class Screen(Console):
    """Where tables and lines are printed: standard output, or another file."""

    def __init__(self, file: IO[str] | None = None, to_stderr: bool = False) -> None:
        super().__init__(file=file, stderr=to_stderr, markup=False, emoji=False, highlight=False)

    def show(self, *things: Renderable, style: str | None = None) -> None:
        """Print things, one below the other."""
        self.print(*map(_safe, things), style=style, sep="\n")


def _heading(text: str) -> Text:
    return Text("\n".join(map(printable, text.split("\n"))))


def _safe(thing: Any) -> Any:
    return Line(thing) if isinstance(thing, str) else thing


def group(*things: Renderable) -> Renderable:
    """Things, one below the other."""
    return Group(*map(_safe, things))


class Bar:
    """A bar that fills a share of its column."""

    def __init__(self, share: float) -> None:
        self.share = share

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        yield Line(("#" if options.ascii_only else "█") * round(self.share * options.max_width), "cyan")


class Spark:
    """A title and a small chart of numbers, a character each."""

    def __init__(self, title: str, numbers: Sequence[int]) -> None:
        self.title = title
        self.numbers = numbers

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        signs = "_.-=+*#@" if options.ascii_only else "▁▂▃▄▅▆▇█"
        most = max(1, *self.numbers, 1)
        chart = "".join(signs[number * (len(signs) - 1) // most] for number in self.numbers)
        yield Line.of(self.title, (chart, "cyan"))

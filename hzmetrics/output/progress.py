"""Progress bars: on a terminal only, on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

ROOM = 22
"""Width of the text beside the bar of a piece of work, on 80 columns."""

Advance = Callable[[str, float], None]
"""Takes what is being worked on, and the amount of work done since the last call."""


def is_shown() -> bool:
    """Whether standard error is a terminal."""
    return sys.stderr.isatty()


@contextmanager
def bytes_bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar over bytes; yields the function to call with each number of bytes done."""
    if not is_shown():
        yield lambda size: None
        return
    from hzmetrics.output import bars

    with bars.of_bytes() as bar:
        task = bar.add_task(title, total=total)
        yield lambda size: bar.advance(task, size)


@contextmanager
def units_bar() -> Iterator[Callable[[int, int, str], None]]:
    """A bar over units of work; takes how many are done and left, and what is done now."""
    if not is_shown():
        yield lambda done, left, what: None
        return
    from hzmetrics.output import bars

    with bars.of_units() as bar:
        task = bar.add_task("", total=None)
        yield lambda done, left, what: bar.update(task, completed=done, total=done + left, description=what)
        bar.update(task, completed=bar.tasks[0].total)


@contextmanager
def piece_bar(title: str, total: float) -> Iterator[Advance]:
    """A bar over one piece of work, of size `total`."""
    if not is_shown():
        yield lambda subject, amount: None
        return
    from hzmetrics.output import bars

    with bars.of_piece() as bar:
        task = bar.add_task(title, total=total, subject="")
        yield lambda subject, amount: bar.update(task, advance=amount, subject=subject[:ROOM])
        bar.update(task, completed=total, subject="")

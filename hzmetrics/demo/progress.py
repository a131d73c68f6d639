"""Progress of long work: bars on a terminal, and otherwise a line for each finished piece."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from hzmetrics.output.progress import Advance, is_shown, piece_bar
from hzmetrics.output.text import say


class Reporter:
    """Reports the progress of pieces of work, one after another, on standard error."""

    @contextmanager
    def piece(self, title: str, total: float) -> Iterator[Advance]:
        """One piece of work, of size `total`."""
        begun = time.monotonic()
        with piece_bar(title, total) as advance:
            yield advance
        if not is_shown():
            say(f"{title}: {time.monotonic() - begun:.1f} s", to_stderr=True)

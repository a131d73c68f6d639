"""The logs of a hub that are not in its lake yet."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path

from hzmetrics import files
from hzmetrics.errors import HzmetricsError, UsageError, in_words
from hzmetrics.ingest.sources import file_date
from hzmetrics.lake.ledger import Ledger
from hzmetrics.logs.reader import IDENTITY_BYTES, Identity

Stamps = dict[str, tuple[int, int]]
"""By path: size in bytes, and time of the last change in ns."""


def found(patterns: Iterable[str]) -> Stamps:
    """The logs that patterns name: those of the first pattern first, each time in the order of their dates.

    A log whose name has no date counts by its last change. Raises HzmetricsError if a pattern names no file.
    """
    stamps: Stamps = {}
    for pattern in patterns:
        names = [name for name in glob.glob(pattern, recursive=True) if not Path(name).is_dir()]  # noqa: PTH207
        if not names:
            raise HzmetricsError(f"no log is named {pattern}")
        try:
            of_pattern = {name: Path(name).stat() for name in names}
        except OSError as error:
            raise HzmetricsError(f"cannot read {in_words(error)}") from None
        for name in sorted(names, key=lambda name: (_date(name), of_pattern[name].st_mtime_ns, name)):
            stamps.setdefault(name, (of_pattern[name].st_size, of_pattern[name].st_mtime_ns))
    return stamps


def _date(name: str) -> str:
    """The date in the name of a log, or after all dates. One that is no day of the calendar is none."""
    try:
        return str(file_date(Path(name).name) or "~")
    except UsageError:
        return "~"


def refuse_grown(paths: Iterable[Path], ledger: Ledger) -> None:
    """Raise HzmetricsError if the text of a log goes on where one that is in the lake ended: it would count twice.

    Of a packed log that cannot be told.
    """
    heads = {one.text.head: one.text for one in ledger.logs if one.text.size}
    for path in paths:
        try:
            with files.open_regular(path) as file:
                begin, size = file.read(IDENTITY_BYTES), path.stat().st_size
        except OSError:
            continue  # who reads it says so
        if any(text.size < size for text in _beginnings(begin, heads)):
            raise HzmetricsError(
                f"{path} has grown since it was read: name logs that are complete, as after a rotation"
            )


def _beginnings(begin: bytes, heads: Mapping[str, Identity]) -> list[Identity]:
    """The known texts that a text begins with."""
    digest, done, texts = sha256(), 0, []
    for size in sorted({min(text.size, IDENTITY_BYTES) for text in heads.values()}):
        if size > len(begin):
            break
        digest.update(begin[done:size])
        done = size
        text = heads.get(digest.hexdigest())
        if text and min(text.size, IDENTITY_BYTES) == size:
            texts.append(text)
    return texts

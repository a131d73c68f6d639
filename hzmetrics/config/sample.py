"""A configuration file to begin with: every section and key, with its meaning."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from hzmetrics.config.keys import Key
from hzmetrics.config.schema import SECTIONS
from hzmetrics.config.section import Section

TO_FILL_IN = ("[hub] site", "[db] user", "[db] password", "[db] hub_db", "[db] metrics_db")
"""The keys without which a hub on MariaDB cannot work."""

INTRODUCTION = f"""\
# Configuration of hzmetrics. Check it with: hzmetrics config check
#
# Fill in: {", ".join(TO_FILL_IN)}.
# Without the section [db], or with [db] sqlite = DIRECTORY alone, both databases are SQLite files.
# A line that begins with # is a comment. Keys that are commented out show their defaults.
"""


def sample() -> str:
    """The text of the file."""
    return "\n".join([INTRODUCTION, *(line for section in SECTIONS for line in _section(section))])


def _section(section: type[Section]) -> Iterator[str]:
    yield from _comment(section.about)
    stands_for_something = section.is_pattern or section.others is not None
    yield f"{'#' if stands_for_something else ''}[{section.heading}]"
    for key in section.keys.values():
        yield from _comment(_meaning(key))
        yield f"#{key.name} = {key.default}".rstrip() if key.sample is None else f"{key.name} = {key.sample}".rstrip()
    yield ""


def _meaning(key: Key[object]) -> str:
    about = "" if key.kind in ("text", "path", "number") else f" ({key.kind})"
    default = f"; default: {key.shown}" if key.shown != key.default else ""
    return f"{key.meaning[0].upper()}{key.meaning[1:]}{about}{default}".replace("`", "")


def _comment(text: str) -> list[str]:
    return textwrap.wrap(text, 110, initial_indent="# ", subsequent_indent="#   ")

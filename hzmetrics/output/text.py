"""Text that a terminal does nothing but print."""

from __future__ import annotations

import click

CONTROLS = (
    *range(0x20), *range(0x7F, 0xA0), 0xAD, 0x61C, 0x180E, 0x200B, 0x200E, 0x200F, *range(0x2028, 0x202F),
    *range(0x2060, 0x2070), 0xFEFF, *range(0xFFF9, 0xFFFC), *range(0xD800, 0xE000), *range(0xE0000, 0xE0080),
)  # fmt: skip
"""Controls (C0, C1), line separators, marks of direction, invisible characters, and lone surrogates."""

_ESCAPES = {code: chr(code).encode("unicode_escape").decode("ascii") for code in CONTROLS}


def printable(text: object) -> str:
    """`text` with every control character shown as an escape, so that a terminal does nothing but print it.

    Lone surrogates too: they stand for bytes of a file name that are no UTF-8, and cannot be written.
    """
    return str(text).translate(_ESCAPES)


def say(*lines: object, to_stderr: bool = False) -> None:
    """Print lines."""
    click.echo("\n".join(map(printable, lines)), err=to_stderr)

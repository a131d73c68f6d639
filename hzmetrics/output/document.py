"""JSON: the one writer of it, for documents that are printed, published and stored."""

from __future__ import annotations

import json
from typing import Any

import click

SURROGATE = "\\ud"
"""How the escape of a surrogate begins."""


def document(value: Any, indent: int | None = None, sort_keys: bool = False) -> str:
    """`value` in JSON: ASCII without control characters; everything else is an escape.

    A lone surrogate, which stands for a byte of a file name that is not UTF-8, is one too: what is stored comes back.
    """
    text = json.dumps(value, indent=indent, sort_keys=sort_keys)
    return text.replace("\x7f", "\\u007f")  # the one control character that JSON lets through


def readable(value: Any, indent: int | None = None) -> str:
    """`value` in JSON for others. A lone surrogate becomes `?`: many readers refuse it."""
    text = document(value, indent)
    if SURROGATE in text:  # one of a pair, in most cases
        text = document(json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")), indent)
    return text


def print_document(value: Any, indent: int | None = None) -> None:
    """Print one JSON document, as `readable` writes it."""
    click.echo(readable(value, indent))

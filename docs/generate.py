"""Writes the documents that are made from the program itself: `python -m docs.generate`.

`cli.md` is what every command says about itself; `demo.svg` is a picture of a demonstration that was really run.
"""

from __future__ import annotations

import importlib
import io
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from hzmetrics.cli import FAMILIES, cli

HERE = Path(__file__).parent
WIDTH = 80

INTRODUCTION = """\
# Command line

Made from `--help` by `make docs`; a test holds it to that. Exit codes of every command: 0 done or nothing to do, 1 an
operation failed or was refused, 2 wrong use of the command line or no usable configuration.

```
{help}
```
"""


def command_line() -> str:
    """The text of `cli.md`."""
    parts = [INTRODUCTION.format(help=_help(cli, "hzmetrics", ()))]
    context = click.Context(cli, info_name="hzmetrics")
    for family, names in FAMILIES.items():
        module = importlib.import_module(f"hzmetrics.cli.{family}")
        parts.append(f"## {(module.__doc__ or family).strip().splitlines()[0].rstrip('.')}\n")
        for name in names:
            command = cli.get_command(context, name)
            assert command is not None
            parts += [
                f"### {' '.join(path)}\n\n```\n{text}\n```\n" for path, text in _with_subcommands(command, (name,))
            ]
    return "\n".join(parts)


def _with_subcommands(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    yield path, _help(command, path[-1], path[:-1])
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=path[-1])
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from _with_subcommands(below, (*path, name))


def _help(command: click.Command, name: str, above: tuple[str, ...]) -> str:
    """What `--help` prints on a terminal of 80 columns."""
    context = click.Context(cli, info_name="hzmetrics", terminal_width=WIDTH, **cli.context_settings)
    for parent in above:
        context = click.Context(click.Group(parent), info_name=parent, parent=context, terminal_width=WIDTH)
    if command is not cli:
        context = click.Context(command, info_name=name, parent=context, terminal_width=WIDTH)
    lines = command.get_help(context).splitlines()
    return "\n".join(line.rstrip() for line in lines)


def picture() -> str:
    """The text of `demo.svg`: what `hzmetrics demo` prints."""
    with tempfile.TemporaryDirectory() as directory:
        environment = {"HZMETRICS_NOW": "2026-11-24T12:00:00", "FORCE_COLOR": "1", "COLUMNS": str(WIDTH)}
        done = subprocess.run(
            [sys.executable, "-m", "hzmetrics", "demo"],
            cwd=directory,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            check=True,
        )
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(Text.from_ansi(done.stdout.strip("\n")))
    svg = console.export_svg(title="hzmetrics demo", unique_id="demo")
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)  # it refers to nothing elsewhere


if __name__ == "__main__":
    (HERE / "cli.md").write_text(command_line(), encoding="utf-8")
    (HERE / "demo.svg").write_text(picture(), encoding="utf-8")

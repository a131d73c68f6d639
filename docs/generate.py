"""Writes the documents that are made from the program itself: `python -m docs.generate`.

`cli.md` is what every command says about itself; `configuration.md` is the schema of the configuration; `demo.svg` is a
picture of a demonstration that was really run.
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
from hzmetrics.config.schema import SECTIONS, VARIABLES
from hzmetrics.config.section import Section

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


SETTINGS = """\
# Configuration

Made from the schema in `hzmetrics/config/schema.py` by `make docs`; a test holds it to that.

The file is the first of: `-c FILE`, `HZMETRICS_CONFIG`, `conf/hzmetrics.conf` in the home directory. It has
`[section]` lines and `key = value` lines; a line that begins with `#` or `;` is a comment, an indented line continues
the value before it. A value is taken as it stands: no quotes, no comment after it.

    hzmetrics config          # every setting in effect and where it came from; --json
    hzmetrics config check    # unknown sections and keys, values that cannot be used; exit code 2 if there are any
    hzmetrics config sample   # a commented file with all of this

Without any configuration `hzmetrics init` writes that sample to the home directory and names the keys to fill in. It
never overwrites a file, nor creates one that `-c` or `HZMETRICS_CONFIG` names.

Order of precedence: command-line option, environment variable, file, default. An empty value counts as not given.

## Mistakes

`config check`, `init` and `doctor` report every unknown section and key, and every value that cannot be used, with
file, line and the nearest right name. `tick` and `run` warn of each once a day and go on: an unknown section or key is
ignored, a number of a live section that is out of range is replaced by its default, a number of `[dns]` that cannot be
read by the next source. Any other value that cannot be used stops the commands that need it, with exit code 2.

## The least that is needed

A hub on MariaDB; a new hub corrects all known errors of earlier versions
([usage tables](usage-tables.md#corrections) says what each correction changes):

    [hub]
    site = myhub

    [db]
    host = localhost
    user = hzmetrics
    password = ...
    hub_db = myhub
    metrics_db = myhub_metrics

    [metrics]
    corrections = all

## Environment variables

Besides those of single keys, below.

| Variable | Default | Meaning |
|---|---|---|
{variables}
"""


def configuration() -> str:
    """The text of `configuration.md`."""
    rows = [f"| `{variable.name}` | {variable.default} | {variable.meaning} |" for variable in VARIABLES]
    parts = [SETTINGS.format(variables="\n".join(rows))]
    for side, title in (("core", "Core sections"), ("live", "Live sections")):
        parts.append(f"## {title}\n")
        parts += [_section(section) for section in SECTIONS if section.side == side]
    return "\n".join(parts)


def _section(section: type[Section]) -> str:
    has_variables = any(key.environment for key in section.keys.values())
    heads = ["Key", "Values", "Default", "Meaning", *(["Environment"] if has_variables else [])]
    lines = [f"### [{section.heading}]", "", section.about, "", _row(heads), "|---" * len(heads) + "|"]
    for key in section.keys.values():
        shown = f"`{key.default}`" if key.shown == key.default and key.default else key.shown or "none"
        variable = f"`{key.environment}`" if key.environment else ""
        when = f" if `{'` is `'.join(key.when)}`" if key.when else ""
        cells = [f"`{key.name}`", key.kind, shown, key.meaning, *([variable + when] if has_variables else [])]
        lines.append(_row(cells))
    if section.others:
        lines.append(_row(["any other", section.others.kind, "none", section.others.meaning]))
    return "\n".join([*lines, ""])


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


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
    (HERE / "configuration.md").write_text(configuration(), encoding="utf-8")
    (HERE / "demo.svg").write_text(picture(), encoding="utf-8")

"""Writes the documents that are made from the program itself: `python -m docs.generate`.

`cli.md` and the manual page `hzmetrics.1` are the help of every command, `models.md` is the headers of every model,
`configuration.md` is the schema of the configuration, and `demo.svg` is the output of a demonstration.
"""

from __future__ import annotations

import importlib
import inspect
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

import hzmetrics
from docs.settings import configuration
from hzmetrics.cli import FAMILIES, cli
from hzmetrics.engine.models import Column, Model, inputs, macros, model
from hzmetrics.engine.models import names as model_names

HERE = Path(__file__).parent
WIDTH = 80

INTRODUCTION = """\
# Command line

This document is generated from `--help` by `make docs`, and a test compares them. Every command exits with 0 if it is
done or has nothing to do, with 1 if an operation failed or was refused, and with 2 if the command line is wrong or
there is no usable configuration. (`process` and `import` without an option exit with 1.)

```
{help}
```
"""


MODELS = """\
# Models

Every number is defined by *models*: SQL files with one SELECT each, in the `models/` directory of a package. A model
reads other models and *inputs*, relations that Python reads from the databases or from files. Each model has a link to
its SQL and one to its example: rows that it reads, and the rows that it yields then. This document is made from the
headers of the models by `make docs`; a test holds it to that.

In the graphs an arrow leads from a relation to the models that read it. Rounded boxes are inputs. Relations that models
read by way of macros are not drawn.
"""

WITHOUT_HEADERS = {
    "hzmetrics.activity",
    "hzmetrics.courses",
    "hzmetrics.installation.adoption",
    "hzmetrics.logs",
    "hzmetrics.users",
}


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


MANUAL_BEGIN = """\
.\\" Generated from the help of the commands by `make docs`.
.TH HZMETRICS 1 "" "hzmetrics {version}" "hzmetrics"
.ad l
.SH NAME
hzmetrics \\- usage analytics of a HUBzero science gateway
.SH SYNOPSIS
.B hzmetrics
.RI [ OPTIONS ]
.I COMMAND
.RI [ ARGUMENTS ]
.SH DESCRIPTION
"""

MANUAL_END = """\
.SH EXIT STATUS
.TP
.B 0
The command is done, or had nothing to do.
.TP
.B 1
An operation failed or was refused, or a report found problems.
.TP
.B 2
The command line is wrong, or there is no usable configuration.
.SH ENVIRONMENT
.TP
.B HZMETRICS_CONFIG
The configuration file.
.TP
.B HZMETRICS_HOME
The home directory; the default is /opt/hubzero/metrics.
.TP
.B HZMETRICS_LOG
The log file.
.TP
.B HZMETRICS_LOG_ROOT
The directory of the logs to import; the default is /var/log.
.SH FILES
.TP
.I /opt/hubzero/metrics/conf/hzmetrics.conf
The configuration.
"""


def manual_page() -> str:
    """The text of `hzmetrics.1`."""
    context = click.Context(cli, info_name="hzmetrics", **cli.context_settings)
    parts = [MANUAL_BEGIN.format(version=hzmetrics.__version__), _described(cli)]
    parts += [".SH OPTIONS\n", _options(cli, context), ".SH COMMANDS\n"]
    for family, names in FAMILIES.items():
        module = importlib.import_module(f"hzmetrics.cli.{family}")
        parts.append(f".SS {_roff((module.__doc__ or family).strip().splitlines()[0].rstrip('.'))}\n")
        for name in names:
            command = cli.get_command(context, name)
            assert command is not None
            for path, below in _all_of(command, (name,)):
                inner = click.Context(below, info_name=path[-1], parent=context)
                words = " ".join(below.collect_usage_pieces(inner))
                parts.append(f".TP\n.B {_roff(' '.join(path))} {_roff(words)}\n{_described(below)}")
                if options := _options(below, inner):
                    parts.append(f".RS\n{options}.RE\n")
    return "".join([*parts, MANUAL_END])


def _all_of(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, below in sorted(command.commands.items()):
            yield from _all_of(below, (*path, name))


def _described(command: click.Command) -> str:
    """The description of a command, a line for each paragraph."""
    paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    return ".sp\n".join(f"{_roff(' '.join(paragraph.split()))}\n" for paragraph in paragraphs)


def _options(command: click.Command, context: click.Context) -> str:
    """The options of a command, without `--help`."""
    records = (option.get_help_record(context) for option in command.params if isinstance(option, click.Option))
    return "".join(f".TP\n.B {_roff(names)}\n{_roff(text)}\n" for names, text in filter(None, records))


def _roff(text: str) -> str:
    """Text with the characters escaped that are instructions to roff."""
    text = text.replace("\\", "\\(rs").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    return f"\\&{text}" if text.startswith((".", "\\(aq")) else text


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


def packages() -> list[str]:
    """The packages that have models."""
    home = Path(hzmetrics.__file__).parent
    found = sorted(path.parent for path in home.rglob("models") if any(path.glob("*.sql")))
    named = (".".join(path.relative_to(home.parent).parts) for path in found)
    return [package for package in named if package not in WITHOUT_HEADERS]


def models() -> str:
    """The text of `models.md`."""
    return "\n".join([MODELS, *(part for package in packages() for part in _package(package))])


def _package(package: str) -> Iterator[str]:
    """The chapter of one package."""
    found = _in_order([one for name in model_names(package) if (one := model(package, name))])
    summary = (importlib.import_module(package).__doc__ or "").strip().partition("\n")[0]
    yield f"## {_short(package)}\n\n{summary}\n"
    yield f"```mermaid\nflowchart LR\n{_graph(package, found)}\n```\n"
    yield f"### Inputs of {_short(package)}\n"
    for relation in inputs(package).values():
        yield f"**{relation.name}.** {relation.summary}\n\n{_columns(relation.columns)}\n"
    for one in found:
        path = "/".join(package.split("."))
        example = "/".join(("tests", *package.split(".")[1:], "examples", f"{one.name}.yaml"))
        yield f"### {_short(package)}: {one.name}\n\n{one.summary}\n"
        yield f"- one row: {one.grain}"
        yield f"- reads: {', '.join(_link(package, name) for name in one.reads) or 'nothing'}"
        if one.variables:
            yield f"- variables: {', '.join(f'`{name}`' for name in one.variables)}"
        if one.corrections:
            yield f"- corrections: {', '.join(f'`{name}`' for name in one.corrections)}"
        if one.stored:
            yield "- stored"
        yield f"- [SQL](../{path}/models/{one.name}.sql), [example](../{example})\n\n{_columns(one.columns)}\n"


def _in_order(found: list[Model]) -> list[Model]:
    """Models after those they read, else by name."""
    ordered: list[Model] = []
    while later := [one for one in found if one not in ordered]:
        ordered += [one for one in later if not any(other.name in one.reads for other in later)]
    return ordered


def _graph(package: str, found: list[Model]) -> str:
    """What reads what, without the relations that only macros read."""
    hidden = set(macros(package).reads)
    edges = [(name, one.name) for one in found for name in one.reads if name not in hidden]
    boxes = [f"    {name}([{name}])" for name in inputs(package) if name not in hidden]
    return "\n".join([*boxes, *(f"    {before} --> {after}" for before, after in edges)])


def _link(package: str, name: str) -> str:
    chapter = _short(package).replace(".", "")
    return f"[{name}](#{f'inputs-of-{chapter}' if model(package, name) is None else f'{chapter}-{name}'})"


def _short(package: str) -> str:
    return package.partition(".")[2]


def _columns(columns: tuple[Column, ...]) -> str:
    rows = [f"| `{column.name}` | {column.type} | {column.meaning} |" for column in columns]
    return "\n".join(["| column | type | meaning |", "|---|---|---|", *rows])


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
    (HERE / "hzmetrics.1").write_text(manual_page(), encoding="utf-8")
    (HERE / "models.md").write_text(models(), encoding="utf-8")
    (HERE / "configuration.md").write_text(configuration(), encoding="utf-8")
    (HERE / "demo.svg").write_text(picture(), encoding="utf-8")

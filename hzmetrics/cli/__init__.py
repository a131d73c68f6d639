"""The command line. Each family of commands is one module, imported only when one of its commands is called."""

from __future__ import annotations

import importlib
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from hzmetrics import __version__
from hzmetrics.cli.app import App
from hzmetrics.errors import HzmetricsError, in_words
from hzmetrics.files import own_umask
from hzmetrics.log import log, stop, tell
from hzmetrics.output.text import say

FAMILIES: dict[str, tuple[str, ...]] = {
    "ingest": (
        "import",
        "import-apache",
        "import-auth",
        "reimport",
        "agents",
        "identify-bots",
        "rebuild-webhits",
        "backfill-dnload",
        "forget-import",
        "repair-imported-sources",
        "reconstruct-imported-sources",
        "fetch-logs",
        "archive-logs",
    ),
    "enrich": (
        "resolve-dns",
        "fill-domain",
        "fill-ipcountry",
        "fill-geo",
        "clean-bots",
        "import-hub-data",
        "fill-user-info",
        "middleware-wall",
        "middleware-cpu",
    ),
    "sessions": ("logfix-session", "clear-orphan-stamps"),
    "grids": ("summarize-month",),
    "tools": ("gen-tool-stats", "gen-tool-tops", "gen-tool-toplists", "andmore-usage", "tools"),
    "online": ("whoisonline",),
    "lookup": ("lookup",),
    "pipeline": (
        "tick",
        "run",
        "status",
        "process",
        "analyze",
        "summarize",
        "rebuild-summaries",
        "rebuild-from",
        "mark-dirty",
        "clear-dirty",
        "audit",
    ),
    "setup": ("init", "config", "setup-db", "migrate", "doctor"),
    "publish": ("publish", "report", "export"),
    "lake": ("lake",),
    "fleet": ("fleet",),
    "privacy": ("anonymise",),
    "activity": ("activity", "active-users", "openmetrics"),
    "events": ("events", "stats", "anomalies", "activities"),
    "courses": ("courses",),
    "serve": ("serve",),
    "demo": ("demo",),
}
"""Command families: `hzmetrics.cli.FAMILY` has one click command a name, `-` written as `_`."""


class Commands(click.Group):
    """Commands found by name; only the family of the called command is imported."""

    def list_commands(self, context: click.Context) -> list[str]:
        return [command for commands in FAMILIES.values() for command in commands]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        for family, commands in FAMILIES.items():
            if name in commands:
                module = importlib.import_module(f"hzmetrics.cli.{family}")
                command: click.Command = getattr(module, _function(name))
                return command
        return None

    def resolve_command(
        self, context: click.Context, arguments: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(context, arguments)
        except click.NoSuchCommand as error:
            raise click.NoSuchCommand(
                error.command_name, possibilities=self.list_commands(context), ctx=context
            ) from None

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        for family, commands in FAMILIES.items():
            module = importlib.import_module(f"hzmetrics.cli.{family}")
            rows = [(name, getattr(module, _function(name)).get_short_help_str(90)) for name in commands]
            with formatter.section((module.__doc__ or family).strip().splitlines()[0].rstrip(".")):
                formatter.write_dl(rows)


def _function(name: str) -> str:
    return {"import": "import_", "config": "config_"}.get(name, name.replace("-", "_"))


@click.group(
    cls=Commands,
    no_args_is_help=False,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option("-c", "--config", type=click.Path(path_type=Path), help="Read this configuration file.")
@click.option("-v", "--verbose", is_flag=True, help="Also show debug messages.")
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", help="Set the format of log lines.")
@click.version_option(__version__, "--version", message="hzmetrics %(version)s")
@click.pass_context
def cli(context: click.Context, config: Path | None, verbose: bool, log_format: str) -> None:
    """Usage analytics of a HUBzero science gateway.

    Cron calls `hzmetrics tick` every five minutes. `hzmetrics status` reports the state of the pipeline, and `hzmetrics
    run --all` does all pending work at once.
    """
    context.obj = App(config, verbose, log_format)
    context.call_on_close(context.obj.close)
    if context.invoked_subcommand is None:
        say(*context.get_help().splitlines())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; exit code 0, 1 (an operation failed or was refused) or 2 (wrong use, configuration)."""
    try:
        with own_umask():
            result: Any = cli.main(args=arguments, prog_name="hzmetrics", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.ClickException as error:
        said = io.StringIO()
        error.show(said)
        say(*said.getvalue().rstrip().split("\n"), to_stderr=True)
        return error.exit_code
    except click.Abort:
        say("interrupted", to_stderr=True)
        return 1
    except BrokenPipeError:
        sys.stdout = None  # the reader has closed the pipe: there is nothing to flush
        return 1
    except Exception as error:
        if log.handlers:
            tell(error)
        else:  # before the configuration said where the log is
            say(f"hzmetrics: {in_words(error)}", to_stderr=True)
        return error.exit_code if isinstance(error, HzmetricsError) else 1
    finally:
        stop()  # not before what ended the command has been logged

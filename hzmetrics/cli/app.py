"""What every command gets: the settings and the store, set up when first used."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, cast

import click
from click.shell_completion import CompletionItem

from hzmetrics import config, files, lock, log, memory
from hzmetrics.calendar import Clock, DateSpan, Month, either_day, epoch
from hzmetrics.cli import completion
from hzmetrics.cli.completion import Complete
from hzmetrics.config.schema import FIRST_CORRECTIONS
from hzmetrics.errors import HzmetricsError, UsageError
from hzmetrics.output.sheet import standard_output
from hzmetrics.pipeline.steps import Step
from hzmetrics.store import Store

T = TypeVar("T")


class App:
    """One invocation."""

    def __init__(self, config_file: Path | None, verbose: bool = False, log_format: str = "text") -> None:
        self.config_file = config_file
        self.verbose = verbose
        self.log_format = log_format
        self.is_called_by_cron = False
        """Cron calls such a command again and again: it warns of mistakes in the configuration once a day."""

    @cached_property
    def clock(self) -> Clock:
        return config.clock()

    @cached_property
    def source(self) -> config.Source:
        """The configuration file and the environment, as read. Raises ConfigurationError."""
        return config.read(config.locate(self.config_file))

    @cached_property
    def settings(self) -> config.Settings:
        """The configuration. Raises ConfigurationError. Logging starts here."""
        settings = config.build(self.source, self.clock)
        self.begin(settings)
        return settings if self.is_called_by_cron else self._with_corrections_in_force(settings)

    def begin(self, settings: config.Settings) -> None:
        """Limit the memory, start logging, and warn of mistakes, as settings say."""
        memory.set_limit(settings.memory)
        log.start(settings.paths.log_file, self.verbose, self.log_format)
        log.log.debug("hzmetrics %s", " ".join(sys.argv[1:]))
        self._warn(settings)

    def _with_corrections_in_force(self, settings: config.Settings) -> config.Settings:
        """The settings with the stored list, where `all` is configured and this version has newer ones (spec 15).

        What cron calls looks at the list itself, when it computes numbers.
        """
        if "all" not in settings.chosen_corrections or settings.corrections <= FIRST_CORRECTIONS:
            return settings
        if isinstance(settings.db, config.Sqlite) and not (settings.db.directory / "metrics.db").exists():
            return settings
        from hzmetrics.pipeline import corrections
        from hzmetrics.store import state

        self.store = Store(settings)
        try:
            return corrections.in_force(settings, state.read(self.store))
        except HzmetricsError:
            return settings  # the command itself reports what is wrong with the database

    def _warn(self, settings: config.Settings) -> None:
        """Warn of what is wrong in the configuration; in commands that cron calls, once a day."""
        warnings = [*map(str, settings.mistakes), *filter(None, [settings.exposure])]
        if self.is_called_by_cron:
            from hzmetrics.config.daily import not_yet_told

            warnings = not_yet_told(settings, warnings)
        for warning in warnings:
            log.log.warning("%s", warning)

    @cached_property
    def store(self) -> Store:
        return Store(self.settings)

    @contextmanager
    def run_lock(self, dry_run: bool = False) -> Iterator[None]:
        """The run lock, which every command that writes base rows or grids holds; a dry run needs none (spec 60 §9)."""
        if dry_run:
            yield
            return
        with lock.hold(self.settings):
            yield

    def run(self, step: Step, dry_run: bool, settings: config.Settings | None = None) -> None:
        """Run one step under the run lock."""
        from hzmetrics.pipeline.single import run_step

        settings = settings or self.settings
        with self.run_lock(dry_run):
            run_step(self.store, settings, step, dry_run)

    def close(self) -> None:
        if "store" in self.__dict__:
            self.store.close()


pass_app = click.make_pass_decorator(App)


class Text(click.ParamType[T]):
    """A value that a function reads from the text of the command line, raising UsageError."""

    def __init__(self, name: str, read: Callable[[str], T], complete: Complete | None = None) -> None:
        self.name = name
        self.read = read
        self.complete = complete

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> T:
        if not isinstance(value, str):
            return cast("T", value)
        try:
            return self.read(value)
        except UsageError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return self.complete(ctx, param, incomplete) if self.complete else []


class Items(click.ParamType[tuple[Any, ...]]):
    """A comma-separated list of known items, in the order of all of them; an empty text means all (spec 50 §1)."""

    name = "LIST"

    def __init__(self, items: tuple[Any, ...]) -> None:
        self.items = items

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Any, ...]:
        if isinstance(value, tuple):
            return value
        known = {str(item): item for item in self.items}
        names = [name.strip() for name in value.split(",")] if value.strip() else list(known)
        for name in names:
            if not name:
                self.fail(f"{value!r} has an empty item", param, ctx)
            if name not in known:
                self.fail(f"{name!r} is not one of {', '.join(known)}", param, ctx)
        return tuple(item for name, item in known.items() if name in names)


MONTH = Text("YYYY-MM", Month.parse, completion.months)
DAY = Text("YYYY-MM-DD", either_day)
DATE = Text("DATE", DateSpan.parse, completion.months)
"""`YYYY`, `YYYY-MM`, `YYYY-MM-DD` or `A..B` (spec 20 §1.3)."""
INSTANT = Text("TIME", epoch)

date_argument = click.argument("date", type=DATE, required=False)


def closed(date: DateSpan | None, every: bool = False) -> DateSpan | None:
    """The date, for steps that need both ends of their window (spec 20 §1.4). Raises UsageError."""
    if every:
        raise click.UsageError("--all is not possible here: give a date")
    if date is not None and date.is_open:
        raise click.UsageError("a date without start or end is not possible here")
    return date


def dry_run_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--dry-run`: report, and write nothing."""
    return click.option("--dry-run", is_flag=True, help="Report what would be done, and write nothing.")(function)


def page_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--output FILE`, of commands that make a page."""
    option = click.option("--output", type=click.Path(path_type=Path), help="Write to this file instead of printing.")
    return option(function)


def give_page(page: bytes, output: Path | None) -> None:
    """Print a page, or write it to a file that other users of this machine cannot read: it may hold names."""
    if output is None:
        standard_output().write(page)
        return
    try:
        files.replace(output, page, files.INTERNAL)
    except OSError as error:
        raise HzmetricsError(f"cannot write {output}: {error.strerror}") from None

"""Completing rows.

Names, domains, countries, bots, profiles and job times.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import click

from hzmetrics.calendar import DateSpan
from hzmetrics.cli.app import DATE, App, dry_run_option, pass_app
from hzmetrics.config import Settings
from hzmetrics.log import Stage, stage

VISITS = ("web", "websessions")
PLACED = ("web", "websessions", "toolstart", "sessionlog_metrics")
PEOPLE = ("toolstart", "sessionlog_metrics")
IDENTIFIER = re.compile(r"[A-Za-z0-9_$]{1,64}", re.ASCII)

Command = Callable[..., Any]


def database_argument(function: Command) -> Command:
    return click.argument("database", type=click.Choice(("metrics", "hub")))(function)


def table_argument(tables: tuple[str, ...]) -> Callable[[Command], Command]:
    return click.argument("table", type=click.Choice(tables))


def span_argument(function: Command) -> Command:
    return click.argument("date", type=DATE, required=False)(function)


@contextmanager
def step(app: App, dry_run: bool, *words: str) -> Iterator[Stage]:
    """The called command at work: the run lock, and log lines for its begin and end."""
    command = click.get_current_context().info_name or ""
    with app.run_lock(dry_run), stage(" ".join((command, *words))) as running:
        yield running


def refuse_open(context: click.Context, date: DateSpan | None, every: bool) -> None:
    """What deletes or spreads values needs both ends of its window (spec 20 §1.4)."""
    if every:
        raise click.UsageError("--all is not possible here: give a date", context)
    if date is not None and date.is_open:
        raise click.UsageError("a date without start or end is not possible here", context)


class Identifier(click.ParamType[str]):
    """The name of a table."""

    name = "TABLE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not IDENTIFIER.fullmatch(value):
            self.fail(f"{value!r} is not the name of a table", param, ctx)
        return str(value)


class PositiveNumber(click.ParamType[float]):
    """Seconds: a number above 0."""

    name = "SECONDS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            number = float(value)
        except ValueError:
            number = 0.0
        if not 0 < number < float("inf"):
            self.fail(f"{value!r} is not a number above 0", param, ctx)
        return number


@click.command()
@database_argument
@click.argument("table", type=Identifier())
@span_argument
@click.option("--all", "every", is_flag=True, help="Rows of all time.")
@click.option("-n", "--nameserver", help="system, or addresses: ADDRESS[:PORT],...")
@click.option("-c", "--concurrency", type=click.IntRange(min=1), help="Queries in flight.")
@click.option("-t", "--timeout", type=PositiveNumber(), help="Seconds a try.")
@dry_run_option
@pass_app
def resolve_dns(
    app: App,
    database: str,
    table: str,
    date: DateSpan | None,
    every: bool,
    nameserver: str | None,
    concurrency: int | None,
    timeout: float | None,
    dry_run: bool,
) -> None:
    """Look up the host names of addresses (default: the last 7 days)."""
    settings = app.settings
    dns = settings.dns.replace(nameserver=nameserver, concurrency=concurrency, timeout=timeout)
    from hzmetrics.enrich import dns as names
    from hzmetrics.enrich.resolver import servers

    servers(dns.nameserver)
    with step(app, dry_run, table) as running:
        running.rows = names.resolve_dns(
            app.store, replace(settings, dns=dns), database, table, date, every=every, dry_run=dry_run
        )


@click.command()
@database_argument
@table_argument(PLACED)
@span_argument
@click.option("--all", "every", is_flag=True, help="Rows of all time.")
@dry_run_option
@pass_app
def fill_domain(app: App, database: str, table: str, date: DateSpan | None, every: bool, dry_run: bool) -> None:
    """Fill in the domain of hosts (default: this month)."""
    settings = app.settings
    from hzmetrics.enrich import domains

    with step(app, dry_run, table) as running:
        running.rows = domains.fill_domain(
            app.store, settings, table, date, every=every, database=database, dry_run=dry_run
        )


def _with_service(settings: Settings, url: str | None, hub_key: str | None, timeout: float | None) -> Settings:
    geoip = settings.geoip.replace(url=url or None, hub_key=hub_key or None, timeout=timeout)
    return replace(settings, geoip=geoip)


@click.command()
@database_argument
@table_argument(PLACED)
@span_argument
@click.option("--all", "every", is_flag=True, hidden=True)
@click.option("--url", help="Address of a remote address service.")
@click.option("--hub-key", help="Key for the remote service.")
@click.option("--timeout", type=PositiveNumber(), help="Seconds to wait for the remote service.")
@dry_run_option
@pass_app
@click.pass_context
def fill_ipcountry(
    context: click.Context,
    app: App,
    database: str,
    table: str,
    date: DateSpan | None,
    every: bool,
    url: str | None,
    hub_key: str | None,
    timeout: float | None,
    dry_run: bool,
) -> None:
    """Fill in the country of addresses (default: this month)."""
    refuse_open(context, date, every)
    settings = _with_service(app.settings, url, hub_key, timeout)
    from hzmetrics.enrich import geo

    with step(app, dry_run, table) as running:
        running.rows = geo.fill_ipcountry(app.store, settings, table, date, database=database, dry_run=dry_run)


@click.command()
@click.option("--month", type=DATE, help="One month, or another date.")
@click.option("--all", "every", is_flag=True, help="Every month with a web row that lacks its country.")
@dry_run_option
@pass_app
@click.pass_context
def fill_geo(context: click.Context, app: App, month: DateSpan | None, every: bool, dry_run: bool) -> None:
    """Fill in countries in all four tables."""
    if (month is not None) == every:
        raise click.UsageError("give exactly one of --month and --all", context)
    refuse_open(context, month, False)
    settings = app.settings
    from hzmetrics.enrich import geo

    with step(app, dry_run) as running:
        running.rows = geo.fill_geo(app.store, settings, month, dry_run=dry_run)


@click.command()
@table_argument(VISITS)
@span_argument
@click.option("--all", "every", is_flag=True, hidden=True)
@dry_run_option
@pass_app
@click.pass_context
def clean_bots(context: click.Context, app: App, table: str, date: DateSpan | None, every: bool, dry_run: bool) -> None:
    """Delete rows of hosts and domains on the exclude list (default: this month)."""
    refuse_open(context, date, every)
    settings = app.settings
    from hzmetrics.enrich import bots

    with step(app, dry_run, table) as running:
        running.rows = bots.clean_bots(app.store, settings, table, date, dry_run=dry_run)


@click.command()
@database_argument
@table_argument(PEOPLE)
@click.argument("date", required=False)
@click.option("--all", "every", is_flag=True, help="Accepted; all rows are always considered.")
@dry_run_option
@pass_app
def fill_user_info(app: App, database: str, table: str, date: str | None, every: bool, dry_run: bool) -> None:
    """Fill in residence, citizenship and organisation of users."""
    settings = app.settings
    from hzmetrics.enrich import people

    with step(app, dry_run, table) as running:
        running.rows = people.fill_user_info(app.store, settings, table, database=database, dry_run=dry_run)


@click.command()
@dry_run_option
@pass_app
def import_hub_data(app: App, dry_run: bool) -> None:
    """Copy tool sessions and profiles from the hub."""
    settings = app.settings
    from hzmetrics.enrich import hubdata

    with step(app, dry_run) as running:
        running.rows = hubdata.import_hub_data(app.store, settings, dry_run=dry_run)


@click.command()
@dry_run_option
@pass_app
def middleware_wall(app: App, dry_run: bool) -> None:
    """Insert the jobs that the middleware logged."""
    settings = app.settings
    from hzmetrics.enrich import jobs

    with step(app, dry_run) as running:
        running.rows = jobs.middleware_wall(app.store, settings, dry_run=dry_run)


@click.command()
@dry_run_option
@pass_app
def middleware_cpu(app: App, dry_run: bool) -> None:
    """Fill in the CPU times that the middleware logged."""
    settings = app.settings
    from hzmetrics.enrich import jobs

    with step(app, dry_run) as running:
        running.rows = jobs.middleware_cpu(app.store, settings, dry_run=dry_run)

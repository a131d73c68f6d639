"""Completion of rows.

The commands that add names, domains, countries, profiles and job times to rows, and remove bots.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click

from hzmetrics.calendar import DateSpan
from hzmetrics.cli.app import DATE, App, closed, date_argument, dry_run_option, pass_app
from hzmetrics.log import stage
from hzmetrics.pipeline.steps import Step

VISITS = ("web", "websessions")
PLACED = ("web", "websessions", "toolstart", "sessionlog_metrics")
PEOPLE = ("toolstart", "sessionlog_metrics")
IDENTIFIER = re.compile(r"[A-Za-z0-9_$]{1,64}", re.ASCII)

ALL_TIME = DateSpan(None, None)

Command = Callable[..., Any]

database_argument = click.argument("database", type=click.Choice(("metrics", "hub")))
all_time_option = click.option("--all", "every", is_flag=True, help="Include the rows of all time.")
refused_all_option = click.option("--all", "every", is_flag=True, hidden=True)


def table_argument(tables: tuple[str, ...]) -> Callable[[Command], Command]:
    return click.argument("table", type=click.Choice(tables))


class Identifier(click.ParamType[str]):
    """The name of a table."""

    name = "TABLE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not IDENTIFIER.fullmatch(value):
            self.fail(f"{value!r} is not the name of a table", param, ctx)
        return str(value)


class Seconds(click.FloatRange):
    """A length of time: a finite number above 0."""

    name = "SECONDS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number", param, ctx)
        return number


SECONDS = Seconds(min=0, min_open=True)


@click.command()
@database_argument
@click.argument("table", type=Identifier())
@date_argument
@all_time_option
@click.option("-n", "--nameserver", help="Ask these: system, or ADDRESS[:PORT],...")
@click.option("-c", "--concurrency", type=click.IntRange(min=1), help="Set the number of queries in flight.")
@click.option("-t", "--timeout", type=SECONDS, help="Set the time to wait for one answer.")
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
    """Look up the host names of addresses.

    Without a DATE, the rows of the last 7 days are completed.
    """
    from hzmetrics.enrich.resolver import servers

    dns = app.settings.dns.replace(nameserver=nameserver, concurrency=concurrency, timeout=timeout)
    servers(dns.nameserver)  # wrong use is refused before a database is opened
    step = Step("resolve-dns", (database, table, ALL_TIME if every else date))
    app.run(step, dry_run, replace(app.settings, dns=dns))


@click.command()
@database_argument
@table_argument(PLACED)
@date_argument
@all_time_option
@dry_run_option
@pass_app
def fill_domain(app: App, database: str, table: str, date: DateSpan | None, every: bool, dry_run: bool) -> None:
    """Fill in the domains of host names.

    Without a DATE, the rows of this month are completed.
    """
    app.run(Step("fill-domain", (database, table, ALL_TIME if every else date)), dry_run)


@click.command()
@database_argument
@table_argument(PLACED)
@date_argument
@refused_all_option
@click.option("--url", help="Ask the address service at this URL.")
@click.option("--hub-key", help="Use this key for the address service.")
@click.option("--timeout", type=SECONDS, help="Set the time to wait for the address service.")
@dry_run_option
@pass_app
def fill_ipcountry(
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
    """Fill in the countries of addresses in one table.

    Without a DATE, the rows of this month are completed.
    """
    step = Step("fill-ipcountry", (database, table, closed(date, every)))
    geoip = app.settings.geoip.replace(url=url or None, hub_key=hub_key or None, timeout=timeout)
    app.run(step, dry_run, replace(app.settings, geoip=geoip))


@click.command()
@click.option("--month", type=DATE, help="Complete the rows of a month, or of another date.")
@click.option("--all", "every", is_flag=True, help="Complete every month in which a row of web lacks its country.")
@dry_run_option
@pass_app
def fill_geo(app: App, month: DateSpan | None, every: bool, dry_run: bool) -> None:
    """Fill in the countries of addresses in all four tables."""
    if (month is not None) == every:
        raise click.UsageError("give exactly one of --month and --all")
    span = closed(month)
    from hzmetrics.enrich import geo
    from hzmetrics.pipeline.single import completing

    with (
        app.run_lock(dry_run),
        completing(app.store, app.settings, span or ALL_TIME, dry_run),
        stage("fill-geo") as running,
    ):
        running.rows = geo.fill_geo(app.store, app.settings, span, dry_run=dry_run)


@click.command()
@table_argument(VISITS)
@date_argument
@refused_all_option
@dry_run_option
@pass_app
def clean_bots(app: App, table: str, date: DateSpan | None, every: bool, dry_run: bool) -> None:
    """Delete the rows of hosts and domains on the exclude list.

    Without a DATE, the rows of this month are examined.
    """
    app.run(Step("clean-bots", (table, closed(date, every))), dry_run)


@click.command()
@database_argument
@table_argument(PEOPLE)
@click.argument("date", required=False)
@click.option("--all", "every", is_flag=True, help="Accepted for older scripts; all rows are always considered.")
@dry_run_option
@pass_app
def fill_user_info(app: App, database: str, table: str, date: str | None, every: bool, dry_run: bool) -> None:
    """Fill in the profiles of users: residence, organization.

    Citizenship is filled in too.
    """
    app.run(Step("fill-user-info", (database, table, date)), dry_run)


@click.command()
@dry_run_option
@pass_app
def import_hub_data(app: App, dry_run: bool) -> None:
    """Copy tool sessions and profiles from the hub."""
    app.run(Step("import-hub-data"), dry_run)


@click.command()
@dry_run_option
@pass_app
def middleware_wall(app: App, dry_run: bool) -> None:
    """Add the jobs that the middleware logged."""
    app.run(Step("middleware-wall"), dry_run)


@click.command()
@dry_run_option
@pass_app
def middleware_cpu(app: App, dry_run: bool) -> None:
    """Fill in the CPU times that the middleware logged."""
    app.run(Step("middleware-cpu"), dry_run)

"""Sessions."""

from __future__ import annotations

import click

from hzmetrics.calendar import DateSpan, Month
from hzmetrics.cli.app import App, Text, closed, date_argument, dry_run_option, pass_app
from hzmetrics.pipeline.steps import Step


@click.command()
@click.argument("month", type=Text("YYYY-MM", Month.parse_numbers), required=False)
@dry_run_option
@pass_app
def logfix_session(app: App, month: Month | None, dry_run: bool) -> None:
    """Group the requests of a month into sessions.

    Without a MONTH, the sessions of this month are built.
    """
    app.run(Step("logfix-session", (month or app.clock.month,)), dry_run)


@click.command()
@date_argument
@dry_run_option
@pass_app
def clear_orphan_stamps(app: App, date: DateSpan | None, dry_run: bool) -> None:
    """Clear references to sessions that no longer exist.

    Without a DATE, the rows of this month are examined.
    """
    app.run(Step("clear-orphan-stamps", (closed(date),)), dry_run)

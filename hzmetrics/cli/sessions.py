"""Sessions."""

from __future__ import annotations

import re
from typing import Any

import click

from hzmetrics.calendar import DateSpan, Month
from hzmetrics.cli.app import App, closed, date_argument, dry_run_option, pass_app
from hzmetrics.pipeline.steps import Step


class LooseMonth(click.ParamType[Month]):
    """A month argument of two numbers, with or without leading zeros: `2025-7` is `2025-07` (spec 30 §1)."""

    name = "YYYY-MM"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Month:
        match = re.fullmatch(r"(\d+)-(\d+)", value, re.ASCII)
        try:
            if match is None:
                raise ValueError
            return Month(int(match[1]), int(match[2]))
        except ValueError:
            self.fail(f"{value!r} is not a month of the form YYYY-MM", param, ctx)


@click.command()
@click.argument("month", type=LooseMonth(), required=False)
@dry_run_option
@pass_app
def logfix_session(app: App, month: Month | None, dry_run: bool) -> None:
    """Group a month's requests into sessions (default: this month)."""
    app.run(Step("logfix-session", (month or app.clock.month,)), dry_run)


@click.command()
@date_argument
@dry_run_option
@pass_app
def clear_orphan_stamps(app: App, date: DateSpan | None, dry_run: bool) -> None:
    """Clear session ids of sessions that do not exist (default: this month)."""
    app.run(Step("clear-orphan-stamps", (closed(date),)), dry_run)

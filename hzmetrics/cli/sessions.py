"""Sessions."""

from __future__ import annotations

import re
from typing import Any

import click

from hzmetrics.calendar import Month
from hzmetrics.cli.app import App, dry_run_option, pass_app


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
    from hzmetrics.sessions.build import build_sessions

    month = month or app.clock.month
    with app.run_lock(dry_run):
        build_sessions(app.store, app.settings, month, dry_run)

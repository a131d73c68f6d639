"""Privacy.

What identifies visitors is taken away from old months.
"""

from __future__ import annotations

import click

from hzmetrics.calendar import Month
from hzmetrics.cli.app import MONTH, App, dry_run_option, pass_app


@click.command()
@click.option("--before", type=MONTH, required=True, help="The first month that keeps its addresses.")
@click.option("--yes", is_flag=True, help="Agree that this cannot be undone.")
@dry_run_option
@pass_app
def anonymise(app: App, before: Month, yes: bool, dry_run: bool) -> None:
    """Shorten addresses and drop host names in old months.

    IPv4 addresses keep 24 bits, IPv6 addresses 48. No number changes, now or in later months. The months must be done,
    and `hzmetrics audit` must find nothing in them. Afterwards they cannot be rebuilt, and their logs not be imported.
    """
    from hzmetrics.privacy.anonymise import anonymise

    with app.run_lock(dry_run):
        anonymise(app.store, app.settings, before, dry_run=dry_run, yes=yes)

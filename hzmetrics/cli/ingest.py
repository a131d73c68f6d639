"""Ingesting logs.

Access and auth logs into rows, the ledger of imported files, and what is derived from rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from hzmetrics.calendar import Month, compact_day
from hzmetrics.cli.app import DAY, MONTH, App, Text, dry_run_option, pass_app
from hzmetrics.errors import HzmetricsError
from hzmetrics.log import log
from hzmetrics.pipeline.steps import Step
from hzmetrics.store.schema import require_transactional

LOG_FILE = click.Path(path_type=Path, readable=False)
"""A log, or `-`. What is wrong with the file itself is said where it is opened: no misuse of the command line."""


@click.command("import")
@click.option("--next", "next_month", is_flag=True, help="All pending days of the oldest pending month.")
@click.option("--month", type=MONTH, help="All pending days of a month.")
@click.option("--day", type=DAY, help="One day.")
@click.option("--retry-unread", is_flag=True, help="Archived logs that became no rows because they were not read.")
@click.option("--force", is_flag=True, help="Import out of order.")
@dry_run_option
@pass_app
def import_(
    app: App,
    next_month: bool,
    month: Month | None,
    day: dt.date | None,
    retry_unread: bool,
    force: bool,
    dry_run: bool,
) -> None:
    """Import pending access and auth logs."""
    chosen = [next_month, month is not None, day is not None, retry_unread].count(True)
    if chosen > 1:
        raise click.UsageError("use one of --next, --month, --day and --retry-unread")
    settings = app.settings
    if not chosen:
        raise HzmetricsError("say what to import: --next, --month, --day or --retry-unread")
    from hzmetrics.ingest.imports import check_order, pending_days
    from hzmetrics.pipeline import manual

    if retry_unread:
        with _importing(app, dry_run):
            failed = manual.retry_unread(app.store, settings, dry_run)
        if failed:
            raise HzmetricsError(f"{failed} archived files still cannot be read; they stay where they are")
        return
    with _importing(app, dry_run):
        days = [day] if day else pending_days(settings, month)
        if next_month:
            days = [date for date in days if Month.of(date) == Month.of(days[0])]
        if not days:
            log.info("no log is pending")
            return
        if not force:
            check_order(settings, days[0])
        failed = manual.import_days(app.store, settings, days, dry_run)
    if failed:
        raise HzmetricsError(f"{failed} files could not be imported; they stay where they are")


@click.command()
@click.option("--since", type=MONTH, required=True, help="The first month.")
@click.option("--yes", is_flag=True, help="Do it without asking.")
@dry_run_option
@pass_app
def reimport(app: App, since: Month, yes: bool, dry_run: bool) -> None:
    """Import archived logs again, from a month on, so that corrections apply to them.

    Replaces the rows of each file in `imported` by those that it gives now. A month whose files are not all there is
    left alone. The next runs compute the months again.
    """
    from hzmetrics.pipeline import manual

    with _importing(app, dry_run):
        left = manual.reimport(app.store, app.settings, since, manual.Consent(dry_run=dry_run, yes=yes))
    if left and not dry_run:
        raise HzmetricsError(f"{len(left)} months keep rows of before: {', '.join(str(one.month) for one in left)}")


@click.command()
@click.argument("file", type=LOG_FILE)
@dry_run_option
@pass_app
def import_apache(app: App, file: Path, dry_run: bool) -> None:
    """Import one access log (`-`: standard input), and move it to `imported`.

    The file leaves its place, wherever it is: give a copy to keep it. Only standard input moves nothing.
    """
    from hzmetrics.ingest.imports import import_access

    settings = app.settings
    with _importing(app, dry_run):
        import_access(app.store, settings, file, dry_run)


@click.command()
@click.argument("file", type=LOG_FILE)
@dry_run_option
@pass_app
def import_auth(app: App, file: Path, dry_run: bool) -> None:
    """Import one auth log (`-`: standard input), without ledger and move."""
    from hzmetrics.ingest.imports import import_auth

    settings = app.settings
    with _importing(app, dry_run):
        import_auth(app.store, settings, file, dry_run)


@click.command()
@click.argument("file", type=LOG_FILE)
@dry_run_option
@pass_app
def identify_bots(app: App, file: Path, dry_run: bool) -> None:
    """Learn the bots that an access log shows (`-`: standard input)."""
    from hzmetrics.ingest.identify import identify_bots

    identify_bots(app.store, app.settings, file, dry_run)


@click.command()
@click.option("--month", type=MONTH, help="This month.")
@click.option("--all", "every", is_flag=True, help="Every month that has requests.")
@dry_run_option
@pass_app
def rebuild_webhits(app: App, month: Month | None, every: bool, dry_run: bool) -> None:
    """Count the hits of each day anew."""
    if every == (month is not None):
        raise click.UsageError("use exactly one of --month and --all")
    if month:
        app.run(Step("rebuild-webhits", options={"month": month}), dry_run)
        return
    from hzmetrics.ingest import webhits
    from hzmetrics.pipeline.facts import months_with_rows
    from hzmetrics.store.tables.metrics import web

    settings = app.settings
    with app.run_lock(dry_run):
        months = months_with_rows(app.store, web)
        if not months:
            log.info("no month has requests")
        webhits.rebuild(app.store, settings, months, dry_run)


@click.command()
@click.option("--start", type=MONTH, help="From this month on.")
@dry_run_option
@pass_app
def backfill_dnload(app: App, start: Month | None, dry_run: bool) -> None:
    """Set the download flag of requests imported without one."""
    from hzmetrics.ingest.downloads import backfill_dnload

    settings = app.settings
    with app.run_lock(dry_run):
        backfill_dnload(app.store, settings, start, dry_run)


@click.command()
@click.argument("filename")
@click.option("--table", type=click.Choice(["web", "userlogin", "webhits", "all"]), default="all", show_default=True)
@click.option("--force", is_flag=True, help="Also if another file's rows are in the recorded range.")
@dry_run_option
@pass_app
def forget_import(app: App, filename: str, table: str, force: bool, dry_run: bool) -> None:
    """Delete the rows a file became, and its ledger rows."""
    from hzmetrics.ingest.ledger import forget_import

    with app.run_lock(dry_run):
        forget_import(app.store, filename, table, force, dry_run)


@click.command()
@click.option("--apply", is_flag=True, help="Write the corrections (without: report).")
@dry_run_option
@pass_app
def repair_imported_sources(app: App, apply: bool, dry_run: bool) -> None:
    """Correct id ranges that earlier versions recorded wrongly."""
    from hzmetrics.ingest.repair import repair_imported_sources

    writes = apply and not dry_run
    with app.run_lock(not writes):
        repair_imported_sources(app.store, writes)


@click.command()
@click.option("--validate", is_flag=True, help="Compare recorded files with their rows.")
@click.option("--apply", is_flag=True, help="Write the ledger rows (without: report).")
@click.option("--since", type=MONTH, help="Only files of this month and later.")
@click.option("--target", type=click.Choice(["web", "userlogin"]), help="Only this table.")
@dry_run_option
@pass_app
def reconstruct_imported_sources(
    app: App, validate: bool, apply: bool, since: Month | None, target: str | None, dry_run: bool
) -> None:
    """Record files that were imported before there was a ledger."""
    from hzmetrics.ingest.reconstruct import TARGETS, reconstruct

    settings = app.settings
    writes = apply and not validate and not dry_run
    with app.run_lock(not writes):
        reconstruct(app.store, settings, [target] if target else list(TARGETS), since, validate, writes)


@click.command()
@click.argument("day", type=Text("YYYYMMDD", compact_day), required=False)
@dry_run_option
@pass_app
def fetch_logs(app: App, day: dt.date | None, dry_run: bool) -> None:
    """Put pending logs together in the staging directory."""
    from hzmetrics.ingest.staging import fetch_logs

    fetch_logs(app.settings, day, dry_run)


@click.command()
@click.argument("day", type=Text("YYYYMMDD", compact_day), required=False)
@dry_run_option
@pass_app
def archive_logs(app: App, day: dt.date | None, dry_run: bool) -> None:
    """Compress pending logs and put them away, imported or not."""
    from hzmetrics.ingest.staging import archive_logs

    archive_logs(app.settings, day, dry_run)


@contextmanager
def _importing(app: App, dry_run: bool) -> Iterator[None]:
    """The run lock, over tables that can take back a failed import; a dry run needs neither."""
    with app.run_lock(dry_run):
        if not dry_run:
            require_transactional(app.store)
        yield

"""Import of logs.

The commands that import access and auth logs, maintain the ledger of imported files, and derive data from the rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import click

from hzmetrics.calendar import Month, compact_day
from hzmetrics.cli import completion
from hzmetrics.cli.app import DAY, MONTH, App, Text, dry_run_option, pass_app
from hzmetrics.errors import HzmetricsError
from hzmetrics.log import log
from hzmetrics.output.document import print_document
from hzmetrics.output.text import say
from hzmetrics.pipeline.steps import Step

SHOWN = 200
"""Characters of a user agent that a terminal shows."""

LOG_FILE = click.Path(path_type=Path, readable=False)
"""A log file, or `-`. A file that cannot be opened is reported by the code that opens it, with exit code 1."""


NO_ARCHIVE = (
    "the logs of a site are not archived: after forget-import of a read, the next import reads its lines "
    "again, if a file still has them"
)


@click.command("import")
@click.option("--next", "next_month", is_flag=True, help="Import all pending days of the oldest pending month.")
@click.option("--month", type=MONTH, help="Import all pending days of this month.")
@click.option("--day", type=DAY, help="Import this day.")
@click.option("--retry-unread", is_flag=True, help="Import archived logs that became no rows and can be read now.")
@click.option("--force", is_flag=True, help="Import even if logs of earlier days are pending.")
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
    """Import all pending logs of a month or a day.

    Pending logs are the access and auth logs in the `daily` directories. Imported files move to `imported`. Nothing is
    analyzed or summarized: `hzmetrics process` does that too. For a site without a hub, --next reads all new lines of
    its logs, where they are.
    """
    chosen = [next_month, month is not None, day is not None, retry_unread].count(True)
    if chosen > 1:
        raise click.UsageError("--next, --month, --day and --retry-unread exclude each other")
    settings = app.settings
    if not chosen:
        raise HzmetricsError("nothing to import was named: use --next, --month, --day or --retry-unread")
    if settings.is_site:
        if retry_unread:
            raise HzmetricsError(NO_ARCHIVE)
        if not next_month:
            raise click.UsageError("the logs of a site are read as they are, without dates: use --next")
        _read_site(app, dry_run)
        return
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
            log.info("no logs are pending")
            return
        if not force:
            check_order(settings, days[0])
        failed = manual.import_days(app.store, settings, days, dry_run)
    if failed:
        raise HzmetricsError(f"{failed} files could not be imported; they stay where they are")


def _read_site(app: App, dry_run: bool) -> None:
    from hzmetrics.pipeline.site import read_logs

    with _importing(app, dry_run):
        failed = len(read_logs(app.store, app.settings, dry_run=dry_run).failed)
    if failed:
        raise HzmetricsError(f"{failed} files could not be read; the next run tries them again")


@click.command()
@click.option("--since", type=MONTH, required=True, help="The first month.")
@click.option("--yes", is_flag=True, help="Replace the rows without a question on a terminal.")
@dry_run_option
@pass_app
def reimport(app: App, since: Month, yes: bool, dry_run: bool) -> None:
    """Import archived logs again, from a month on.

    Replaces the rows of each file in `imported` by those that it gives now, so that corrections that act at import
    apply to them. A month whose files are not all there is left alone. The next runs compute the months again.
    """
    if app.settings.is_site:
        raise HzmetricsError(NO_ARCHIVE)
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
    """Import one access log, and move the file.

    The file, pending or not, moves to the directory `imported`: to keep it in its place, import a copy. With `-` as
    FILE, the log is read from standard input, and nothing is moved.
    """
    from hzmetrics.ingest.imports import import_access
    from hzmetrics.logs.reader import STANDARD_INPUT
    from hzmetrics.pipeline.unfinished import rows_change

    settings = app.settings
    if settings.is_site and file != STANDARD_INPUT:
        raise HzmetricsError("the logs of a site are read where they are: name the file in [logs] files")
    with _importing(app, dry_run):
        import_access(app.store, settings, file, dry_run, on_rows=partial(rows_change, settings=settings))


@click.command()
@click.argument("file", type=LOG_FILE)
@dry_run_option
@pass_app
def import_auth(app: App, file: Path, dry_run: bool) -> None:
    """Import one auth log, without the ledger.

    The file is not recorded and stays where it is. With `-` as FILE, the log is read from standard input.
    """
    from hzmetrics.ingest.imports import import_auth
    from hzmetrics.pipeline.unfinished import rows_change

    settings = app.settings
    with _importing(app, dry_run):
        import_auth(app.store, settings, file, dry_run, on_rows=partial(rows_change, settings=settings))


@click.command()
@click.argument("file", type=LOG_FILE)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def agents(file: Path, as_json: bool) -> None:
    """Classify the user agents in an access log.

    Each agent is listed with the rule that makes it a person's or a machine's; those with the most lines come first.
    FILE is in any format that `demo --logs` reads; with `-`, the log is read from standard input. An import uses the
    same rules if the correction `bot-tokens` is on.
    """
    from hzmetrics.ingest.agents import listing

    rows = listing(file).to_pylist()
    if as_json:
        print_document({"agents": rows}, indent=2)
        return
    width = max(len("rule"), *(len(_rule(row)) for row in rows))
    say(f"{'lines':>9}  counts as  {'rule':{width}}  agent")
    for row in rows:
        verdict = "machine" if row["is_machine"] else "person"
        say(f"{row['lines']:>9}  {verdict:9}  {_rule(row):{width}}  {_shown(row['agent'])}")


def _rule(row: dict[str, Any]) -> str:
    return f"{row['kind']}: {row['rule']}" if row["rule"] else "no rule"


def _shown(agent: str | None) -> str:
    if agent is None:
        return "(the format has no agent)"
    return (agent if len(agent) <= SHOWN else f"{agent[:SHOWN]}...") or "(empty)"


@click.command()
@click.argument("file", type=LOG_FILE)
@dry_run_option
@pass_app
def identify_bots(app: App, file: Path, dry_run: bool) -> None:
    """Add the bots in an access log to the list.

    A bot is a user agent that names itself as a machine. With `-` as FILE, the log is read from standard input.
    """
    from hzmetrics.ingest.identify import identify_bots

    identify_bots(app.store, app.settings, file, dry_run)


@click.command()
@click.option("--month", type=MONTH, help="Count the hits of this month.")
@click.option("--all", "every", is_flag=True, help="Count the hits of every month that has requests.")
@dry_run_option
@pass_app
def rebuild_webhits(app: App, month: Month | None, every: bool, dry_run: bool) -> None:
    """Count the hits of each day again."""
    if every == (month is not None):
        raise click.UsageError("give exactly one of --month and --all")
    if month:
        app.run(Step("rebuild-webhits", options={"month": month}), dry_run)
        return
    from hzmetrics.ingest import webhits
    from hzmetrics.pipeline.facts import months_with_rows
    from hzmetrics.pipeline.single import counting
    from hzmetrics.store.tables.metrics import web

    settings = app.settings
    with app.run_lock(dry_run):
        months = months_with_rows(app.store, web)
        if not months:
            log.info("no month has requests")
        with counting(app.store, settings, months, dry_run):
            webhits.rebuild(app.store, settings, months, dry_run)


@click.command()
@click.option("--start", type=MONTH, help="Begin with this month.")
@dry_run_option
@pass_app
def backfill_dnload(app: App, start: Month | None, dry_run: bool) -> None:
    """Set the missing download flags of requests.

    Earlier versions imported requests without the flag.
    """
    from hzmetrics.ingest.downloads import backfill_dnload

    settings = app.settings
    with app.run_lock(dry_run):
        backfill_dnload(app.store, settings, start, dry_run)


@click.command()
@click.argument("filename", shell_complete=completion.imported_files)
@click.option("--table", type=click.Choice(["web", "userlogin", "webhits", "all"]), default="all", show_default=True)
@click.option("--force", is_flag=True, help="Delete even if the recorded range has rows of another file.")
@dry_run_option
@pass_app
def forget_import(app: App, filename: str, table: str, force: bool, dry_run: bool) -> None:
    """Delete the rows and records of one file.

    FILENAME is the name of an imported file as recorded in the ledger.
    """
    from hzmetrics.ingest.ledger import forget_import
    from hzmetrics.pipeline.run import make_state_table
    from hzmetrics.pipeline.unfinished import rows_change

    settings = app.settings
    with app.run_lock(dry_run):
        if not dry_run:
            make_state_table(app.store)
        forget_import(app.store, filename, table, force, dry_run, on_rows=partial(rows_change, settings=settings))


@click.command()
@click.option("--apply", is_flag=True, help="Write the corrections; without, they are only reported.")
@dry_run_option
@pass_app
def repair_imported_sources(app: App, apply: bool, dry_run: bool) -> None:
    """Correct wrong id ranges in the ledger.

    Earlier versions recorded wrong ranges for some files.
    """
    from hzmetrics.ingest.repair import repair_imported_sources

    writes = apply and not dry_run
    with app.run_lock(not writes):
        repair_imported_sources(app.store, writes)


@click.command()
@click.option("--validate", is_flag=True, help="Compare the recorded files with their rows.")
@click.option("--apply", is_flag=True, help="Write the records; without, they are only reported.")
@click.option("--since", type=MONTH, help="Consider only files of this month and later.")
@click.option("--target", type=click.Choice(["web", "userlogin"]), help="Consider only the files of this table.")
@dry_run_option
@pass_app
def reconstruct_imported_sources(
    app: App, validate: bool, apply: bool, since: Month | None, target: str | None, dry_run: bool
) -> None:
    """Record files that the ledger lacks.

    These are files in `imported` that were imported before the ledger existed. Records of logins that this command
    wrote are replaced if their number of rows has changed since.
    """
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
    """Collect pending logs in the staging directory."""
    from hzmetrics.ingest.staging import fetch_logs

    fetch_logs(app.settings, day, dry_run)


@click.command()
@click.argument("day", type=Text("YYYYMMDD", compact_day), required=False)
@dry_run_option
@pass_app
def archive_logs(app: App, day: dt.date | None, dry_run: bool) -> None:
    """Compress and archive logs, imported or not."""
    from hzmetrics.ingest.staging import archive_logs

    archive_logs(app.settings, day, dry_run)


@contextmanager
def _importing(app: App, dry_run: bool) -> Iterator[None]:
    """Hold the run lock, and do what comes before imports; a dry run needs neither."""
    with app.run_lock(dry_run):
        if not dry_run:
            from hzmetrics.pipeline.manual import begin_imports

            begin_imports(app.store, app.settings)
        yield

"""Installation.

The commands that create directories and databases, change the tables of old ones, and check the installation.
"""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from hzmetrics import config
from hzmetrics.cli.app import App, dry_run_option, pass_app
from hzmetrics.errors import ConfigurationError, HzmetricsError, StoreError
from hzmetrics.health.surroundings import cron_line
from hzmetrics.log import log
from hzmetrics.output.document import print_document
from hzmetrics.output.text import say

if TYPE_CHECKING:
    from hzmetrics.health.doctor import Check


@click.command()
@click.option("--admin", is_flag=True, help="First make the database and its user, as administrator of the server.")
@click.option("--sql", is_flag=True, help="Only print the SQL that makes them.")
@pass_app
def init(app: App, admin: bool, sql: bool) -> None:
    """Create directories, the metrics database and its tables.

    The command is safe to run at any time: it creates only what is missing.

    On MariaDB, the user in the configuration must exist and have its rights. --admin sees to that on the machine of the
    server: run as root, it is the server's administrator. --sql prints the statements for another administrator; they
    contain a hash of the password.
    """
    from hzmetrics.installation import account, directories
    from hzmetrics.installation.adoption import apply
    from hzmetrics.store.connections import DatabaseDenied, DatabaseMissing, UserRefused

    _write_first_configuration(app)
    _refuse_mistakes(app.source)
    directories.make_for_log(config.Paths.of(app.source.environment))
    settings = app.settings
    if not settings.hub.site and not settings.is_site:
        raise ConfigurationError(
            f"{settings.file}: [hub] site is empty; for a site without a hub, set [logs] files instead"
        )
    if sql:
        say(*(f"{statement};" for statement in account.statements(settings)))
        return
    if admin:
        account.create(settings)
    directories.make(settings.paths)
    try:
        apply.prepare(app.store, settings)
    except (UserRefused, DatabaseDenied, DatabaseMissing) as error:
        raise StoreError(f"{error}; {account.HINT}") from None
    directories.hand_over_log(settings.paths)
    log.info("ready; for the cron table of %s: %s", directories.service_user(), cron_line(settings))


def _write_first_configuration(app: App) -> None:
    """Where there is no configuration, and none is named, write a sample. Raises ConfigurationError saying so."""
    from hzmetrics.config.sample import TO_FILL_IN, sample
    from hzmetrics.installation import directories

    file = config.usual_file()
    if config.is_named(app.config_file) or os.path.lexists(file):
        return
    try:
        directories.write_sample(file, sample())
    except HzmetricsError as error:
        raise ConfigurationError(f"no configuration, and {error}") from None
    raise ConfigurationError(
        f"there was no configuration; wrote a sample: {file}; fill in {', '.join(TO_FILL_IN)}"
        " (SQLite needs the site only, and no [db] section), then run: hzmetrics init"
    )


def _refuse_mistakes(source: config.Source) -> None:
    """Report all mistakes in the configuration. Raises ConfigurationError if there are any."""
    from hzmetrics.health.mistakes import all_mistakes

    mistakes = all_mistakes(source)
    for mistake in mistakes:
        say(mistake, to_stderr=True)
    if mistakes:
        number = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        raise ConfigurationError(f"{number} in the configuration {source.file}")


@click.group("config", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def config_(context: click.Context, as_json: bool) -> None:
    """Show all settings in effect, and where each came from.

    A setting comes from the file, from the environment, or is the default. Passwords, keys and tokens are masked. Of
    the corrections that act at import, it says from which day on they apply.
    """
    if context.invoked_subcommand is not None:
        return
    from hzmetrics.config.effective import effective, lines

    source: config.Source = context.obj.source
    if as_json:
        print_document([asdict(setting) for setting in effective(source)], indent=2)
    else:
        say(*lines(source, {("metrics", "corrections"): _since(context.obj)}))


def _since(app: App) -> list[str]:
    """From when on imported lines follow the corrections, if the database can be asked."""
    from hzmetrics.pipeline.corrections import since_lines
    from hzmetrics.store import Store, state

    try:
        settings = config.build(app.source, app.clock)
        if isinstance(settings.db, config.Sqlite) and not (settings.db.directory / "metrics.db").exists():
            return []
        app.store = Store(settings)
        return since_lines(state.read(app.store).corrected_since)
    except HzmetricsError:
        return []


@config_.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@pass_app
def check(app: App, as_json: bool) -> int:
    """Report unknown sections and keys, and values that cannot be used.

    Exit code 2 if there are any. A name in `[logs] files` that no file has is noted, and is no mistake.
    """
    from hzmetrics.health.mistakes import all_mistakes, notes

    if as_json:
        mistakes = all_mistakes(app.source)
        print_document([asdict(mistake) for mistake in mistakes], indent=2)
        return 2 if mistakes else 0
    _refuse_mistakes(app.source)
    say(*notes(app.source), f"{app.source.file}: no mistakes")
    return 0


@config_.command()
def sample() -> None:
    """Print a commented configuration file with every section and key."""
    from hzmetrics.config import sample

    say(*sample.sample().splitlines())


@click.command()
@dry_run_option
@pass_app
def setup_db(app: App, dry_run: bool) -> None:
    """Create the metrics database and its tables only."""
    from hzmetrics.installation.adoption import apply

    if dry_run:
        for step in apply.pending(app.store, app.settings):
            if not step.heavy:
                log.info("%s", step)
        return
    apply.prepare(app.store, app.settings)


@click.command()
@click.option("--apply", "applying", is_flag=True, help="Make the changes.")
@click.option("--required-only", is_flag=True, help="Accepted for older scripts, and ignored.")
@click.option("--space-checked", is_flag=True, help="Confirm that the disks of a remote server have room.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@dry_run_option
@pass_app
def migrate(app: App, applying: bool, required_only: bool, space_checked: bool, as_json: bool, dry_run: bool) -> None:
    """List the changes that the metrics database needs.

    With --apply, they are made. Heavy changes copy tables. They can be interrupted at any point; the same command then
    continues.
    """
    from hzmetrics.health import report
    from hzmetrics.installation.adoption import apply

    if applying and not dry_run:
        with app.run_lock():
            apply.converge(app.store, app.settings, space_checked)
        log.info("the metrics database is up to date")
        return
    steps, disks = apply.pending(app.store, app.settings), apply.disks(app.store)
    if as_json:
        fields = [{k: v for k, v in asdict(step).items() if k != "do"} for step in steps]
        print_document({"steps": fields, "free": {str(disk): disk.free for disk in disks}}, indent=2)
        return
    say(*report.lines(steps, disks))


@click.command()
@click.option("--fix", is_flag=True, help="First create missing directories, database and tables.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@pass_app
def doctor(app: App, fix: bool, as_json: bool) -> int:
    """Check the installation, and name the command for each repair."""
    from hzmetrics.health import doctor as examination

    if any(mistake.is_fatal for mistake in config.find_mistakes(app.source)):
        checks = list(examination.mistakes(app.source))
        _print_checks(checks, fix, as_json)
        return 2
    settings = app.settings
    if fix:
        examination.repair(app.store, settings)
    checks = examination.examine(app.store, settings, cron_line(settings))
    _print_checks(checks, fix, as_json)
    return 1 if any(check.verdict == "FAIL" for check in checks) else 0


def _print_checks(checks: list[Check], fixed: bool, as_json: bool) -> None:
    from hzmetrics.health import report

    if as_json:
        print_document([asdict(check) for check in checks], indent=2)
    else:
        say(*report.health(checks, fixed))

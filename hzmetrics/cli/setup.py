"""Installation.

The commands that create directories and databases, change the tables of old ones, and check the installation.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from hzmetrics.cli.app import App, dry_run_option, pass_app
from hzmetrics.config import DEFAULT_HOME, Settings
from hzmetrics.errors import ConfigurationError
from hzmetrics.log import log


@click.command()
@pass_app
def init(app: App) -> None:
    """Create directories, the metrics database and its tables.

    The command is safe to run at any time: it creates only what is missing.
    """
    from hzmetrics.installation import directories
    from hzmetrics.installation.adoption import apply

    settings = app.settings
    if not settings.hub.site:
        raise ConfigurationError(f"{settings.file}: [hub] site is empty")
    directories.make(settings.paths)
    apply.prepare(app.store, settings)
    directories.hand_over_new(settings.paths)
    log.info("ready; for the cron table of %s: %s", directories.service_user(), cron_line(settings))


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
        click.echo(json.dumps({"steps": fields, "free": {str(disk): disk.free for disk in disks}}, indent=2))
        return
    click.echo("\n".join(report.lines(steps, disks)))


def cron_line(settings: Settings) -> str:
    """The crontab line that calls this installation every five minutes."""
    home = settings.paths.home
    program = Path(sys.argv[0]).absolute()
    words = ([] if home == DEFAULT_HOME else [f"HZMETRICS_HOME={home}"]) + [str(program)]
    return " ".join(["*/5 * * * *", *words, "-c", str(settings.file.absolute()), "tick"])


@click.command()
@click.option("--fix", is_flag=True, help="First create missing directories, database and tables.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@pass_app
def doctor(app: App, fix: bool, as_json: bool) -> int:
    """Check the installation, and name the command for each repair."""
    from hzmetrics.health import doctor as examination
    from hzmetrics.health import report

    settings = app.settings
    if fix:
        examination.repair(app.store, settings)
    checks = examination.examine(app.store, settings, cron_line(settings))
    if as_json:
        click.echo(json.dumps([asdict(check) for check in checks], indent=2))
    else:
        click.echo("\n".join(report.health(checks, fix)))
    return 1 if any(check.verdict == "FAIL" for check in checks) else 0

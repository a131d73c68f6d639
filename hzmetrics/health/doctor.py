"""Checks of an installation, each with the command or line that fixes what it finds (spec 65 §10)."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import sqlalchemy as sa

from hzmetrics import journal
from hzmetrics.calendar import moment
from hzmetrics.config import MariaDb, Settings, Source
from hzmetrics.config.schema import Metrics, Publish
from hzmetrics.errors import ConfigurationError, HzmetricsError, LookupFailure, StoreError, UsageError
from hzmetrics.health import arrivals, hub, surroundings
from hzmetrics.health.mistakes import all_mistakes
from hzmetrics.ingest import sources
from hzmetrics.installation import account, directories, rights
from hzmetrics.installation.adoption import apply, inventory, plan, space
from hzmetrics.installation.adoption.inventory import Inventory
from hzmetrics.live import steps
from hzmetrics.live.freshness import Freshness
from hzmetrics.live.runner import Live
from hzmetrics.log import log
from hzmetrics.pipeline.corrections import listed
from hzmetrics.publish import site
from hzmetrics.store import Store, pseudonyms, state
from hzmetrics.store.connections import DatabaseDenied, DatabaseMissing, UserRefused
from hzmetrics.store.tables import metrics
from hzmetrics.store.version import refuse_newer

Verdict = Literal["OK", "WARN", "FAIL"]

OLD_ADDRESSES_DAYS = 180
"""Age from which an address database should be renewed."""
LITTLE_SPACE = 1_000_000_000
"""Free bytes of the staging directory below which imports may soon fail."""
CLOCK_TOLERANCE = 60
"""Seconds by which this machine and the database server may differ."""
LATE_RUN = dt.timedelta(hours=3)

BY_HAND = {
    steps.MAP: "whoisonline",
    steps.LOGS: "run --dry-run",
    steps.FOLLOW: "events update",
    "events": "events update",
    "active_users": "active-users update",
    "activity": "activity sample",
    "courses": "courses update",
    steps.PUBLISH: "openmetrics",
}
"""The command that does a step of the tick by itself, and shows what is wrong."""

RENEWED_BY = {
    "map": "hzmetrics whoisonline",
    "sample": "hzmetrics activity sample --force",
    "grid": "hzmetrics audit",
}
"""The command that renews what is too old, or says what keeps it."""


@dataclass(frozen=True)
class Check:
    """The result of one check. Warnings do not make the command fail."""

    name: str
    verdict: Verdict
    detail: str = ""
    fix: str = ""
    """The command or line that puts it right."""


def examine(store: Store, settings: Settings, cron_line: str) -> list[Check]:
    """Check everything; write nothing."""
    return [
        *_site(settings),
        *_configuration(settings),
        check_corrections(settings),
        *check_directories(settings),
        *check_pages(settings),
        *_databases(store, settings),
        *_lookups(settings),
        _agents(settings),
        *_machine(settings, cron_line),
        *_activity(store, settings),
        *_pseudonyms(store, settings),
        *_flow(store, settings, cron_line),
    ]


def repair(store: Store, settings: Settings) -> None:
    """Create directories, database and tables, as `init` does. Failures are logged, and the checks report them."""
    try:
        directories.make(settings.paths)
    except HzmetricsError as error:
        log.error("%s", error)
    try:
        apply.prepare(store, settings)
    except HzmetricsError as error:
        log.error("%s", error)


def _site(settings: Settings) -> Iterator[Check]:
    if settings.is_site:
        yield Check("site", "OK", "without a hub")
        yield _logs_of_site(settings)
    elif settings.hub.site:
        yield Check("site", "OK", settings.hub.site)
    else:
        hint = "under [hub] add: site = NAME; without a hub, under [logs] add: files = PATH"
        yield Check("site", "FAIL", "not configured", f"{settings.file}: {hint}")


def _logs_of_site(settings: Settings) -> Check:
    """Whether the logs of a site are there, and may be read."""
    from hzmetrics.ingest import in_place

    files = in_place.files(settings)
    closed = [str(file) for file in files if not os.access(file, os.R_OK)]
    if closed:
        hint = f"as root: usermod -aG {files[0].group()} {directories.service_user()}"
        return Check("logs", "FAIL", f"not readable: {', '.join(closed)}", hint)
    if not files:
        return Check("logs", "FAIL", "no file has a name that [logs] files gives", f"{settings.file}: [logs] files")
    return Check("logs", "OK", "1 file" if len(files) == 1 else f"{len(files)} files")


def _configuration(settings: Settings) -> Iterator[Check]:
    if isinstance(settings.db, MariaDb):
        given = {"host": settings.db.host, "user": settings.db.user, "metrics_db": settings.db.metrics_db}
        if not settings.db.socket:
            given["password"] = settings.db.password
        for key, value in given.items():
            if not value:
                yield Check("configuration", "FAIL", f"[db] {key} is empty", f"{settings.file}: under [db] set {key}")
        if all(given.values()):
            yield Check("configuration", "OK", str(settings.file))
    else:
        yield Check("configuration", "OK", f"{settings.file}; SQLite in {settings.db.directory}")
    yield from mistakes(settings.source)
    if settings.exposure:
        yield Check("configuration", "WARN", settings.exposure)
    try:
        mode = settings.file.stat().st_mode
    except OSError:
        return
    if mode & stat.S_IWGRP:
        yield Check("configuration", "WARN", "the group of the file can write to it", f"chmod 600 {settings.file}")


def mistakes(source: Source) -> Iterator[Check]:
    """What is wrong in the configuration, each with its place."""
    for mistake in all_mistakes(source):
        yield Check("configuration", "FAIL", str(mistake), f"correct {mistake.place}")


def check_corrections(settings: Settings) -> Check:
    """Whether somebody has chosen which known errors of earlier versions the numbers have."""
    if settings.is_site or settings.section(Metrics).is_given("corrections"):
        return Check("corrections", "OK", listed(settings.corrections))
    cost = "not set: the numbers have the known errors of earlier versions; about 10 % of visits are not counted"
    choice = "set all (a new hub) or none (keep published numbers as they are); docs/usage-tables.md says what changes"
    return Check("corrections", "WARN", cost, f"{settings.file}: under [metrics] corrections, {choice}")


def check_directories(settings: Settings) -> Iterator[Check]:
    """The directories of an installation."""
    for directory in settings.paths.expected:
        name = f"directory {directory}"
        try:
            is_there = stat.S_ISDIR(directory.stat().st_mode)
        except PermissionError:
            yield Check(name, "FAIL", "not accessible", f"as root: chmod o+x {directory.parent}")
            continue
        except OSError:
            is_there = False
        if not is_there:
            yield Check(name, "FAIL", "missing", "hzmetrics doctor --fix")
        elif not os.access(directory, os.R_OK | os.X_OK):
            yield Check(name, "FAIL", "not accessible", f"as root: chmod o+rx {directory}")
        elif directory in settings.paths.written and not os.access(directory, os.W_OK):
            yield Check(name, "FAIL", "not writable", f"as root: chown {directories.service_user()} {directory}")
        else:
            yield Check(name, "OK")


def check_pages(settings: Settings) -> Iterator[Check]:
    """Where the pages are published: whether they can be written, and read by a web server."""
    directory = settings.section(Publish).dir
    if directory is None:
        return
    directory = directory.absolute()
    name, user = f"pages {directory}", directories.service_user()
    try:
        site.require_site(directory)
        above = next(path for path in directory.parents if path.is_dir())
        is_writable = os.access(above, os.W_OK | os.X_OK)
        closed = [path for path in (above, *above.parents) if not path.stat().st_mode & stat.S_IXOTH]
    except (HzmetricsError, OSError) as error:
        yield Check(name, "FAIL", str(error), f"{settings.file}: [publish] dir")
        return
    if not is_writable:
        yield Check(name, "FAIL", f"{user} cannot write to {above}", f"as root: chown {user} {above}")
    elif closed:
        path = closed[-1]
        yield Check(name, "WARN", f"other users, a web server among them, cannot enter {path}", f"chmod o+x {path}")
    else:
        yield Check(name, "OK", "" if directory.exists() else "nothing is published yet")


def _databases(store: Store, settings: Settings) -> Iterator[Check]:
    if isinstance(settings.db, MariaDb) and not settings.db.metrics_db:
        return
    try:
        found = inventory.read(store.metrics)
    except (UserRefused, DatabaseDenied) as error:
        yield Check("database server", "FAIL", str(error), account.HINT)
        return
    except StoreError as error:
        yield Check("database server", "FAIL", str(error), f"{settings.file}: check [db]")
        return
    yield from _metrics_database(store, settings, found)
    if isinstance(settings.db, MariaDb):
        yield from _server(store, settings, settings.db)
        if not settings.is_site:
            yield from _hub_database(store, settings, settings.db)


def _metrics_database(store: Store, settings: Settings, found: Inventory) -> Iterator[Check]:
    if not found.exists:
        yield Check("metrics database", "FAIL", "does not exist", "hzmetrics init")
        return
    try:
        refuse_newer(found.version)
        heavy = plan.heavy(found, store.metrics)
    except StoreError as error:
        yield Check("metrics database", "FAIL", str(error))
        return
    for step in plan.light(found, settings.prefix):
        yield Check("metrics database", "FAIL", str(step), "hzmetrics init")
    for step in heavy:
        required = step.number == 6 and step.table in plan.TRANSACTIONAL
        if not step.optional:
            yield Check("metrics database", "FAIL" if required else "WARN", str(step), "hzmetrics migrate --apply")
    if all(step.optional for step in heavy) and apply.is_ready(found, settings.prefix):
        more = f"; hzmetrics migrate --apply would add: {heavy[0].what}" if heavy else ""
        yield Check("metrics database", "OK", f"{len(found.tables)} tables, up to date{more}")
    yield from _originals(store, found)


def _originals(store: Store, found: Inventory) -> Iterator[Check]:
    if metrics.rebuilds.name not in found.tables:
        return
    kept = metrics.rebuilds.c.original
    for name in store.metrics.rows(sa.select(kept).where(kept != "")):
        if name.original in found.tables:
            size = space.size(found.tables[name.original].size)
            yield Check(
                "kept original",
                "OK",
                f"{name.original}, {size}; when you no longer need it: DROP TABLE {name.original}",
            )


def _server(store: Store, settings: Settings, db: MariaDb) -> Iterator[Check]:
    try:
        with apply.server(settings) as connection:
            version, mode, now, user = connection.exec_driver_sql(
                "SELECT VERSION(), @@SESSION.sql_mode, NOW(), CURRENT_USER()"
            ).one()
            grants = [str(row[0]) for row in connection.exec_driver_sql("SHOW GRANTS")]
    except StoreError as error:
        yield Check("database server", "FAIL", str(error))
        return
    yield Check("database server", "OK", str(version))
    zero_dates = [name for name in str(mode).split(",") if name.startswith("NO_ZERO")]
    yield Check("sql_mode", "FAIL" if zero_dates else "OK", f"for connections of hzmetrics: {mode}")
    yield _clock(str(now))
    yield from _rights(grants, str(user), settings, db)


def _clock(of_server: str) -> Check:
    try:
        apart = abs((moment(of_server) - dt.datetime.now()).total_seconds())
    except UsageError:
        return Check("clock", "WARN", f"the database server's clock shows {of_server}")
    if apart > CLOCK_TOLERANCE:
        detail = (
            f"the database server's clock shows {of_server}, that of this machine {dt.datetime.now():%Y-%m-%d %H:%M:%S}"
        )
        return Check("clock", "WARN", detail, "timedatectl set-ntp true; give both the same time zone")
    return Check("clock", "OK", "agrees with that of the database server")


def _rights(grants: list[str], user: str, settings: Settings, db: MariaDb) -> Iterator[Check]:
    name, _, host = user.rpartition("@")
    written = [settings.prefix + table for table in rights.WRITTEN]
    needed = rights.least(rights.account(name, host), db.metrics_db, db.hub_db, written)
    lacking = rights.missing(rights.granted(grants, db.metrics_db), rights.METRICS)
    if lacking:
        yield Check("rights", "FAIL", f"on {db.metrics_db}: no {', '.join(lacking)}", "; ".join(needed["metrics"]))
    hub_lacks = [] if not db.hub_db else _lacking_on_hub(grants, settings.prefix, db.hub_db)
    if hub_lacks:
        yield Check("rights", "FAIL", f"on {db.hub_db}: {'; '.join(hub_lacks)}", "; ".join(needed["hub"]))
    if not lacking and not hub_lacks:
        yield Check("rights", "OK", user)


def _lacking_on_hub(grants: list[str], prefix: str, hub: str) -> list[str]:
    lacks = [] if not rights.missing(rights.granted(grants, hub), ["SELECT"]) else ["no SELECT"]
    for table in rights.WRITTEN:
        lacking = rights.missing(rights.granted(grants, hub, prefix + table), ["INSERT", "UPDATE", "DELETE"])
        if lacking:
            lacks.append(f"no {', '.join(lacking)} on {prefix}{table}")
    return lacks


def _hub_database(store: Store, settings: Settings, db: MariaDb) -> Iterator[Check]:
    if not db.hub_db:
        yield Check("hub database", "WARN", "[db] hub_db is empty", f"{settings.file}: under [db] set hub_db")
        return
    try:
        missing = hub.missing_tables(store)
        is_foreign = hub.is_foreign(store)
    except DatabaseMissing:
        yield Check("hub database", "FAIL", f"{db.hub_db} does not exist", f"{settings.file}: [db] hub_db")
    except StoreError as error:
        yield Check("hub database", "FAIL", str(error))
    else:
        if missing:
            hint = f"{settings.file}: check [db] hub_db_prefix, which is {settings.prefix}"
            lacks = "has none of the hub's tables" if is_foreign else f"lacks the tables {', '.join(missing)}"
            yield Check("hub database", "FAIL" if is_foreign else "WARN", f"{db.hub_db} {lacks}", hint)
        else:
            yield Check("hub database", "OK", db.hub_db)


def _lookups(settings: Settings) -> Iterator[Check]:
    from hzmetrics.enrich.places import DatabaseAbsent, Places

    yield from _name_servers(settings)
    file = settings.geoip.database
    if file is None:
        if not settings.geoip.url:
            hint = f"{settings.file}: under [geoip] set database = FILE.mmdb"
            yield Check("address database", "WARN", "none configured: countries stay unknown", hint)
        return
    try:
        places = Places(file)
    except DatabaseAbsent as failure:
        yield Check("address database", "WARN", f"{failure}: countries stay unknown", f"provide {file}")
        return
    except LookupFailure as failure:
        yield Check("address database", "FAIL", str(failure), f"{settings.file}: [geoip] database")
        return
    places.close()
    age = (time.time() - places.built) / 86400
    old = age > OLD_ADDRESSES_DAYS
    detail = f"{file}, {age:.0f} days old"
    yield Check("address database", "WARN", detail, "geoipupdate") if old else Check("address database", "OK", detail)


def _name_servers(settings: Settings) -> Iterator[Check]:
    """Each name server by itself: enrichment waits for one that is silent."""
    from hzmetrics.enrich import lookup

    hint = f"{settings.file}: under [dns] set nameserver = ADDRESS"
    try:
        servers = lookup.name_servers(settings.dns)
    except (ConfigurationError, LookupFailure) as error:
        yield Check("name server", "FAIL" if isinstance(error, ConfigurationError) else "WARN", str(error), hint)
        return
    for server in servers:
        try:
            detail = f"{server} answered in {lookup.response_time(settings.dns, server)} ms"
        except LookupFailure as failure:
            yield Check("name server", "WARN", str(failure), hint)
        else:
            yield Check("name server", "OK", detail)


def _agents(settings: Settings) -> Check:
    from hzmetrics.agents.evidence import edition

    detail = edition() if "bot-tokens" in settings.corrections else "the token list (correction bot-tokens is off)"
    return Check("user agents", "OK", detail)


def _machine(settings: Settings, cron_line: str) -> Iterator[Check]:
    staging = settings.paths.state if settings.is_site else settings.paths.staging
    name = "space" if settings.is_site else "space for staging"
    nearest = next(path for path in (staging, *staging.parents) if path.is_dir())
    free = shutil.disk_usage(nearest).free
    detail = f"{space.size(free)} free in {nearest}"
    if free < LITTLE_SPACE:
        yield Check(name, "WARN", detail, f"du -xh {nearest} | sort -h | tail")
    else:
        yield Check(name, "OK", detail)
    user = directories.service_user()
    entries = list(surroundings.cron_entries(user))
    if entries:
        yield Check("cron", "OK", "; ".join(sorted({place for place, _ in entries})))
    else:
        yield Check("cron", "WARN", "no entry calls hzmetrics tick", f"crontab -e -u {user}, then add: {cron_line}")


def _pseudonyms(store: Store, settings: Settings) -> Iterator[Check]:
    """The key with which visitors of anonymised months are counted."""
    try:
        if pseudonyms.key(store, settings):
            yield Check("pseudonyms", "OK", str(pseudonyms.key_file(settings)))
    except ConfigurationError as error:
        yield Check("pseudonyms", "FAIL", str(error))
    except StoreError:  # the checks of the databases say why
        return


def _activity(store: Store, settings: Settings) -> Iterator[Check]:
    last = journal.read(settings, "run")
    if last is None or not last.succeeded:
        detail = "never"
        if last is not None:
            detail += f"; the run of {last.started} " + (f"failed: {last.error}" if last.error else "has not ended")
        yield Check("last successful run", "WARN", detail, "hzmetrics run")
    else:
        age = settings.clock.now.replace(tzinfo=None) - moment(last.succeeded)
        late = age > LATE_RUN
        detail = last.succeeded + (f"; a later run failed: {last.error}" if last.error else "")
        yield Check("last successful run", "WARN" if late else "OK", detail, "hzmetrics run" if late else "")
    try:
        files = state.read(store).bad_files
    except (HzmetricsError, ValueError):
        return
    for file in files:
        hint = f"repair or remove {file.path}, or do what the message says; the next run tries the file again"
        yield Check("bad file", "WARN", f"{Path(file.path).name}: {file.reason}", hint)


def _flow(store: Store, settings: Settings, cron_line: str) -> Iterator[Check]:
    """What should keep coming: the steps of the tick, the logs, the newest of everything."""
    for step, entry in steps.outcomes(settings).items():
        since = entry.since or entry.started
        if entry.has_failed:
            yield Check(
                f"step {step}", "FAIL", f"has failed since {since}: {entry.error}", f"hzmetrics {BY_HAND[step]}"
            )
        else:
            yield Check(f"step {step}", "OK", entry.started)
    if not settings.is_site and (unreadable := sources.unreadable(settings)):
        hint = f"as root: namei -l {sources.base(settings, 'access')}/daily; {directories.service_user()} must read it"
        yield Check("logs to import", "FAIL", "; ".join(unreadable), hint)
    try:
        if not settings.is_site:
            lost, others = arrivals.misnamed(store, settings, sources.pending(settings))
            hint = f"{settings.file}: [hub] site, which is {settings.hub.log_prefix}, or the names in logrotate"
            yield from (Check("names of logs", "FAIL", told, hint) for told in lost)
            yield from (Check("names of logs", "WARN", told) for told in others)
        ages = [one for one in Live(store, settings).freshness() if one.name != "run"]
    except HzmetricsError:  # the checks of the configuration and the databases say why
        return
    yield from (_age(one, cron_line) for one in ages)


def _age(one: Freshness, cron_line: str) -> Check:
    """How old the newest of something is. Without any tick, cron has yet to be set up: no fault of an installation."""
    name = f"newest {one.name}"
    if not one.problem:
        return Check(name, "OK", one.newest or "nothing yet")
    if one.name == "tick":
        line = f"crontab -e -u {directories.service_user()}, then add: {cron_line}"
        return Check(name, "FAIL" if one.newest else "WARN", one.problem, line)
    return Check(name, "FAIL", one.problem, RENEWED_BY.get(one.name, ""))

"""`identify-bots`: storing the bots that an access log shows, without importing it (spec 10 §7)."""

from __future__ import annotations

from pathlib import Path

from hzmetrics.config import Settings
from hzmetrics.ingest.access import AccessLog, Rules, report_agents
from hzmetrics.logs.packing import Limits
from hzmetrics.logs.reader import open_log
from hzmetrics.store import Store


def identify_bots(store: Store, settings: Settings, path: Path, dry_run: bool = False) -> int:
    """Store the bots that an access log shows; returns how many agents were flagged. Raises HzmetricsError.

    See spec 10 §7.
    """
    database = store.metrics
    limits = Limits.of(settings)
    with open_log(path, limits) as stream, database.connect() if dry_run else database.begin() as connection:
        rules = Rules.read(connection, settings)
        with AccessLog(rules) as access:
            for _ in access.kept(stream):
                pass
            report_agents(access)
        if not dry_run:
            rules.bots.learn(database, connection)
    return len(rules.bots.flagged)

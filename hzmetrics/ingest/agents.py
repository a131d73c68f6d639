"""What each agent of a log counts as: `hzmetrics agents`."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from hzmetrics.agents.judging import verdicts
from hzmetrics.errors import HzmetricsError
from hzmetrics.ingest.access import AccessLog, Rules
from hzmetrics.ingest.addresses import Clients, exactly
from hzmetrics.ingest.bots import Bots
from hzmetrics.ingest.filters import Excludes
from hzmetrics.logs.formats import AUTO
from hzmetrics.logs.reader import open_log
from hzmetrics.logs.settings import LogSettings

EVERYTHING = Rules(Clients(exactly([]), reads_ipv6=True), Excludes([], [], []), Bots(frozenset()), LogSettings(AUTO))
"""Rules that read every line and drop none."""


def listing(path: Path) -> pa.Table:
    """The agents of an access log with their verdicts and `lines`, most lines first.

    The agent of lines in a format without one is null. Raises HzmetricsError.
    """
    counts = pa.table({"agent": pa.array([], pa.string()), "lines": pa.array([], pa.int64())})
    with open_log(path) as stream, AccessLog(EVERYTHING) as access:
        for lines in access.chunks(stream):
            access.read(lines)
            more = access.engine.query("SELECT agent, count(*) AS lines FROM requests GROUP BY agent")
            counts = pa.concat_tables([counts, more]).group_by("agent").aggregate([("lines", "sum")])
            counts = counts.rename_columns(["agent", "lines"])
    if not counts.num_rows:
        raise HzmetricsError(f"{path}: no line is of an access log")
    counts = counts.sort_by([("lines", "descending"), ("agent", "ascending")])
    return verdicts(counts["agent"].combine_chunks()).add_column(0, "lines", counts["lines"])

"""Counting visitors, a part of them at a time, and settled years, once.

Of settled years, which are before every window but the widest, what the cells are made of changes from one month to the
next only for addresses that occur later, in a session or a login. What their sessions add is taken off again, and these
are counted with the later ones (spec 50 §16).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from hzmetrics.engine import Engine, windows
from hzmetrics.errors import StoreUnavailable
from hzmetrics.grids.grouping import grouped
from hzmetrics.grids.sources import SettledRows
from hzmetrics.scratch import Scratch
from hzmetrics.snapshots import SETTLED, Settled, Snapshot, path_of

PART = 1_000_000
"""Rows of `grouped_sessions` whose visitors are counted at a time: their sets then fit in memory."""

COUNTED = dict(zip(SETTLED, ("counted_visitors", "session_totals", "session_domains", "known_addresses"), strict=True))
"""What the cells are made of, by the relation that has it of settled years."""


def count_visitors(engine: Engine) -> None:
    """Give the engine the relation `counted_visitors`, a part of the visitors at a time."""
    engine.create("counted_visitors")
    engine.collect("counted_visitors", "settled_counts")
    rows = engine.query("SELECT count(*) AS number FROM grouped_sessions")["number"][0].as_py()
    parts = -(-rows // PART)
    for part in range(parts):
        engine.set_variable("first_address", (part << 64) // parts)
        engine.set_variable("last_address", (part + 1 << 64) // parts - 1)
        engine.collect("counted_visitors", "visitor_counts")


def nothing_settled(engine: Engine) -> None:
    """Give the engine the relations of settled years, without rows."""
    for name in SETTLED:
        engine.create(name)


def count_settled(
    engine: Engine,
    held: ExitStack,
    settled: SettledRows,
    sessions: Sequence[str],
    logins: Sequence[str],
    rules: str,
) -> tuple[str, list[str]]:
    """Give the engine the relations of settled years; `sessions` and `logins` are the files of the later ones.

    `rules` is what, beside sessions and logins, decides on what is counted. Returns the file of the settled sessions
    that are to be counted with the later ones, and the files of the settled logins.
    """
    directory = Path(held.enter_context(Scratch()))
    later, returning = str(directory / "later.parquet"), str(directory / "returning.parquet")
    settled_sessions, settled_logins = grouped(engine, held, settled.sessions), grouped(engine, held, settled.logins)

    engine.register_parquet("grouped_sessions", sessions)
    engine.register_parquet("grouped_logins", logins)
    engine.save("later_addresses", Path(later))
    engine.register_parquet("later_addresses", [later])
    engine.register_parquet("grouped_sessions", settled_sessions)
    engine.register_parquet("grouped_logins", settled_logins)
    engine.save("returning_sessions", Path(returning))

    engine.register("windows", windows(settled.month, [settled.period]))
    rules = f"{rules} {settled.period}"
    snapshots = {name: settled.kept.counted(Settled(settled.last, name), settled.snapshots, rules) for name in SETTLED}
    kept = _kept(snapshots)
    if not kept:
        kept = _counted(engine)
        for name, snapshot in snapshots.items():
            snapshot.keep(_written(kept[name], directory / f"{name}.parquet"))
    engine.register_parquet("grouped_sessions", [returning])
    taken_off = _counted(engine)
    for name in SETTLED:
        engine.register(name, pa.concat_tables([_signed(kept[name], 1), _signed(taken_off[name], -1)]))
    return returning, settled_logins


def _counted(engine: Engine) -> dict[str, pa.Table]:
    """What the cells are made of, of the sessions and logins that the engine knows now."""
    nothing_settled(engine)
    count_visitors(engine)
    return {name: engine.table(counted) for name, counted in COUNTED.items()}


def _written(rows: pa.Table, path: Path) -> Path:
    """The file `path`, with the rows. Raises StoreUnavailable."""
    try:
        pq.write_table(rows, path, compression="zstd")
    except OSError as error:
        raise StoreUnavailable(f"no room in the temporary directory: {error}") from None
    return path


def _kept(snapshots: Mapping[str, Snapshot]) -> dict[str, pa.Table]:
    """What is kept, if all of it is."""
    found = {}
    for name, snapshot in snapshots.items():
        file = snapshot.whole()
        if not file:
            return {}
        with file:
            found[name] = pq.read_table(path_of(file))
    return found


def _signed(rows: pa.Table, sign: int) -> pa.Table:
    return rows.append_column("sign", pa.repeat(pa.scalar(sign, pa.int32()), rows.num_rows))

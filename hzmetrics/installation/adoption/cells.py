"""Cells that a grid holds more than once: nothing prevented it before the unique key (spec 70 §8.3)."""

from __future__ import annotations

import sqlalchemy as sa

from hzmetrics.installation.adoption.work import Work
from hzmetrics.log import log
from hzmetrics.store.database import Database
from hzmetrics.store.tables import metrics


def _doubled(grid: sa.Table) -> sa.Subquery:
    """The cells of a grid that have several rows."""
    key = (grid.c.rowid, grid.c.colid, grid.c.datetime, grid.c.period)
    return sa.select(*key).group_by(*key).having(sa.func.count() > 1).subquery("doubled")


def count_doubled(database: Database, grid: sa.Table) -> int:
    """How many cells of a grid have several rows."""
    return int(database.scalar(sa.select(sa.func.count()).select_from(_doubled(grid))) or 0)


def fold(work: Work, grid: sa.Table) -> None:
    """Leave one row of each doubled cell, the last in table order; copies that disagree go to `replaced_cells`."""
    import pyarrow as pa

    from hzmetrics.engine import Engine, relation
    from hzmetrics.store.fit import arrow_type

    doubled = _doubled(grid)
    same = sa.and_(*(grid.c[column.name] == column for column in doubled.c))
    with work.connection.begin():
        stored = sa.select(grid).with_hint(grid, "USE INDEX ()", "mysql").with_for_update()
        rows = work.connection.execute(stored.where(sa.exists(sa.select(doubled).where(same)))).all()
        found = relation(rows, {column.name: arrow_type(column.type) for column in grid.c})
        as_text = found.set_column(found.column_names.index("value"), "value", found["value"].cast(pa.string()))
        with Engine("hzmetrics.installation.adoption") as engine:
            engine.register("doubled_cells", as_text.append_column("place", pa.array(range(len(rows)), pa.int64())))
            kept, others = engine.table("kept_cells"), engine.table("disagreeing_cells")
        work.database.delete(work.connection, grid, kept.select(["rowid", "colid", "datetime", "period"]))
        work.database.append(work.connection, grid, found.take(kept["place"]))
        replaced = others.append_column("grid", pa.array([grid.name] * others.num_rows, pa.string()))
        work.database.append(work.connection, metrics.replaced_cells, replaced)
    log.info(
        "%s: %d doubled cells folded, %d copies that disagreed are now in %s",
        grid.name, kept.num_rows, others.num_rows, metrics.replaced_cells.name,
    )  # fmt: skip

"""What a demonstration shows, as one document for machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hzmetrics.calendar import Month
from hzmetrics.demo.own import OwnLogs
from hzmetrics.demo.picture import COLUMNS, ORGANIZATION, RESIDENCE, YEAR, Grids
from hzmetrics.ingest.imports import Reading
from hzmetrics.logs.account import Account
from hzmetrics.logs.remedy import nearest
from hzmetrics.store import Store


def usage(store: Store, title: str, months: Sequence[Month], notes: Sequence[str]) -> dict[str, Any]:
    """The months, and who the users of the twelve that end with the last one were."""
    grids = Grids.read(store, months)

    def breakdown(known: int, names: dict[int, str]) -> dict[str, Any]:
        users = {name: grids.of("user", months[-1], 1, column, YEAR) for column, name in names.items()}
        everybody, of_known = (grids.of("user", months[-1], 1, column, YEAR) for column in (1, known))
        return {"users": everybody, "known": of_known, **users}

    shown = {title.replace("\n", " ").lower().replace(" ", "_"): (grid, row) for title, grid, row in COLUMNS}
    return {
        "title": title,
        "months": [
            {"month": str(month), **{name: grids.of(grid, month, row) for name, (grid, row) in shown.items()}}
            for month in months
        ],
        "residence": breakdown(2, RESIDENCE) if months else {},
        "organization": breakdown(7, ORGANIZATION) if months else {},
        "notes": list(notes),
    }


def logs(own: OwnLogs) -> dict[str, Any]:
    """What was read of logs, in all and of each."""
    return {
        "lines": account(own.account),
        "files": [file(reading) for reading in own.readings],
        "repeated": [{"file": str(again), "same_as": str(one)} for again, one in own.repeated],
    }


def file(reading: Reading) -> dict[str, Any]:
    return {"file": reading.name, "kept": reading.kept, "dropped": reading.dropped, **account(reading.account)}


def account(of: Account) -> dict[str, Any]:
    near = nearest(of.examples)
    return {
        "lines": of.lines,
        "read": of.read,
        "unread": of.unread,
        "comments": of.comments,
        "formats": dict(of.formats),
        "examples": of.shown_examples,
        "nearest_format": near.name if near else None,
    }

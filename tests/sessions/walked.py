"""The rules of spec 30 §2 to §8 written down once more, a row at a time: what the models are held against."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hzmetrics.calendar import Window
from hzmetrics.collation import fold

Row = dict[str, Any]


@dataclass
class Session:
    rows: list[Row] = field(default_factory=list)

    def first(self, column: str) -> str:
        return next((row[column] for row in self.rows if row[column]), "")

    @property
    def values(self) -> tuple[str, str, str, str, int]:
        """datetime, ip, host, domain, duration."""
        duration = self.rows[-1]["t"] - self.rows[0]["t"]
        return self.rows[0]["datetime"], self.first("ip"), self.first("host"), self.first("domain"), duration

    def claims(self, start: Row) -> bool:
        same = (self.first("ip") and fold(start["ip"]) == fold(self.first("ip"))) or (
            self.first("host") and start["host"] is not None and fold(start["host"]) == fold(self.first("host"))
        )
        in_time = start["datetime"] >= self.rows[0]["datetime"] and start["t"] <= self.rows[-1]["t"] + 1799
        return bool(same and in_time and start["success"] == 1)


def sessions_of(rows: list[Row], windows: tuple[Window, ...], session_order: bool, last_session: bool) -> list[Session]:
    """The sessions that are written, in id order."""
    found: list[Session] = []
    before: Row | None = None
    for window in windows:
        for number, row in enumerate(sorted(filter(lambda row: _takes_part(row, window), rows), key=_order)):
            if number == 0 or before is None or _cuts(before, row, session_order):
                found.append(Session())
            found[-1].rows.append(row)
            before = row
    return found if last_session else found[:-1]


def _takes_part(row: Row, window: Window) -> bool:
    named = row["host"] is not None and row["host"].strip(" ") not in ("", "?")
    inside = str(window.start) <= row["datetime"] < str(window.stop)
    return inside and not row["sessionid"] and (row["ip"].strip(" ") != "" or named)


def _order(row: Row) -> tuple[str, bool, str, str, int]:
    return fold(row["ip"]), row["host"] is not None, fold(row["host"] or ""), row["datetime"], row["id"]


def _cuts(p: Row, r: Row, session_order: bool) -> bool:
    if r["t"] - p["t"] > 1800:
        return True
    if session_order:
        hosts = [None if row["host"] is None else fold(row["host"]) for row in (p, r)]
        return bool(fold(p["ip"]) != fold(r["ip"]) or hosts[0] != hosts[1])
    if p["ip"] != "":
        return bool(p["ip"] != r["ip"])
    return (p["host"] or "") != (r["host"] or "")

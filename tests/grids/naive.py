"""The definitions of spec 50 §6 to §10 written down once more with Python sets: what the models are held against."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from hzmetrics.calendar import Window
from hzmetrics.collation import fold, fold_keep_blanks
from tests.sums import plain_sum

Row = dict[str, Any]
Cells = dict[tuple[str, int, int], str]
UNIVERSITY = set(map(fold, (
    "universityundergraduate", "universitygraduate", "universityfaculty", "universitystaff", "precollegestudent",
    "precollegefacultystaff", "university", "educational", "precollege",
)))  # fmt: skip


NO_COUNTRIES = ("EU", "AP", "A1", "A2", "O1", "XX", "ZZ", "T1")


def folded(text: str | None) -> str | None:
    return None if text is None else fold(text)


@dataclass
class Naive:
    """The cells of one window over rows given by table."""

    tables: dict[str, list[Row]]
    window: Window
    corrections: frozenset[str]

    def within(self, time: str) -> bool:
        start, stop = str(self.window.start), str(self.window.stop)
        return (start <= time if "window-start" in self.corrections else start < time) and time < stop

    def rows(self, table: str, time: str = "datetime") -> list[Row]:
        return [row for row in self.tables.get(table, []) if self.within(row[time])]

    def round(self, x: float) -> str:
        return str(math.floor(x + 0.5) if "half-up" in self.corrections else round(x))

    # residence and organization (spec 50 §7)

    def country(self, text: str | None) -> str | None:
        code = folded(text)
        return "" if code in NO_COUNTRIES and "countries" in self.corrections else code

    def residence(self, country: str | None) -> set[int]:
        pairs = [(fold(row["country"]), fold(row["continent"])) for row in self.tables.get("country_continent", [])]
        c = self.country(country)
        if not c:
            return set()
        if c == "XK" and "countries" in self.corrections:
            return {5}
        found = {3} if c == "US" else set()
        found |= {4 for name, continent in pairs if name == c and continent == "AS"}
        found |= {5 for name, continent in pairs if name == c and continent == "EU"}
        return found | {6 for name, continent in pairs if name == c != "US" and continent not in ("AS", "EU")}

    def person(self, row: Row) -> set[int]:
        columns = {1} | self.residence(row["countryresident"])
        if self.country(row["countryresident"]):
            columns.add(2)
        o = folded(row["orgtype"])
        if o:
            columns |= {7, 8 if o in UNIVERSITY else {"INDUSTRY": 9, "GOVERNMENT": 10}.get(o, 11)}
        return columns

    def place(self, session: Row) -> set[int]:
        columns = {1} | self.residence(session["ipcountry"])
        return columns | {2} if self.country(session["ipcountry"]) not in ("", "-") else columns

    def class_of(self, session: Row) -> int | None:
        classes = {fold(row["domain"]): row["class"] for row in self.tables.get("domainclass", [])}
        found = None if session["domain"] is None else classes.get(fold(session["domain"]))
        return None if found is None or found <= 0 or found == 4 else found

    # sets (spec 50 §6)

    def logins(self) -> list[Row]:
        return [row for row in self.tables.get("userlogin", []) if fold(row["action"]) in ("LOGIN", "SIMULATION")]

    def known(self, ips: Iterable[str]) -> set[str]:
        wanted = set(ips)
        dated = "dated-logins" in self.corrections
        return {fold(row["user"]) for row in self.logins()
                if fold(row["ip"]) in wanted and (not dated or self.within(row["datetime"]))}  # fmt: skip

    def is_open(self, session: Row) -> bool:
        addresses = {fold(row["ip"]) for row in self.logins() if self.within(row["datetime"])} - {""} | {"127.0.0.1"}
        return fold(session["ip"]) not in addresses

    def downloaded(self, session: Row, dated: bool) -> bool:
        return any(
            row["sessionid"] == session["id"] and row["dnload"] == 1 and (not dated or self.within(row["datetime"]))
            for row in self.tables.get("web", [])
        )

    def visitors(self, sessions: Iterable[Row]) -> set[tuple[str, str]]:
        return {(fold(s["ip"]), fold(s["host"])) for s in sessions if s["host"] is not None}

    # grids

    def cells(self) -> Cells:
        return {**self.user(), **self.simulation(), **self.misc()}

    def user(self) -> Cells:
        count: dict[tuple[int, int], int] = {(row, k): 0 for row in (1, 2, 3, 4, 6, 7, 8) for k in range(1, 12)}
        people: dict[int, set[Any]] = {k: set() for k in range(1, 12)}
        users = {fold(row["user"]) for row in self.logins() if self.within(row["datetime"])}
        for k in range(1, 12):
            has = {fold(p["username"]) for p in self.tables.get("profiles", []) if k in self.person(p)}
            members = users if k == 1 else users & has
            count[6, k] = len(members)
            people[k] |= members
            count[2, k] = len({fold(r["user"]) for r in self.runs() if r["user"] is not None and k in self.person(r)})
        b = [s for s in self.rows("websessions") if s["jobs"] == 0 and s["duration"] >= 0]
        a = [s for s in b if s["duration"] >= 900]
        da, dw = ([s for s in b if self.downloaded(s, dated)] for dated in (False, True))
        short: Callable[[list[Row]], list[Row]] = lambda sessions: [s for s in sessions if s["duration"] < 900]  # noqa: E731
        for row, below, v, i, vo, io in ((7, 3, a, a, a, a), (8, 4, short(da), da, short(dw), dw)):
            for k in range(1, 7):
                guests = self.visitors(s for s in v if self.is_open(s) and k in self.place(s))
                addresses = {fold(s["ip"]) for s in i if k in self.place(s)} - {""} | {"127.0.0.1"}
                count[row, k] = len(guests)
                count[below, k] = len(guests) + len(self.known(addresses))
                people[k] |= guests
            for c in {self.class_of(s) for s in b} - {None}:
                guests = self.visitors(s for s in vo if self.is_open(s) and self.class_of(s) == c)
                users_there = self.known({fold(s["ip"]) for s in io if self.class_of(s) == c})
                for k in (7, {1: 8, 2: 9, 3: 10, 6: 11}.get(c or 0)):
                    if k is not None:
                        count[row, k] += len(guests)
                        count[below, k] += len(users_there)
                        people[k] |= guests
        for k in range(1, 12):
            distinct = "distinct-total" in self.corrections
            count[1, k] = len(people[k]) if distinct else sum(count[row, k] for row in (6, 7, 8))
        return {("user", row, k): str(n) for (row, k), n in count.items()}

    def runs(self) -> list[Row]:
        return [row for row in self.rows("toolstart") if row["success"] == 1]

    def simulation(self) -> Cells:
        runs = self.runs()
        users = {fold(r["user"]) for r in runs if r["user"] is not None}
        n = len(users)
        if n == 0:
            return {("simusage", 1, 1): "0"}
        seeds = {"WORKSPACE"}
        aliases = seeds | {
            fold(v["instance"]) for v in self.tables.get("tool_version", []) if fold(v["toolname"]) in seeds
            and fold(v["instance"]) and not fold_keep_blanks(v["instance"]).endswith("_DEV")
        }  # fmt: skip
        q = sorted(self.rows("sessionlog", "start"), key=lambda s: s["sessnum"])
        real = [s for s in q if fold(s["username"]) != "GRIDSTAT"
                and not fold_keep_blanks(s["username"]).startswith("HCTEST")]  # fmt: skip
        by_jobs = {s["sessnum"] for s in real if fold(s["appname"]) in aliases}
        jobs = sorted(self.tables.get("joblog", []), key=lambda j: (j["sessnum"], j["job"], fold(j["event"])))
        cpu = plain_sum(s["cputime"] for s in q if fold(s["appname"]) not in aliases) + plain_sum(
            j["cputime"] for j in jobs if j["sessnum"] in by_jobs and j["job"] > 0 and fold(j["event"]) != "[WAITING]"
        )
        ever = [row for row in self.tables["toolstart"] if row["success"] == 1]
        days, loyal = 0, 0
        for u in users:
            mine, all_mine = ([r["datetime"] for r in rows if folded(r["user"]) == u] for rows in (runs, ever))
            dated = [t for t in mine if t > "1995-01-01 00:00:00"]
            if len(dated) >= 2:
                a = day(min(t for t in all_mine if t > "1995-01-01 00:00:00"))
                days += max(0, (day(max(dated)) or 0) - (a or 0))
            first, last = day(min(all_mine)), day(max(mine))
            loyal += first is not None and last is not None and last - first >= 90
        heavy: dict[str, float] = {}
        for s in real:
            heavy[fold(s["username"])] = heavy.get(fold(s["username"]), 0) + (s["cputime"] or 0)
        groups = [folded(r["user"]) for r in runs]
        j = sum(r["user"] is not None for r in runs)
        values = [
            str(n), str(j), self.round(cpu), self.round(plain_sum(s["walltime"] for s in real)),
            self.round(plain_sum(s["viewtime"] for s in real)), str(sum(total >= 600 for total in heavy.values())),
            self.round(j / n), self.round(days / n * 86400), str(sum(groups.count(u) >= 10 for u in set(groups))),
            str(loyal),
        ]  # fmt: skip
        return {("simusage", row, 1): value for row, value in enumerate(values, 1)}

    def misc(self) -> Cells:
        sessions = self.rows("websessions")
        long = [s for s in sessions if s["duration"] >= 900 or s["jobs"] > 0]
        visits = [s for s in sessions if s["duration"] >= 0 or s["jobs"] > 0]
        per_day: dict[str, set[str]] = {}
        for row in self.logins():
            if self.within(row["datetime"]):
                per_day.setdefault(row["datetime"][:10], set()).add(fold(row["user"]))
        most = max((len(users) for users in per_day.values()), default=0)
        busiest = min((date for date, users in per_day.items() if len(users) == most), default="")
        hits = [row["hits"] for row in self.tables.get("webhits", [])
                if str(self.window.start) <= row["datetime"] < str(self.window.stop)]  # fmt: skip
        values = [
            len({fold(s["domain"]) for s in sessions if s["domain"] is not None}), len(long),
            sum(s["duration"] for s in long) if long else "", len(self.visitors(visits)), len(visits),
            len({p["uidNumber"] for p in self.rows("profiles", "registerDate")}),
            f"{most or ''} users on {busiest}", sum(hits) if hits else "",
        ]  # fmt: skip
        return {("misc", row, 1): str(value) for row, value in enumerate(values, 1)}


def day(time: str) -> int | None:
    try:
        return dt.date.fromisoformat(time[:10]).toordinal()
    except ValueError:
        return None

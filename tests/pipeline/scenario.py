"""Recorded scenarios of `legacy/orchestration`: what one invocation does, given files, rows, state and a clock."""

from __future__ import annotations

import gzip
import inspect
import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hzmetrics import lock
from hzmetrics.calendar import PERIODS
from hzmetrics.store.tables import metrics
from hzmetrics.store.types import Wallclock
from tests.conftest import TestHub
from tests.legacy.case import REFERENCE, read

ORCHESTRATION = Path(__file__).parents[1] / "legacy/orchestration"
LOG_DIRS = ("httpd/daily", "httpd/imported", "hubzero/daily", "hubzero/imported", "hubzero/metrics")
STATE_KEYS = ("mode", "analyzed", "catchup_started", "rebuild_cascade_from", "rebuild_cursor", "dirty_months")
GRIDS = ("user", "misc", "simusage")
ACCESS = (
    '{day} 08:{i:02d}:00 EDT 4000 - "GET /about HTTP/1.1" 200 5000 10.7.0.{n} "https://example.org/" '
    '"Mozilla/5.0 (X11; Linux x86_64) Chrome/120" TLSv1.3 0 5000 - - - - - - - - -\n'
)
AUTH = "{day} 08:{i:02d}:00 {uid} [user{i}] 10.7.0.{n} login\n"

Json = dict[str, Any]


def load(name: str) -> Json:
    loaded: Json = json.loads((ORCHESTRATION / f"{name}.yaml").read_text(encoding="utf-8"))
    return loaded


def scenarios(*names: str) -> list[Any]:
    """The scenarios of some files, as parameters of a test."""
    return [pytest.param(scenario, id=scenario["id"]) for name in names for scenario in load(name)["scenarios"]]


def log_text(name: str, days: list[str]) -> bytes:
    template = AUTH if name.startswith("hubzero/") else ACCESS
    return "".join(template.format(day=d, i=i, n=i + 1, uid=1000 + i) for i, d in enumerate(days)).encode()


def write_files(hub: TestHub, files: Json) -> None:
    for name, content in files.items():
        if content.get("corrupt"):
            data = gzip.compress(log_text(name, ["2026-01-01"] * 9), mtime=0)[:40]
        else:
            data = log_text(name, content["lines"])
            data = gzip.compress(data, mtime=0) if name.endswith(".gz") else data
        path = hub.root / "logs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def set_up(hub: TestHub, scenario: Json) -> None:
    """Everything as the scenario begins with it."""
    text = hub.configuration.read_text(encoding="utf-8")
    hub.configuration.write_text(text.replace("site = parity", f"site = {scenario.get('site', 'parity')}"))
    if scenario.get("no_map_dir"):
        (hub.root / "hubroot/app/site/stats/maps").rmdir()
    for name in LOG_DIRS:
        if name not in scenario.get("missing_dirs", ()):
            (hub.root / "logs" / name).mkdir(parents=True, exist_ok=True)
    with hub.store.metrics.begin() as connection:
        for path in sorted((REFERENCE / "metrics").glob("*.tsv")):
            table = metrics.metadata.tables[path.stem]
            connection.execute(sa.delete(table))
            hub.store.metrics.append(connection, table, read(path))
        for table, rows in scenario.get("metrics", {}).items():
            insert(connection, table, rows)
        for month, grids in scenario.get("summary", {}).items():
            for grid, periods in grids.items():
                cell = {"rowid": 1, "colid": 1, "datetime": f"{month}-00", "value": "1", "valfmt": 1}
                insert(connection, f"summary_{grid}_vals", [{**cell, "period": period} for period in periods])
        for block in scenario.get("bulk", ()):
            insert(connection, block["table"], bulk_rows(block))
        insert(connection, "pipeline_state", [{"k": k, "v": v} for k, v in scenario.get("state", {}).items()])
    write_files(hub, scenario.get("files", {}))


def insert(connection: sa.Connection, name: str, rows: Any) -> None:
    table = metrics.metadata.tables[name]
    times = [column.name for column in table.columns if isinstance(column.type, Wallclock)]
    for _, group in itertools.groupby(rows, key=lambda row: tuple(row)):
        values = [
            {k: f"{v} 00:00:00" if k in times and v is not None and len(v) == 10 else v for k, v in row.items()}
            for row in group
        ]
        connection.execute(sa.insert(table), values)


def bulk_rows(block: Json) -> Iterator[Json]:
    table = block["table"]
    for i in range(block["rows"]):
        row: Json = {
            "datetime": f"{block['day']} {i // 3600:02d}:{i // 60 % 60:02d}:{i % 60:02d}",
            "ip": f"10.8.{i // 250}.{i % 250 + 1}",
        }
        if table in ("web", "websessions"):
            row.update(host="a.example.edu", domain="example.edu", ipcountry="US")
        if table == "web":
            row.update(content="/about", dnload=0)
        elif table == "websessions":
            row.update(id=block.get("first_id", 1) + i, duration=0, jobs=0, webevents=0)
        elif table == "userlogin":
            row.update(user=f"user{i}", uidNumber=1000 + i, action="login")
        row.update({column: "" for column, first in block.get("blank", {}).items() if i < first})
        row.update({column: None for column, first in block.get("null", {}).items() if i < first})
        row.update({column: value for column, (value, first) in block.get("set", {}).items() if i < first})
        yield row


class Observer:
    """Watches the stages that commands call, while they do their work."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[Json] = []
        self.in_tick = False
        for place, described in (
            ("hzmetrics.ingest.imports.import_day", self._import_day),
            ("hzmetrics.pipeline.reset.reset_month", self._reset_month),
            ("hzmetrics.pipeline.stages.analyze", self._analyze),
            ("hzmetrics.pipeline.stages.summarize", self._summarize),
            ("hzmetrics.online.refresh.refresh_map", self._refresh_map),
            ("hzmetrics.pipeline.run.run", self._run),
        ):
            module, _, name = place.rpartition(".")
            original = getattr(__import__(module, fromlist=[name]), name)
            monkeypatch.setattr(place, self._watched(original, described))

    def _watched(self, original: Callable[..., Any], described: Callable[[Json], Json | None]) -> Callable[..., Any]:
        signature = inspect.signature(original)

        def watched(*args: Any, **kwargs: Any) -> Any:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            call = described(bound.arguments)
            if call is not None:
                if bound.arguments["dry_run"] and call["stage"] != "run":
                    call["dry_run"] = True
                self.calls.append(call)
            result = original(*args, **kwargs)
            if call is not None and call["stage"] == "import_day":
                call["inserted"] = result.rows
            return result

        return watched

    def _import_day(self, arguments: Json) -> Json:
        return {"stage": "import_day", "day": f"{arguments['day']:%Y%m%d}"}

    def _reset_month(self, arguments: Json) -> Json:
        return {"stage": "reset_month", "month": str(arguments["month"])}

    def _analyze(self, arguments: Json) -> Json:
        return {"stage": "analyze", "month": str(arguments["month"]), "sessions": arguments["sessions"]}

    def _summarize(self, arguments: Json) -> Json:
        periods = "all" if tuple(arguments["periods"]) == PERIODS else list(arguments["periods"])
        return {"stage": "summarize", "month": str(arguments["month"]), "periods": periods}

    def _refresh_map(self, arguments: Json) -> Json:
        return {"stage": "whoisonline"}

    def _run(self, arguments: Json) -> Json | None:
        return {"stage": "run"} if self.in_tick else None

    def take(self) -> list[Json]:
        calls, self.calls = self.calls, []
        return calls


def play(hub: TestHub, scenario: Json, step: Json, observer: Observer, monkeypatch: pytest.MonkeyPatch) -> Json:
    """Do one step; what it did, in the words of `expect`."""
    write_files(hub, step.get("files", {}))
    for name in step.get("remove", ()):
        (hub.root / "logs" / name).unlink()
    monkeypatch.setenv("HZMETRICS_NOW", step.get("now", scenario["now"]))
    observer.in_tick = step["argv"][0] == "tick"
    with ExitStack() as others:
        for name in step.get("locks_held", ()):
            others.enter_context(lock.hold(hub.settings, name))
        code = hub.run(*step["argv"])
    stored = state(hub)
    return {
        "exit": code,
        "calls": observer.take(),
        "mode": stored.get("mode", "normal"),
        "state": {key: value for key, value in stored.items() if key in STATE_KEYS},
    }


def state(hub: TestHub) -> dict[str, str]:
    rows = hub.store.metrics.rows(sa.select(metrics.pipeline_state.c.k, metrics.pipeline_state.c.v))
    return {row.k: row.v for row in rows}


def after(hub: TestHub) -> Json:
    """What is there at the end."""
    months: Json = {}
    unseen = "sessionid <> 0 AND NOT EXISTS (SELECT 1 FROM websessions s WHERE s.id = t.sessionid)"
    for key, table, value, where in (
        ("web", "web", "COUNT(*)", "1 = 1"),
        ("userlogin", "userlogin", "COUNT(*)", "1 = 1"),
        ("webhits", "webhits", "SUM(hits)", "1 = 1"),
        ("sessionized", "websessions", "COUNT(*)", "1 = 1"),
        ("orphan_stamps", "web", "COUNT(*)", unseen),
    ):
        query = (
            f"SELECT SUBSTR(CAST(datetime AS CHAR), 1, 7) AS m, {value} FROM {table} t WHERE {where} "
            "GROUP BY SUBSTR(CAST(datetime AS CHAR), 1, 7)"
        )
        for month, number in hub.store.metrics.rows(sa.text(query)):
            if number:
                months.setdefault(month, {})[key] = True if key == "sessionized" else int(number)
    logs = hub.root / "logs"
    files = sorted(str(path.relative_to(logs)) for path in logs.rglob("*") if path.is_file())
    ledger = hub.store.metrics.rows(sa.text("SELECT filename, target_table, row_count FROM imported_sources"))
    return {
        "files": [name for name in files if not name.startswith("hubzero/metrics/")],
        "months": months,
        "summary": summary(hub),
        "ledger": sorted([name, target, int(rows or 0)] for name, target, rows in ledger),
    }


def summary(hub: TestHub) -> Json:
    """The periods of each month's cells; cells of hits belong to no summary alone."""
    found: Json = {}
    for grid in GRIDS:
        hits = "WHERE rowid <> 8" if grid == "misc" else ""
        query = f"SELECT DISTINCT SUBSTR(CAST(datetime AS CHAR), 1, 7), period FROM summary_{grid}_vals {hits}"
        for month, period in hub.store.metrics.rows(sa.text(query)):
            found.setdefault(month, {}).setdefault(grid, []).append(int(period))
    return {month: {grid: sorted(periods) for grid, periods in grids.items()} for month, grids in found.items()}

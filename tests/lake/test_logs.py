"""A lake made from logs holds what one exported from a database does that imported the same logs in the same order."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from hzmetrics import config
from hzmetrics.calendar import Month, Months
from hzmetrics.config import Settings
from hzmetrics.demo import logs, traffic, world
from hzmetrics.engine import runner
from hzmetrics.ingest.imports import import_auth, import_files
from hzmetrics.ingest.webhits import rebuild
from hzmetrics.lake import ledger, tables
from hzmetrics.lake.export import export
from hzmetrics.lake.ingest import ingest, kind_of
from hzmetrics.lake.reading import STORED
from hzmetrics.lake.sessions import make_sessions
from hzmetrics.lake.summarize import summarize
from hzmetrics.sessions.build import build_sessions
from hzmetrics.store.tables.metrics import web
from hzmetrics.store.types import epoch_seconds
from tests.conftest import TestHub
from tests.ingest.test_imports import access_line
from tests.lake.test_equality import of_lake, ordinary
from tests.logs.test_requests import FIELD

COMBINED = """\
81.2.69.1 - - [05/May/2026:10:00:00 +0000] "GET /tutorial HTTP/1.1" 200 5120 "-" "Mozilla/5.0 Firefox/127.0"
81.2.69.1 - ann [05/May/2026:10:20:00 +0000] "GET /guide?a=b HTTP/1.1" 200 99 "/tutorial" "Mozilla/5.0 Firefox/127.0"
2001:DB8::7 - - [06/May/2026:11:00:00 +0200] "GET /paper HTTP/2.0" 200 7 "-" "Mozilla/5.0 Safari/605.1.15"
81.2.69.9 - - [06/May/2026:11:00:01 +0000] "GET /resources/1/x.pdf HTTP/1.1" 200 7 "-" "Mozilla/5.0 Safari/605.1.15"
"""  # fmt: skip
MONTHS = (Month(2026, 5), Month(2026, 6))
DAYS = [dt.date(2026, 5, 20), dt.date(2026, 5, 31), dt.date(2026, 6, 2)]
CORRECTIONS = ("bots-first", "bot-tokens", "all-days", "session-order", "last-session", "exact-ip-filter")


@pytest.fixture(scope="module")
def daily(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The logs of some days, packed and plain. Later ones have bots that earlier ones showed, and logins again."""
    directory = tmp_path_factory.mktemp("daily")
    invented = world.invent(5, DAYS[0], DAYS[-1], 20_000)
    pages = traffic.known_pages(invented)
    paths, logins = [], pa.array([], pa.string())
    for number, date in enumerate(DAYS):
        day = traffic.day(invented, pages, date, 400)
        logins = pa.concat_arrays([logins.slice(len(logins) // 2), logs.auth_lines(day)])
        paths.append(directory / f"cmsauth.log-{date:%Y%m%d}")
        logs.write(logins, paths[-1])
        paths.append(directory / f"parity-access.log-{date:%Y%m%d}{'.gz' if number % 2 else ''}")
        logs.write(logs.access_lines(day, (23, 14)[number % 2]), paths[-1])
    return paths


def pipeline(hub: TestHub, settings: Settings, paths: list[Path]) -> None:
    """Import logs and make their sessions, without looking anything up."""
    import_files(hub.store, settings, [path for path in paths if kind_of(path) == "access"])
    for path in paths:
        if kind_of(path) == "auth":
            import_auth(hub.store, settings, path)
    rebuild(hub.store, settings, MONTHS)
    for month in MONTHS:
        build_sessions(hub.store, settings, month)


def rows(paths: list[Path]) -> pa.Table:
    return pa.concat_tables([pq.ParquetFile(path).read() for path in paths])


def requests_are_those_stored(hub: TestHub, root: Path) -> None:
    columns = [column for column in web.c if column.name in STORED] + [
        web.c.id,
        epoch_seconds(web.c.datetime).label("t"),
    ]
    stored = hub.store.metrics.read(sa.select(*columns)).sort_by("id")
    assert len(stored) > 3
    found = rows(sorted(root.glob("private/requests/*/*.parquet"))).sort_by("id")
    assert found.select(stored.column_names).to_pylist() == stored.to_pylist()


@pytest.mark.parametrize(
    ("corrections", "buckets", "workers", "plain"),
    [((), 3, 1, False), (CORRECTIONS, 7, 1, True), (("session-order",), 1, 2, True)],
)
def test_a_lake_of_logs_is_one_of_the_database(
    make_hub: Callable[[str], TestHub],
    daily: list[Path],
    corrections: tuple[str, ...],
    buckets: int,
    workers: int,
    plain: bool,
) -> None:
    hub = make_hub("sqlite")
    settings = dataclasses.replace(hub.settings, corrections=frozenset(corrections))
    pipeline(hub, settings, daily)
    exported, made = hub.root / "exported", hub.root / "made"
    export(hub.store, settings, exported, Months(), buckets, plain)
    with runner.opened(workers) as chosen:
        ingest(settings, made, daily[:4], chosen, buckets, plain)
        ingest(settings, made, daily[4:], chosen, buckets, plain)
        make_sessions(settings, made, Months(), chosen)
        summarize(made, Months(*MONTHS), chosen)

    requests_are_those_stored(hub, made)
    for table in (*tables.BY_MONTH, *tables.BY_BUCKET):
        paths = sorted(path.relative_to(exported) for path in exported.glob(f"{table}/**/*.parquet"))
        assert len(paths) == buckets * (2 if table in tables.BY_MONTH else 1)
        assert rows([exported / path for path in paths]).num_rows
        assert {path: (made / path).read_bytes() for path in paths} == {
            path: (exported / path).read_bytes() for path in paths
        }, table
    for table in tables.WHOLE:
        assert rows([made / f"{table}.parquet"]).to_pylist() == rows([exported / f"{table}.parquet"]).to_pylist(), table
    for month in MONTHS:
        expected = {
            cell: value
            for cell, value in ordinary(hub, settings, month).items()
            if (cell[0] == "misc" and cell[1] not in (6, 7)) or (cell[0] == "user" and cell[1] in (3, 4, 7, 8))
        }
        assert of_lake(made, month) == expected


def test_a_lake_of_logs_judges_long_agents_as_an_import_does(make_hub: Callable[[str], TestHub]) -> None:
    """One log shows a machine that begins like an agent of people, the next one has both."""
    hub = make_hub("sqlite")
    settings = dataclasses.replace(hub.settings, corrections=frozenset({"bot-tokens"}))
    agent = "Mozilla/5.0 (Linux; Android 14; Phone) AppleWebKit/537.36 (KHTML, like Gecko) " + "App " * 50
    agents = ["Googlebot/2.1", agent[:255] + " evilbot/1.0", agent, agent[:255]]
    paths = []
    for day in (1, 2):
        paths.append(hub.root / f"parity-access.log-2025070{day}")
        paths[-1].write_text("".join(access_line(n, agent=agent, day=day) for n, agent in enumerate(agents)))
    import_files(hub.store, settings, paths)
    assert hub.store.metrics.scalar(sa.select(sa.func.count()).select_from(web)) == 4 + 3
    with runner.opened(1) as chosen:
        ingest(settings, hub.root / "lake", paths, chosen, None, True)
    requests_are_those_stored(hub, hub.root / "lake")


def test_logs_of_other_formats_are_read_as_an_import_reads_them(
    make_hub: Callable[[str], TestHub], daily: list[Path]
) -> None:
    hub = make_hub("sqlite")
    with hub.configuration.open("a", encoding="utf-8") as file:
        file.write("[logs]\nformat = auto\n[metrics]\ncorrections = all\n")
    settings = config.load(hub.configuration)
    combined = hub.root / "combined.log"
    combined.write_text(COMBINED, encoding="utf-8")
    fields = [path for folder in sorted(FIELD.iterdir()) for path in folder.iterdir() if path.name != "expected.json"]
    paths = [combined, daily[1], *fields]
    import_files(hub.store, settings, paths)
    with runner.opened(2) as chosen:
        ingest(settings, hub.root / "lake", paths, chosen, None, True)
    requests_are_those_stored(hub, hub.root / "lake")
    assert len(ledger.read(hub.root / "lake/private").logs) == len(paths) > 20

"""What version 1.0.0 left goes through the upgrade (docs/upgrading.md) without a changed number."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hzmetrics import config
from hzmetrics.store.state import read
from tests.mariadb_server import SOCKET
from tests.upgrade.released import Released, Rows, expected, restore

pytestmark = [pytest.mark.integration, pytest.mark.slow]

LIVE = ("activity_samples", "active_users", "events", "anomalies", "hourly_stats", "user_last_event", "user_events")
"""Tables of the live side that grow by rows, or stay."""


@pytest.fixture
def upgrade(kind: str, tmp_path: Path, database_name: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Released]:
    """Restores the recorded hub on the store under test."""
    monkeypatch.setenv("HZMETRICS_NOW", "2026-05-04T12:02:00")
    monkeypatch.setenv("TZ", "UTC")
    assert kind == "sqlite" or SOCKET in os.environ
    return lambda: restore(kind, tmp_path, f"{database_name}_upgrade", monkeypatch)


def rounded(rows: Rows) -> Rows:
    """Rows without the last digits of floating point numbers, in order."""

    def short(value: Any) -> Any:
        return float(f"{value:.9g}") if isinstance(value, float) else value

    return sorted(([*map(short, row)] for row in rows), key=repr)


def assert_numbers(found: dict[str, Rows], wanted: dict[str, Rows]) -> None:
    for table, rows in wanted.items():
        assert len(found[table]) == len(rows), table
        assert rounded(found[table]) == rounded(rows), table


def test_the_upgrade_changes_no_number(upgrade: Callable[[], Released], capsys: pytest.CaptureFixture[str]) -> None:
    hub = upgrade()  # 1.0.0 ignored keys of the live side that it did not know
    live = {table: hub.rows("metrics", f"SELECT * FROM {table}") for table in LIVE}
    assert_numbers(hub.numbers(), expected()["before"])

    assert hub.run("config", "check") == 2
    assert "[events] max_concurrent_logins: unknown key, ignored" in capsys.readouterr().err
    configuration = hub.root / "hzmetrics.conf"
    configuration.write_text(configuration.read_text().replace("max_concurrent_logins = 2\n", ""))
    assert hub.run("config", "check") == 0
    assert hub.run("migrate") == 0
    assert_numbers(hub.numbers(), expected()["before"])
    assert hub.run("migrate", "--apply") == 0
    assert hub.run("tick") == 0
    assert_numbers(hub.numbers(), expected()["before"])
    for table, rows in live.items():
        kept = hub.rows("metrics", f"SELECT * FROM {table}")
        assert [row for row in rows if row not in kept] == [], table
    assert hub.rows("metrics", "SELECT * FROM anonymous_logins") == []
    capsys.readouterr()
    assert hub.run("courses", "daily", "mathematics", "--json") == 0
    assert json.loads(capsys.readouterr().out) == expected()["live"]["courses"]
    assert hub.run("status", "--json") == 1
    status = json.loads(capsys.readouterr().out)
    assert status["dirty_months"] == ["2026-02"]
    assert [bad["reason"] for bad in status["bad_files"]] == ["not a gzip file"]

    assert hub.run("run", "--all") == 0
    assert hub.run("rebuild-from", "2026-01") == 0
    assert hub.run("run", "--all") == 0
    assert_numbers(hub.numbers(), expected()["after"])
    assert hub.run("rebuild-summaries", "--since", "2026-01") == 0
    assert_numbers(hub.numbers(), expected()["after"])


def test_addresses_can_be_taken_away(
    upgrade: Callable[[], Released], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hub = upgrade()
    assert hub.run("anonymise", "--before", "2026-03", "--yes") == 1  # February is marked
    assert "run --all" in capsys.readouterr().err
    for words in (("migrate", "--apply"), ("run", "--all"), ("rebuild-from", "2026-01"), ("run", "--all")):
        assert hub.run(*words) == 0
    before = hub.numbers()
    old = {
        value
        for table in ("web", "websessions", "userlogin", "toolstart")
        for (value,) in hub.rows("metrics", f"SELECT DISTINCT ip FROM {table} WHERE datetime < '2026-03-01 00:00:00'")
        if not value.endswith((".0", "::"))
    }
    starts = hub.rows("metrics", "SELECT COUNT(*) FROM toolstart")
    assert hub.run("anonymise", "--before", "2026-03", "--dry-run") == 0
    assert_numbers(hub.numbers(), before)
    assert hub.run("anonymise", "--before", "2026-03", "--yes") == 0

    with hub.store() as store:
        assert str(read(store).anonymised_before) == "2026-03"
        assert (config.load(hub.root / "hzmetrics.conf").paths.state / "pseudonyms.key").stat().st_mode & 0o777 == 0o600
    for table in ("web", "websessions", "toolstart", "userlogin", "userlogin_lite"):
        kept = hub.rows("metrics", f"SELECT DISTINCT ip FROM {table} WHERE datetime < '2026-03-01 00:00:00'")
        assert kept
        assert not old & {value for (value,) in kept}, table
    for table, time in (("web", "datetime"), ("websessions", "datetime"), ("sessionlog_metrics", "start")):
        hosts = hub.rows("metrics", f"SELECT DISTINCT host FROM {table} WHERE {time} < '2026-03-01 00:00:00'")
        assert all(host.startswith("#") for (host,) in hosts), table
    assert_numbers(hub.numbers(), before)
    assert hub.run("audit", "--all") == 0

    # all cells, also of months that reach back to the anonymised ones, come out the same
    assert hub.run("import-hub-data") == 0
    assert hub.run("middleware-wall") == 0
    assert hub.rows("metrics", "SELECT COUNT(*) FROM toolstart") == starts
    assert hub.run("rebuild-summaries", "--since", "2026-01") == 0
    assert_numbers(hub.numbers(), before)
    assert hub.run("rebuild-from", "2026-03") == 0
    assert hub.run("run", "--all") == 0
    assert_numbers(hub.numbers(), before)

    capsys.readouterr()
    refused = (
        ("rebuild-from", "2026-02"), ("mark-dirty", "2026-01"), ("analyze", "--month", "2026-01"),
        ("process", "--month", "2026-02"), ("logfix-session", "2026-02"),
    )  # fmt: skip
    for command in refused:
        assert hub.run(*command) == 1, command
        assert "is anonymised" in capsys.readouterr().err, command
    with hub.store() as store:
        assert not read(store).unfinished

    key = config.load(hub.root / "hzmetrics.conf").paths.state / "pseudonyms.key"
    text = key.read_text()
    for wrong in ("other\n", None):
        key.unlink()
        if wrong:
            key.write_text(wrong)
        else:
            key.unlink(missing_ok=True)
        assert hub.run("summarize", "--month", "2026-04") == 2
        assert "pseudonyms.key" in capsys.readouterr().err
        key.write_text(text)

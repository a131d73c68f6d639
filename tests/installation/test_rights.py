"""What SHOW GRANTS says is understood, with its patterns, tables and columns."""

from __future__ import annotations

import pytest

from hzmetrics.installation.rights import METRICS, WRITTEN, account, granted, least, missing


@pytest.mark.parametrize(
    ("grant", "database", "has"),
    [
        ("GRANT ALL PRIVILEGES ON *.* TO `u`@`%` WITH GRANT OPTION", "m", True),
        ("GRANT ALL PRIVILEGES ON `m`.* TO `u`@`localhost`", "m", True),
        ("GRANT ALL PRIVILEGES ON `m`.* TO `u`@`localhost`", "n", False),
        ("GRANT ALL PRIVILEGES ON `hub\\_%`.* TO `u`@`localhost`", "hub_metrics", True),
        ("GRANT ALL PRIVILEGES ON `hub\\_%`.* TO `u`@`localhost`", "hubXmetrics", False),
        ("GRANT ALL PRIVILEGES ON `hub_metrics`.* TO `u`@`localhost`", "hubXmetrics", True),
        ("GRANT USAGE ON *.* TO `u`@`localhost` IDENTIFIED BY PASSWORD '*X'", "m", False),
        (f"GRANT {', '.join(METRICS)} ON `m`.* TO `u`@`localhost`", "m", True),
        ("GRANT SELECT, INSERT ON `m`.* TO `u`@`localhost`", "m", False),
    ],
)
def test_on_a_database(grant: str, database: str, has: bool) -> None:
    assert (missing(granted([grant], database), METRICS) == []) is has


def test_on_a_table_and_on_columns() -> None:
    grants = [
        "GRANT SELECT ON `h`.* TO `u`@`localhost`",
        "GRANT INSERT, UPDATE (`a`, `b`) ON `h`.`jos_session_geo` TO `u`@`localhost`",
    ]
    assert missing(granted(grants, "h"), ["SELECT", "INSERT"]) == ["INSERT"]
    rights = granted(grants, "h", "jos_session_geo")
    assert missing(rights, ["SELECT", "INSERT", "UPDATE", "DELETE"]) == ["UPDATE", "DELETE"]


def test_the_least_grants_are_enough() -> None:
    statements = least(account("u", "localhost"), "m_x", "h", [f"jos_{table}" for table in WRITTEN])
    assert missing(granted(statements["metrics"], "m_x"), METRICS) == []
    assert missing(granted(statements["metrics"], "mXx"), METRICS) == list(METRICS)
    assert missing(granted(statements["hub"], "h"), ["SELECT", "INSERT"]) == ["INSERT"]
    assert missing(granted(statements["hub"], "h", "jos_stats_topvals"), ["SELECT", "INSERT", "DELETE"]) == []

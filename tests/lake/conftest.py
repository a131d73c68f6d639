"""A small hub for exports, on SQLite alone: the other store is read in the tests of equality."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from hzmetrics.lake import sessions
from tests.conftest import TestHub
from tests.grids.test_cells import fill

MONTHS = ("2023-11", "2024-01", "2024-02")


@pytest.fixture(scope="package", autouse=True)
def few_requests_are_divided() -> Iterator[None]:
    """The requests of a month are made into sessions in pieces, as few as they are here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sessions, "LEAST", 1)
        yield


@pytest.fixture
def filled(make_hub: Callable[[str], TestHub]) -> TestHub:
    """A hub with two visitors, two persons and a test of its own."""
    hub = make_hub("sqlite")
    fill(
        hub,
        {
            "websessions": [
                {"id": 3 * number + place, "datetime": f"{month}-05 10:00:00", "ip": ip, "host": host,
                 "domain": "example.org", "ipcountry": "DE", "duration": 1000, "jobs": 0}
                for number, month in enumerate(MONTHS)
                for place, (ip, host) in enumerate(
                    [("192.0.2.1", "host.example.org"), ("192.0.2.1", None), ("127.0.0.1", "")]
                )
            ],
            "userlogin": [
                {"id": 1, "datetime": "2024-02-03 10:00:00", "user": "alice", "ip": "192.0.2.1", "action": "login"},
                {"id": 2, "datetime": "2024-02-04 10:00:00", "user": "Bob", "ip": "", "action": "login"},
            ],
            "profiles": [
                {"uidNumber": number, "username": user, "registerDate": "2024-02-01 10:00:00", "orgtype": "",
                 "countryresident": "DE"}
                for number, user in ((4711, "ALICE "), (4712, "Bob"))
            ],
            "sessionlog": [
                {"sessnum": number, "username": user, "start": "2024-02-05 10:00:00", "appname": "workspace",
                 "walltime": 1.0, "viewtime": 1.0, "cputime": 1.0}
                for number, user in enumerate(("alice", "GridStat", "HCTest1"), 1)
            ],
        },
    )  # fmt: skip
    return hub

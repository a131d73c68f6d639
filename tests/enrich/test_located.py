"""In a run, rows that lack their country are looked for only in months that may have some (spec 60 §8.8)."""

import pyarrow as pa
import pytest
import sqlalchemy as sa

from hzmetrics.calendar import DateSpan, Month, Window
from hzmetrics.enrich.countries import Countries
from hzmetrics.enrich.geo import fill_ipcountry
from hzmetrics.enrich.known import KnownAddresses
from hzmetrics.enrich.located import Located
from hzmetrics.errors import LookupFailure
from hzmetrics.store.tables.metrics import toolstart, web, websessions
from tests.conftest import TestHub
from tests.enrich.tables import column, visits
from tests.enrich.test_known import countries, known_to, requests, settings

__all__ = ["countries"]

JANUARY, FEBRUARY, MARCH, MAY = (DateSpan.of(Month(2025, number)) for number in (1, 2, 3, 5))


def fill(hub: TestHub, addresses: KnownAddresses, span: DateSpan) -> int:
    return fill_ipcountry(hub.store, settings(hub), "metrics", "web", span, known=addresses)


def test_what_is_not_known_lies_around_the_months_that_are() -> None:
    located = Located()
    before_march, after_march = Window(None, "2025-03-01 00:00:00"), Window("2025-04-01 00:00:00", None)
    assert located.elsewhere(web, MARCH) == [before_march, after_march]
    for month in (FEBRUARY, MAY):
        located.note(web, month)
        located.note(toolstart, month)
    assert located.elsewhere(web, MARCH) == [
        Window(None, "2025-02-01 00:00:00"),
        Window("2025-04-01 00:00:00", "2025-05-01 00:00:00"),
        Window("2025-06-01 00:00:00", None),
    ]
    assert located.elsewhere(web, FEBRUARY) == [
        Window(None, "2025-02-01 00:00:00"),
        Window("2025-03-01 00:00:00", "2025-05-01 00:00:00"),
        Window("2025-06-01 00:00:00", None),
    ]
    for other in (websessions, toolstart):
        assert located.elsewhere(other, MARCH) == [before_march, after_march]


@pytest.mark.parametrize(("month", "text"), [(FEBRUARY, "2025-02"), (DateSpan.of(Month(2024, 12)), "2025-00")])
def test_a_month_to_which_rows_come_is_looked_at_again(month: DateSpan, text: str) -> None:
    located = Located()
    located.note(web, month)
    known = located.elsewhere(web, MARCH)
    located.forget(web, ["2025-01", "2025-03"])
    located.forget(websessions, [text])
    assert located.elsewhere(web, MARCH) == known
    located.forget(web, [text])
    assert located.elsewhere(web, MARCH) == Located().elsewhere(web, MARCH) != known


@pytest.mark.usefixtures("countries")
def test_rows_that_come_to_a_month_get_the_country_that_a_later_month_gives(hub: TestHub) -> None:
    """The first day of a log that is rotated in the morning is that of the day before, which may be another month's."""
    visits(
        hub,
        "web",
        {"ip": "192.0.2.1", "datetime": "2025-01-10 12:00:00"},
        {"ip": "192.0.2.1", "datetime": "2025-02-10 12:00:00"},
        {"ip": "192.0.2.1"},
    )
    addresses = known_to(hub)
    assert fill(hub, addresses, JANUARY) == 3
    assert fill(hub, addresses, FEBRUARY) == 0
    times = ["2025-01-20 12:00:00", "2025-02-20 12:00:00", "2025-03-10 13:00:00"]
    late = addresses.complete_requests(Month(2025, 3), requests(*["192.0.2.2"] * 3, times=times))
    assert late["ipcountry"].to_pylist() == [None, None, "FR"]
    with hub.store.metrics.begin() as connection:
        hub.store.metrics.append(connection, web, late)
    assert fill(hub, addresses, MARCH) == 2
    assert column(hub, "web", "ipcountry") == ["FR"] * 6


def test_sessions_without_a_country_come_to_their_month(hub: TestHub) -> None:
    addresses = known_to(hub)
    addresses.located.note(websessions, MARCH)
    rows = requests("192.0.2.1").append_column("ipcountry", pa.array([""]))
    addresses.complete_sessions(Month(2025, 3), rows.slice(0, 0))
    assert addresses.located.elsewhere(websessions, FEBRUARY) != Located().elsewhere(websessions, FEBRUARY)
    addresses.complete_sessions(Month(2025, 3), rows)
    assert addresses.located.elsewhere(websessions, FEBRUARY) == Located().elsewhere(websessions, FEBRUARY)


@pytest.mark.usefixtures("countries")
def test_a_month_that_has_all_of_its_countries_is_left_alone(hub: TestHub) -> None:
    """Told by a change that no run makes."""
    february = {"ip": "192.0.2.1", "datetime": "2025-02-10 12:00:00"}
    visits(hub, "web", february, {"ip": "192.0.2.1"})
    addresses = known_to(hub)
    fill(hub, addresses, FEBRUARY)
    with hub.store.metrics.begin() as connection:
        connection.execute(sa.update(web).values(ipcountry=None))
    assert fill(hub, addresses, MARCH) == 1
    assert fill(hub, known_to(hub), MARCH) == 0
    assert column(hub, "web", "ipcountry") == [None, "FR"]


@pytest.mark.usefixtures("countries")
def test_a_month_with_addresses_that_stay_without_a_country_is_looked_at_again(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    visits(hub, "web", {"ip": "192.0.2.1", "datetime": "2025-02-10 12:00:00"}, {"ip": "192.0.2.1"})
    addresses = known_to(hub)
    with monkeypatch.context() as nobody:
        nobody.setattr(Countries, "of", lambda *arguments: {})
        with pytest.raises(LookupFailure):
            fill(hub, addresses, FEBRUARY)
    assert fill(hub, addresses, MARCH) == 2

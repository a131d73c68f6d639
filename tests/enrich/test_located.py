"""In a run, rows that lack their country are looked for only in months that may have some (spec 60 §8.8)."""

from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa

from hzmetrics.calendar import DateSpan, Month, Window
from hzmetrics.enrich.countries import Countries
from hzmetrics.enrich.geo import fill_ipcountry
from hzmetrics.enrich.known import KnownAddresses
from hzmetrics.enrich.located import Located
from hzmetrics.errors import LookupFailure
from hzmetrics.store.revisions import note
from hzmetrics.store.tables.metrics import session_revisions, toolstart, web, websessions
from tests.conftest import TestHub
from tests.enrich.tables import column, visits
from tests.enrich.test_known import countries, known_to, settings

__all__ = ["countries"]

JANUARY, FEBRUARY, MARCH, MAY = (DateSpan.of(Month(2025, number)) for number in (1, 2, 3, 5))


def fill(hub: TestHub, addresses: KnownAddresses, span: DateSpan) -> int:
    return fill_ipcountry(hub.store, settings(hub), "metrics", "web", span, known=addresses)


def change(hub: TestHub, month: str) -> None:
    """Give a month a new revision."""
    with hub.store.metrics.begin() as connection:
        note(connection, [month])


def test_what_is_not_known_lies_around_the_months_that_are(hub: TestHub) -> None:
    located = Located()
    before_march, after_march = Window(None, "2025-03-01 00:00:00"), Window("2025-04-01 00:00:00", None)
    located.begin(hub.store.metrics)
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


@pytest.mark.parametrize("text", ["2025-02", "2025-00"])
def test_a_month_that_has_changed_is_looked_at_again(hub: TestHub, text: str) -> None:
    month = DateSpan.of(Month(2024, 12)) if text.endswith("00") else FEBRUARY
    located = Located()
    located.begin(hub.store.metrics)
    located.note(web, month)
    known = located.elsewhere(web, MARCH)
    change(hub, "2025-01")
    located.begin(hub.store.metrics)
    assert located.elsewhere(web, MARCH) == known
    change(hub, text)
    located.begin(hub.store.metrics)
    assert located.elsewhere(web, MARCH) == Located().elsewhere(web, MARCH) != known


def test_without_revisions_nothing_is_known(hub: TestHub) -> None:
    with hub.store.metrics.begin() as connection:
        session_revisions.drop(connection)
    located = Located()
    located.begin(hub.store.metrics)
    located.note(web, FEBRUARY)
    assert located.elsewhere(web, MARCH) == Located().elsewhere(web, MARCH)


@pytest.mark.usefixtures("countries")
def test_rows_that_come_to_a_month_get_the_country_that_a_later_month_gives(hub: TestHub, countries: Path) -> None:
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
    late = {"datetime": ["2025-01-20 12:00:00", "2025-02-20 12:00:00"], "ip": ["192.0.2.2"] * 2}
    with hub.store.metrics.begin() as connection:
        hub.store.metrics.append(connection, web, pa.table(late))
    addresses.complete_requests(Month(2025, 3), pa.table({"datetime": ["2025-03-10 13:00:00"], "ip": ["192.0.2.2"]}))
    visits_of_march = pa.table({"datetime": ["2025-03-10 13:00:00"], "ip": ["192.0.2.2"], "ipcountry": ["FR"]})
    with hub.store.metrics.begin() as connection:
        hub.store.metrics.append(connection, web, visits_of_march)
    assert fill(hub, addresses, MARCH) == 2
    assert column(hub, "web", "ipcountry") == ["FR"] * 6


@pytest.mark.usefixtures("countries")
def test_a_month_that_has_all_of_its_countries_is_left_alone(hub: TestHub) -> None:
    """Told by a change that no revision tells."""
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

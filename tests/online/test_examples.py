"""The recorded documents: from rows to bytes, on both stores."""

from pathlib import Path

import pytest

from tests.conftest import TestHub
from tests.legacy.case import HERE, read

EXAMPLES = sorted((HERE / "online-xml").glob("*.tsv"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example(example: Path, hub: TestHub) -> None:
    rows = read(example)
    table = hub.store.hub_tables.session_geo
    with hub.store.hub.begin() as connection:
        hub.store.hub.append(connection, table, rows)
    assert hub.run("whoisonline") == 0
    document = hub.root / "hubroot/app/site/stats/maps/whoisonline.xml"
    assert document.read_bytes() == example.with_suffix(".xml").read_bytes()

"""Who NativeAuthenticator lets in, from its table."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from hzmetrics.config import MariaDb
from hzmetrics.errors import HzmetricsError
from hzmetrics.users.native import authorized
from tests.conftest import TestHub


@pytest.fixture
def database(hub: TestHub) -> str:
    """A database with the table, as the configuration names it."""
    table = sa.Table(
        "users_info", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("username", sa.String(128)), sa.Column("password", sa.LargeBinary),
        sa.Column("is_authorized", sa.Boolean),
    )  # fmt: skip
    with hub.store.hub.begin() as connection:
        table.create(connection)
        for name, is_authorized in (("ann", True), ("bob", False), ("cyd", None), ("zoë", True)):
            connection.execute(sa.insert(table).values(username=name, is_authorized=is_authorized, password=b"x"))
    db = hub.settings.db
    if isinstance(db, MariaDb):
        return f"mysql+pymysql://{db.user}@localhost/{db.hub_db}?unix_socket={db.socket}"
    return str(hub.store.hub.engine.url.database)


def test_only_the_authorized(database: str) -> None:
    assert authorized(database) == {"ann", "zoë"}


@pytest.mark.parametrize(("address", "reason"), [
    ("missing.sqlite", "unable to open"),
    ("empty.sqlite", "no such table"),
    ("mysql+pymysql://hub:secret@127.0.0.1:1/hub", "Can't connect"),
    ("moon://hub:secret@example.org/hub", "not the URL"),
    ("://", "not the URL"),
])  # fmt: skip
def test_what_cannot_be_read_is_told_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.sqlite").touch()
    with pytest.raises(HzmetricsError, match=f"authenticator_db cannot be read: .*{reason}") as told:
        authorized(address)
    assert "secret" not in str(told.value)
    assert not (tmp_path / "missing.sqlite").exists()

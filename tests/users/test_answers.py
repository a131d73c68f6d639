"""What the users API of a JupyterHub can answer, without a JupyterHub."""

from __future__ import annotations

import pytest

from hzmetrics.errors import HzmetricsError
from hzmetrics.users.jupyterhub import users_of


def test_an_item_without_a_name_is_left_out() -> None:
    items = [{"name": ""}, {"name": " "}, {"name": None}, {"name": "ann"}, {"name": "ann", "servers": {}}]
    assert [user.username for user in users_of(items, None, 0)] == ["ann"]


def test_an_answer_of_another_shape_is_an_error() -> None:
    for item in ({}, {"name": 1}, {"name": "ann", "last_activity": "noon"}):
        with pytest.raises(HzmetricsError, match="another shape"):
            users_of([item], None, 0)

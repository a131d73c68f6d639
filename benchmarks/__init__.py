"""Generators and measurements, not tests."""

from __future__ import annotations

import os
from collections.abc import Mapping


def environment_with(own: Mapping[str, str]) -> dict[str, str]:
    """The environment of a command, with variables of its own hub; those that the shell has are another hub's.

    With the time of another one, a year of logs would be half of a year.
    """
    return {**{name: value for name, value in os.environ.items() if not name.startswith("HZMETRICS_")}, **own}

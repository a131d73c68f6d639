"""Warnings that are given once a day, remembered in the state directory."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress

from hzmetrics import files
from hzmetrics.config.settings import Settings
from hzmetrics.output.document import document


def not_yet_told(settings: Settings, warnings: Sequence[str]) -> list[str]:
    """Those of the warnings that have not been given today; they count as given from now on.

    Where the state directory cannot be written, a warning is given each time.
    """
    if not warnings:
        return []
    path, today = settings.paths.state / "warnings.json", settings.clock.today.isoformat()
    told: list[str] = []
    with suppress(OSError, ValueError, AttributeError):
        remembered = json.loads(files.read(path))
        told = remembered["warnings"] if remembered.get("day") == today else []
    fresh = [warning for warning in warnings if warning not in told]
    if fresh:
        with suppress(OSError):
            files.make_directory(path.parent)
            files.replace(path, document({"day": today, "warnings": [*told, *fresh]}).encode(), files.INTERNAL)
    return fresh

"""Courses as a capability of the live side (spec 86)."""

from __future__ import annotations

from hzmetrics.capability import Capability
from hzmetrics.courses import upkeep
from hzmetrics.courses.derived import AccessOpens
from hzmetrics.courses.settings import Courses
from hzmetrics.store import Store


def capability(store: Store, courses: Courses) -> Capability:
    return Capability(
        "courses",
        courses.enabled,
        consumers=lambda clock: [AccessOpens(store, courses)] if courses.finds_opens else [],
        tick=lambda: upkeep.tick(store, courses),
    )

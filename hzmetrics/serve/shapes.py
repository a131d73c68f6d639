"""The shapes of documents, for `/openapi.json`. The documents themselves are those of the command line."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

Column = Literal[
    "username",
    "is_authorized",
    "status",
    "cpu_percent",
    "memory_mb",
    "memory_percent",
    "volume_size_mb",
    "time_remaining_seconds",
    "last_activity",
    "activity_score",
]
"""The columns of `activity.cells`, as a type."""


class Problem(BaseModel):
    status: int
    message: str


class Error(BaseModel):
    """Every answer with a status from 400 on."""

    error: Problem


class Derived(BaseModel):
    percent: int | None
    status: Literal["Active", "Inactive", "Offline"]
    segments: int
    colour: str | None
    enough_data: bool
    tooltip: str | None


class User(BaseModel):
    username: str
    is_authorized: bool
    server_active: bool
    recently_active: bool
    cpu_percent: float | None
    memory_mb: float | None
    memory_percent: float | None
    volume_size_mb: float
    volume_breakdown: dict[str, float] = Field(description="MB by volume")
    time_remaining_seconds: int | None
    activity_score: float | None
    sample_count: int
    last_activity: str | None
    derived: Derived | None = Field(None, description="only with derived=1")


class ActivityDocument(BaseModel):
    users: list[User]
    timestamp: str
    target_hours: int | None = Field(None, description="only with derived=1, as the following ones")
    inactive_after_seconds: int | None = None
    sampling_status: str | None = None


class Row(Derived):
    cells: dict[str, str] = Field(description="text by heading")


class Table(BaseModel):
    badge: str
    sampling_status: str
    total: int
    matching: int
    rows: list[Row]


class Count(BaseModel):
    time: str
    active_users_1d: int
    active_users_7d: int
    active_users_30d: int


class Sampled(BaseModel):
    success: bool
    total: int | None = Field(None, description="absent, as the others, if no run was due")
    active: int | None = None
    inactive: int | None = None
    offline: int | None = None


class Deleted(BaseModel):
    success: bool
    deleted: int
    message: str


class Hour(BaseModel):
    year: int
    week: int
    day: int = Field(description="0: Monday")
    hour: int
    summary: dict[str, int]
    free_disk_space: int = Field(description="MiB; -1: not known")
    valid: int = Field(description="0: there is a row; -1: missing; -2: in the future; -3: the current hour")


class Anomaly(BaseModel):
    alarm: int
    events: dict[str, int]
    when: str


class Stress(BaseModel):
    activity: int | None = Field(description="0: green; 1: yellow; 2: red; null: not evaluated yet")
    disk: int | None
    free_disk_space: int = Field(description="MiB; -1: not known")
    evaluated_until: str | None


class Event(BaseModel):
    number: int
    time: str
    event: str
    duration: float | None


class Present(BaseModel):
    stress: Stress
    memory: list[Event]


class Summary(BaseModel):
    memory: dict[str, int]
    hour: dict[str, int]


class Days(BaseModel):
    timestamps: list[str]
    unique_students: list[int]
    unique_notebooks: list[int]
    new_students: list[int]
    new_notebooks: list[int]


class Totals(BaseModel):
    timestamps: list[str]
    total_students: list[int]
    total_notebooks: list[int]


class Daily(BaseModel):
    daily: Days
    events: Totals


class HeatMap(BaseModel):
    x: list[str]
    y: list[str]
    z: list[list[int | None]]
    zmin: int
    zmax: int


class Usage(BaseModel):
    nbnotebooks: int
    nbstudents: int
    nbstudents_per_notebook: list[tuple[str, int]]
    nbstudents_per_notebook_animated: dict[str, list[tuple[str, int]]]
    nbstudents_per_nbnotebooks: list[tuple[int, int]]
    heatmap: HeatMap

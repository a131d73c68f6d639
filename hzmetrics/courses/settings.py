"""What `[courses]` and `[course:NAME]` say (spec 86 §1)."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from hzmetrics.config import Settings
from hzmetrics.errors import HzmetricsError
from hzmetrics.options import Options

STUDENT = "[0-9a-f]{32}"
NAME_BYTES = 255
"""Bytes that the name of a folder may have."""


@dataclass(frozen=True)
class CourseRules:
    """Which events of a course count, and how they are grouped."""

    student_pattern: re.Pattern[str]
    """Matched at the start of a name."""
    staff: frozenset[str] = frozenset()
    strip_extensions: bool = False
    min_students: int = 1
    grain_hours: int = 6
    keep_days: int = 0

    def is_student(self, name: str) -> bool:
        return name not in self.staff and self.student_pattern.match(name) is not None


@dataclass(frozen=True)
class Courses:
    """The courses of this installation."""

    settings: Settings
    options: Options

    @classmethod
    def of(cls, settings: Settings) -> Courses:
        return cls(settings, Options.of(settings, "courses"))

    @property
    def root(self) -> Path:
        """The folder with one folder a course."""
        text = self.options.text("root")
        return Path(text).absolute() if text else self.settings.paths.home / "raw"

    @property
    def copies(self) -> Path:
        """Where the columns are kept; can be deleted at any time."""
        return self.settings.paths.state / "courses"

    def names(self) -> list[str]:
        """Names of the courses, sorted."""
        try:
            return sorted(folder.name for folder in self.root.iterdir() if folder.is_dir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise HzmetricsError(f"cannot read {self.root}: {error.strerror}") from None

    @property
    def enabled(self) -> bool:
        """Whether a tick looks after courses."""
        return self.options.enabled(self.root.is_dir() or bool(self.options.text("url_pattern")))

    @cached_property
    def url_pattern(self) -> re.Pattern[str] | None:
        """What finds opens in access logs: groups course, student and notebook. Raises ConfigurationError."""
        if not self.options.text("url_pattern"):
            return None
        pattern = self.options.pattern("url_pattern", "")
        missing = {"course", "student", "notebook"} - set(pattern.groupindex)
        if missing:
            raise self.options.error("url_pattern", f"no group named {', '.join(sorted(missing))}")
        return pattern

    def tools(self) -> dict[str, str]:
        """Course to the hub's tool whose sessions are its events."""
        own = {course: self._own(course).text("tool") for course in self.configured}
        return {course: tool for course, tool in own.items() if tool}

    def homes(self, course: str) -> Path | None:
        """The folder with the homes of a course's students."""
        text = self._own(course).text("homes")
        return Path(text) if text else None

    @staticmethod
    def is_name(course: str) -> bool:
        """Whether a text can be the name of a course: of a folder."""
        return (
            course not in ("", ".", "..") and not {"/", "\0"} & set(course) and len(os.fsencode(course)) <= NAME_BYTES
        )

    @property
    def configured(self) -> list[str]:
        """Names of the courses that have a section of their own."""
        return [name.partition(":")[2] for name in self.settings.sections if name.startswith("course:")]

    def _own(self, course: str) -> Options:
        values = self.settings.sections.get(f"course:{course}", {})
        return Options(f"course:{course}", values, {}, {}, self.options.file)

    def folder(self, course: str) -> Path:
        """The folder of a course, which need not exist. Raises HzmetricsError when the name is no folder name."""
        if not self.is_name(course):
            raise HzmetricsError(f"{course!r} cannot be the name of a course: it must be the name of a folder")
        return self.root / course

    def rules(self, course: str) -> CourseRules:
        """The rules of a course: its own section, else the general one."""
        own = self._own(course)
        has_own_pattern = own.text("student_pattern")
        return CourseRules(
            student_pattern=(own if has_own_pattern else self.options).pattern("student_pattern", STUDENT),
            staff=frozenset(self.options.words("staff") + own.words("staff")),
            strip_extensions=self.options.flag("strip_extensions"),
            min_students=self.options.integer("min_students", 1, 1, 1_000_000),
            grain_hours=self.options.integer("grain_hours", 6, 1, 24 * 365),
            keep_days=self.options.integer("keep_days", 0, 0, 365_000),
        )

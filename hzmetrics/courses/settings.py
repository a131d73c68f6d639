"""The sections `[courses]` and `[course:NAME]` (spec 86 §1)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hzmetrics.config import Settings, schema
from hzmetrics.config.section import Section
from hzmetrics.errors import HzmetricsError
from hzmetrics.log import log
from hzmetrics.logs.patterns import Pattern

NAME_BYTES = 255
"""The largest number of bytes in the name of a folder."""


@dataclass(frozen=True)
class CourseRules:
    """The rules by which events of a course count and are grouped."""

    student_pattern: Pattern
    """Matched at the start of a name."""
    staff: frozenset[str] = frozenset()
    strip_extensions: bool = False
    min_students: int = 1
    grain_hours: int = 6
    keep_days: int = 0


@dataclass(frozen=True)
class Courses:
    """The courses of this installation."""

    settings: Settings
    general: schema.Courses

    @classmethod
    def of(cls, settings: Settings) -> Courses:
        return cls(settings, settings.section(schema.Courses))

    @property
    def root(self) -> Path:
        """The folder that holds a folder for each course."""
        return (self.general.root or self.settings.paths.home / "raw").absolute()

    @property
    def copies(self) -> Path:
        """The folder of the columns; it can be deleted at any time."""
        return self.settings.paths.state / "courses"

    def names(self) -> list[str]:
        """Names of the courses, sorted. Folders whose names are not UTF-8 are left out, with one warning."""
        try:
            folders = sorted(folder.name for folder in self.root.iterdir() if folder.is_dir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise HzmetricsError(f"cannot read {self.root}: {error.strerror}") from None
        names = [name for name in folders if self.is_name(name)]
        if left_out := [name for name in folders if not self.is_name(name)]:
            log.warning("%s: folders left out because their names are not UTF-8: %s", self.root, ", ".join(left_out))
        return names

    @property
    def enabled(self) -> bool:
        """Whether ticks do the work of courses."""
        is_on = self.general.enabled
        return self.root.is_dir() or self.finds_opens if is_on is None else is_on

    @property
    def finds_opens(self) -> bool:
        """Whether access logs are searched for opens."""
        return bool(self.general.url_pattern)

    @property
    def url_pattern(self) -> Pattern:
        """The pattern of opens in access logs. Raises ConfigurationError."""
        return checked(self.general, "url_pattern", ("course", "student", "notebook"))

    def tools(self) -> dict[str, str]:
        """The hub's tool of each course whose sessions are its events."""
        return {course: tool for course in self.configured if (tool := self._own(course).tool)}

    def homes(self, course: str) -> Path | None:
        """The folder with the home folders of the students of a course."""
        return self._own(course).homes

    @staticmethod
    def is_name(course: str) -> bool:
        """Whether a text can be the name of a course, that is of a folder, in UTF-8."""
        try:
            size = len(course.encode())
        except UnicodeEncodeError:  # bytes that are not UTF-8
            return False
        return course not in ("", ".", "..") and not {"/", "\0"} & set(course) and size <= NAME_BYTES

    @property
    def configured(self) -> list[str]:
        """Names of the courses that have a section of their own."""
        return [name.partition(":")[2] for name in self.settings.source.sections if schema.Course.matches(name)]

    def _own(self, course: str) -> schema.Course:
        return self.settings.section(schema.Course, f"course:{course}")

    def folder(self, course: str) -> Path:
        """The folder of a course; it need not exist. Raises HzmetricsError if it cannot be the name of a folder."""
        if not self.is_name(course):
            raise HzmetricsError(
                f"{course!r} cannot be the name of a course: it must be the name of a folder, in UTF-8"
            )
        return self.root / course

    def rules(self, course: str) -> CourseRules:
        """The rules of a course: its own section, else the general one. Raises ConfigurationError."""
        own, general = self._own(course), self.general
        return CourseRules(
            student_pattern=checked(own if own.student_pattern else general, "student_pattern"),
            staff=frozenset(general.staff + own.staff),
            strip_extensions=general.strip_extensions,
            min_students=general.min_students,
            grain_hours=general.grain_hours,
            keep_days=general.keep_days,
        )


def checked(section: Section, key: str, groups: tuple[str, ...] = ()) -> Pattern:
    """The pattern of a key. Raises ConfigurationError if RE2 cannot take it or a group is missing."""
    pattern = Pattern(getattr(section, key), groups)
    try:
        pattern.check()
    except ValueError as error:
        raise section.error(key, str(error)) from None
    return pattern

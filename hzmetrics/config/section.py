"""A section of the configuration: its keys, declared as attributes, and their values in effect."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self, TypeVar

from hzmetrics.config.keys import BadValue, Fallback, Key, Unreadable, Whole
from hzmetrics.config.source import Source
from hzmetrics.errors import ConfigurationError

T = TypeVar("T")


@dataclass(frozen=True)
class Mistake:
    """What is wrong with a section or key."""

    place: str
    """`file:line`, or the name of an environment variable."""
    section: str
    key: str
    """Empty: the section itself."""
    problem: str
    is_fatal: bool = False
    """Whether the commands that need the value stop; otherwise they go on without it."""

    def __str__(self) -> str:
        name = f"[{self.section}] {self.key}".rstrip()
        return f"{self.place}: {name}: {self.problem}"


class BadSetting(ConfigurationError):
    """A value that a command needs cannot be used."""

    def __init__(self, mistake: Mistake) -> None:
        super().__init__(str(mistake))
        self.mistake = mistake


class Given(NamedTuple):
    """A text for a key, and where it stands."""

    text: str
    place: str
    """`file:line`, or the name of an environment variable."""
    variable: str = ""
    """That variable; empty for the file."""


class Section:
    """The values of one section, typed, in effect: environment, then file, then default.

    Values are read when first asked for. `values` given to the constructor go before all of that.
    """

    heading: ClassVar[str]
    """The section's name; of a pattern, such as `course:NAME`, with the changing part in capitals."""
    side: ClassVar[str]
    """Whose it is: `core` or `live`."""
    about: ClassVar[str]
    keys: ClassVar[Mapping[str, Key[Any]]]
    others: ClassVar[Key[Any] | None] = None
    """What any other key of the section holds; None: there is none."""
    is_pattern: ClassVar[bool]

    def __init_subclass__(cls, name: str, side: str, numbers: Fallback = "stop") -> None:
        """`numbers`: what a whole number that cannot be used leads to, unless its key says otherwise."""
        cls.heading, cls.side, cls.about = name, side, " ".join((cls.__doc__ or "").split())
        cls.is_pattern = name.endswith(":NAME")
        cls.keys = {key: value for key, value in vars(cls).items() if isinstance(value, Key) and key != "others"}
        for key in cls.keys.values():
            if side == "live" and not key.environment and not cls.is_pattern and not cls.others:
                key.environment = re.sub(r"[^A-Z0-9]", "_", f"HZMETRICS_{name}_{key.name}".upper())
            if isinstance(key, Whole) and key.fallback == "stop":
                key.fallback = numbers

    def __init__(self, origin: Source | None = None, section: str = "", **values: Any) -> None:
        self.origin = origin or Source(environment={})
        self.section = section or self.heading
        self.__dict__.update(values)

    def __repr__(self) -> str:
        return f"<[{self.section}] of {self.origin.file}>"

    def replace(self, **values: Any) -> Self:
        """The same section with other values; None leaves a value as it is."""
        known = {key: value for key, value in self.__dict__.items() if key in self.keys}
        given = {key: value for key, value in values.items() if value is not None}
        return type(self)(self.origin, self.section, **{**known, **given})

    @classmethod
    def matches(cls, name: str) -> bool:
        """Whether a section of this name in a file is meant."""
        if cls.is_pattern:
            start = cls.heading.removesuffix("NAME")
            return name.startswith(start) and len(name) > len(start)
        return name == cls.heading

    @classmethod
    def key(cls, name: str) -> Key[Any] | None:
        """The key of a name; None: the section has none."""
        found = cls.keys.get(name)
        if found is None and cls.others is not None:
            found = copy(cls.others)
            found.name = name
        return found

    def given(self, key: Key[Any]) -> Iterator[Given]:
        """The texts given for a key, the one that counts first."""
        variable = key.environment if key.applies(self.origin.environment) else ""
        for text, place, name in (
            (self.origin.environment.get(variable) if variable else None, variable, variable),
            (self.origin.sections.get(self.section, {}).get(key.name), self.origin.place(self.section, key.name), ""),
        ):
            if text is not None and (text.strip() or key.blank):
                yield Given(text.strip(), place, name)

    def is_given(self, key: str) -> bool:
        """Whether the file or the environment has a text for a key."""
        return any(self.given(self.keys[key]))

    def value(self, key: Key[T]) -> T:
        """The value of a key in effect. Raises ConfigurationError."""
        return self.effective(key)[0]

    def effective(self, key: Key[T]) -> tuple[T, Given | None]:
        """The value of a key and where it came from; None: the default. Raises ConfigurationError."""
        for given in self.given(key):
            try:
                return key.parse(given.text), given
            except BadValue as problem:
                if key.fallback == "default":
                    break
                if key.fallback == "stop" or not isinstance(problem, Unreadable):
                    raise BadSetting(self.mistake(key.name, str(problem), given.place)) from None
        return key.standard(), None

    def mistake(self, key: str, problem: str, place: str = "") -> Mistake:
        """What makes the value of a key in effect useless, with its place."""
        given = next(self.given(self.keys[key]), None) if key in self.keys else None
        usual = given.place if given else self.origin.place(self.section, key)
        return Mistake(place or usual, self.section, key, problem, is_fatal=True)

    def error(self, key: str, problem: str) -> BadSetting:
        """What to raise when a value turns out to be useless."""
        return BadSetting(self.mistake(key, problem))

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Keys that do not fit others of the section, and why."""
        yield from ()

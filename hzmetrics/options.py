"""Options of the live side (spec 80 §1): environment, then configuration file, then default.

Every key `k` of section `[s]` has the environment name `HZMETRICS_<S>_<K>`; a few have an older name of their own. A
number that is no integer or out of range costs one warning and counts as its built-in default.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from hzmetrics.config import Settings
from hzmetrics.errors import ConfigurationError
from hzmetrics.log import log


@dataclass(frozen=True)
class Options:
    """The keys of one section."""

    section: str
    values: Mapping[str, str]
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    names: Mapping[str, str] = field(default_factory=dict)
    """Environment names that differ from the rule, by key."""
    file: str = "configuration"

    @classmethod
    def of(cls, settings: Settings, section: str, names: Mapping[str, str] | None = None) -> Options:
        values = settings.sections.get(section, {})
        return cls(section, values, os.environ, names or {}, str(settings.file))

    def environment_name(self, key: str) -> str:
        rule = re.sub(r"[^A-Z0-9]", "_", f"HZMETRICS_{self.section}_{key}".upper())
        return self.names.get(key, rule)

    def text(self, key: str, default: str = "") -> str:
        """The value, without surrounding blanks; an empty one counts as not given."""
        for value in (self.environment.get(self.environment_name(key)), self.values.get(key)):
            if value is not None and value.strip():
                return value.strip()
        return default

    def integer(self, key: str, default: int, low: int, high: int) -> int:
        """A whole number from `low` to `high`."""
        text = self.text(key)
        if not text:
            return default
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if low <= number <= high:
            return number
        log.warning(
            "[%s] %s: %r is not a whole number from %d to %d; using %d", self.section, key, text, low, high, default
        )
        return default

    def flag(self, key: str, default: bool = False) -> bool:
        """`yes` or `no`. Raises ConfigurationError for anything else."""
        match self.text(key).lower():
            case "":
                return default
            case "yes" | "true" | "on" | "1":
                return True
            case "no" | "false" | "off" | "0":
                return False
            case other:
                raise self.error(key, f"{other!r} is neither yes nor no")

    def words(self, key: str, default: str = "") -> tuple[str, ...]:
        """A list separated by blanks, commas or line ends."""
        return tuple(word for word in re.split(r"[\s,]+", self.text(key, default)) if word)

    def items(self, key: str) -> tuple[str, ...]:
        """A list separated by commas or line ends; an item may hold blanks."""
        return tuple(item.strip() for item in re.split(r"[,\n]", self.text(key)) if item.strip())

    def enabled(self, found: bool) -> bool:
        """The key `enabled`: yes, no, or `auto`, which follows whether a source was `found`."""
        return found if self.text("enabled", "auto").lower() == "auto" else self.flag("enabled")

    def pattern(self, key: str, default: str) -> re.Pattern[str]:
        """A regular expression. Raises ConfigurationError when it is none."""
        text = self.text(key, default)
        try:
            return re.compile(text)
        except re.error as error:
            raise self.error(key, f"{text!r} is not a regular expression: {error}") from None

    def error(self, key: str, problem: str) -> ConfigurationError:
        return ConfigurationError(f"{self.file}: [{self.section}] {key}: {problem}")

"""Where settings come from: the configuration file, with the line of each key, and the environment."""

from __future__ import annotations

import configparser
import io
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hzmetrics.errors import ConfigurationError
from hzmetrics.files import open_regular

HOME = Path("/opt/hubzero/metrics")
"""The directory of an installation, unless `HZMETRICS_HOME` names another."""

Sections = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Source:
    """A configuration file as read, and the environment."""

    file: Path = Path("configuration")
    sections: Sections = field(default_factory=dict)
    lines: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """The line of each section and key; a section's own is under the key ''."""
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def __getstate__(self) -> dict[str, Any]:
        """What other processes get: the environment as it is, which can be pickled only as a plain dict."""
        return self.__dict__ | {"environment": dict(self.environment)}

    def place(self, section: str, key: str = "") -> str:
        """`file:line` of a section or key."""
        line = self.lines.get((section, key))
        return f"{self.file}:{line}" if line else str(self.file)


def home(environment: Mapping[str, str]) -> Path:
    """The directory of this installation."""
    return Path(environment.get("HZMETRICS_HOME") or HOME).absolute()


def usual_file(environment: Mapping[str, str] = os.environ) -> Path:
    """The configuration file that is read when none is named."""
    return home(environment) / "conf" / "hzmetrics.conf"


def is_named(option: Path | None, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a file is named by `-c` or `HZMETRICS_CONFIG`."""
    return option is not None or bool(environment.get("HZMETRICS_CONFIG"))


def locate(option: Path | None, environment: Mapping[str, str] = os.environ) -> Path:
    """The configuration file to use (spec 65 §2.1). Raises ConfigurationError when there is none."""
    if option is not None:
        return option
    if environment.get("HZMETRICS_CONFIG"):
        return Path(environment["HZMETRICS_CONFIG"])
    usual = usual_file(environment)
    if usual.is_file() and os.access(usual, os.R_OK):
        return usual
    raise ConfigurationError(f"no configuration: looked for -c FILE, then HZMETRICS_CONFIG, then {usual}")


def read(path: Path, environment: Mapping[str, str] = os.environ) -> Source:
    """The file at `path`. Raises ConfigurationError that says why, and at which line, it cannot be read."""
    try:
        with io.TextIOWrapper(open_regular(path), encoding="utf-8-sig") as file:
            parser = _Parser(file)
    except OSError as error:
        raise ConfigurationError(f"cannot read configuration {path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"cannot read configuration {path}: not UTF-8 at byte {error.start}") from None
    except configparser.Error as error:
        raise ConfigurationError(f"cannot read configuration {path}{_reason(error)}") from None
    sections = {name: dict(parser.items(name)) for name in parser.sections()}
    keys = [(name, key) for name, values in sections.items() for key in values]
    lines = dict(zip(keys, parser.key_lines, strict=True))
    lines |= {(name, ""): line for name, line in parser.section_lines.items()}
    return Source(path, sections, lines, environment)


class _Parser(configparser.ConfigParser):
    """Reads a file at once, and notes the line of each section, and of each key in the order of the file."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.line = 0
        self.section_lines: dict[str, int] = {}
        self.key_lines: list[int] = []
        super().__init__(interpolation=None, default_section="\0", strict=True)
        self.read_file(self._counted(lines))
        self.line = 0

    def optionxform(self, optionstr: str) -> str:
        if self.line:
            self.key_lines.append(self.line)
        return optionstr.lower()

    def _counted(self, lines: Iterable[str]) -> Iterator[str]:
        for self.line, line in enumerate(lines, 1):
            header = self.SECTCRE.match(line.strip())
            if header:
                self.section_lines.setdefault(header["header"], self.line)
            yield line


def _reason(error: configparser.Error) -> str:
    """The line, and what is wrong with it; never its text, which may hold a password."""
    match error:
        case configparser.DuplicateSectionError():
            return f":{error.lineno}: section [{error.section}] is there twice"
        case configparser.DuplicateOptionError():
            return f":{error.lineno}: [{error.section}] {error.option} is there twice"
        case configparser.MissingSectionHeaderError():
            return f":{error.lineno}: this line comes before the first [section]"
        case configparser.ParsingError() if error.errors:
            return f":{error.errors[0][0]}: this line is neither a [section] nor of the form key = value"
    return ": not a file of [section] and key = value lines"

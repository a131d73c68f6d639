"""Where a demonstration lives: one directory with its configuration, databases, logs and state."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Mapping
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path

from hzmetrics import config
from hzmetrics.calendar import Clock
from hzmetrics.errors import HzmetricsError

SITE = "hub"
"""The invented hub's name in its log files."""


@dataclass(frozen=True)
class Directory:
    """A demonstration's directory; `environment` is what makes `hzmetrics` work in it."""

    root: Path

    @property
    def configuration(self) -> Path:
        return self.root / "hzmetrics.conf"

    @property
    def environment_file(self) -> Path:
        return self.root / "environment"

    @property
    def addresses(self) -> Path:
        """The address database of the invented networks."""
        return self.root / "addresses.mmdb"

    @property
    def applications(self) -> Path:
        """The hub's applications root: a directory for each tool."""
        return self.root / "apps"

    @property
    def databases(self) -> Path:
        return self.root / "databases"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "HZMETRICS_CONFIG": str(self.configuration),
            "HZMETRICS_HOME": str(self.root / "home"),
            "HZMETRICS_LOG": str(self.root / "hzmetrics.log"),
            "HZMETRICS_LOG_ROOT": str(self.root / "logs"),
        }

    def make(self, sections: Mapping[str, Mapping[str, str]], clock: Clock) -> config.Settings:
        """Make the directory, anew if it is one of ours, and give the settings for it. Raises HzmetricsError."""
        if (
            self.root.exists()
            and not self.configuration.is_file()
            and (not self.root.is_dir() or any(self.root.iterdir()))
        ):
            raise HzmetricsError(f"{self.root} is there and is no demonstration; name another place with --dir")
        try:
            if self.root.is_dir():
                shutil.rmtree(self.root)
            self.root.mkdir(parents=True)
            parser = ConfigParser(interpolation=None)
            parser.read_dict(sections)
            with self.configuration.open("w", encoding="utf-8") as file:
                parser.write(file)
            self.environment_file.write_text(self._exports(), encoding="utf-8")
            settings = config.load(environment=self.environment, time=clock)
            for place in settings.paths.expected:
                place.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise HzmetricsError(f"cannot make {self.root}: {error.strerror}") from None
        return settings

    def _exports(self) -> str:
        """What a shell reads to work here, with this program as `hzmetrics`."""
        lines = [f"export {name}={shlex.quote(value)}" for name, value in self.environment.items()]
        programs = shlex.quote(str(Path(sys.executable).parent))
        return "\n".join([*lines, f"export PATH={programs}:$PATH", ""])

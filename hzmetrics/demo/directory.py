"""The directory of a demonstration: configuration, databases, logs and state."""

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
from hzmetrics.config import schema
from hzmetrics.errors import HzmetricsError

SITE = "hub"
"""The name of the invented hub in its log files."""


@dataclass(frozen=True)
class Directory:
    """The directory of a demonstration; with its `environment`, `hzmetrics` works in it."""

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
        """The applications root of the hub, with a directory for each tool."""
        return self.root / "apps"

    @property
    def databases(self) -> Path:
        return self.root / "databases"

    @property
    def pages(self) -> Path:
        return self.root / "site"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "HZMETRICS_CONFIG": str(self.configuration),
            "HZMETRICS_HOME": str(self.root / "home"),
            "HZMETRICS_LOG": str(self.root / "hzmetrics.log"),
            "HZMETRICS_LOG_ROOT": str(self.root / "logs"),
        }

    def make(self, sections: Mapping[str, Mapping[str, str]], clock: Clock) -> config.Settings:
        """Create the directory, replacing an earlier demonstration; returns its settings. Raises HzmetricsError.

        Nothing is expected to keep coming to a demonstration.
        """
        if (
            self.root.exists()
            and not self.configuration.is_file()
            and (not self.root.is_dir() or any(self.root.iterdir()))
        ):
            raise HzmetricsError(f"{self.root} exists and is not a demonstration: name another directory with --dir")
        try:
            if self.root.is_dir():
                shutil.rmtree(self.root)
            self.root.mkdir(parents=True)
            parser = ConfigParser(interpolation=None)
            parser.read_dict({**sections, schema.Freshness.heading: dict.fromkeys(schema.Freshness.keys, "0")})
            with self.configuration.open("w", encoding="utf-8") as file:
                parser.write(file)
            self.environment_file.write_text(self._exports(), encoding="utf-8")
            settings = config.load(environment=self.environment, time=clock)
            for place in settings.paths.expected:
                place.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise HzmetricsError(f"cannot create {self.root}: {error.strerror}") from None
        return settings

    def _exports(self) -> str:
        """The commands for a shell that is to work here, with this program as `hzmetrics`."""
        lines = [f"export {name}={shlex.quote(value)}" for name, value in self.environment.items()]
        programs = shlex.quote(str(Path(sys.executable).parent))
        return "\n".join([*lines, f"export PATH={programs}:$PATH", ""])

"""The configuration: one file and the environment, declared in `schema`, checked, typed (spec 65 §2 to §4)."""

from hzmetrics.config.mistakes import find_mistakes
from hzmetrics.config.schema import CORRECTIONS
from hzmetrics.config.section import BadSetting, Mistake
from hzmetrics.config.settings import MariaDb, Paths, Settings, Sqlite, build, clock, expanded, load
from hzmetrics.config.source import HOME, Source, is_named, locate, read, usual_file

__all__ = [
    "CORRECTIONS",
    "HOME",
    "BadSetting",
    "MariaDb",
    "Mistake",
    "Paths",
    "Settings",
    "Source",
    "Sqlite",
    "build",
    "clock",
    "expanded",
    "find_mistakes",
    "is_named",
    "load",
    "locate",
    "read",
    "usual_file",
]

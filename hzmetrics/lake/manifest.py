"""What a lake holds and how it came about: `manifest.json`."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hzmetrics import files
from hzmetrics.calendar import PERIODS, Month, some
from hzmetrics.config.schema import CORRECTIONS
from hzmetrics.errors import HzmetricsError, UsageError, in_words
from hzmetrics.lake import storage
from hzmetrics.lake.storage import Location
from hzmetrics.output.document import document

NAME = storage.MANIFEST
FORMAT = 1
"""The version of the layout that docs/lake.md describes."""

DATABASE, LOGS = "database", "logs"
"""What a lake can be made from."""

KEPT = {
    "source": "what it is made from",
    "has_hub": "whether the tables of the hub are in it",
    "hub": "the hub",
    "time_zone": "the time zone",
    "corrections": "the corrections",
    "names": "the kind of names",
    "key": "the key of the pseudonyms",
    "buckets": "the number of buckets",
}
"""What is the same for all months of a lake, in words."""


@dataclass(frozen=True)
class Manifest:
    """The content of the file. Months are those with sessions."""

    source: str
    """`database` or `logs`."""
    has_hub: bool
    """Whether the tables of the hub are here. Without them there are no cells of users and tools."""
    hub: str
    """`[hub] site`."""
    time_zone: str
    """That of all times; empty: of the machine that exported."""
    corrections: tuple[str, ...]
    """Those in force, sorted."""
    names: str
    """`pseudonyms` or `plain`."""
    key: str
    """Fingerprint of the key of the pseudonyms."""
    buckets: int
    through: Month
    """The last month that was over at the export. Logins, tool starts, tool sessions and hits reach to its end."""
    months: tuple[Month, ...]
    """The months whose sessions are here."""
    missing: tuple[Month, ...]
    """The other months of the hub, from 1995 on."""
    exported: str
    """When, in UTC."""
    is_complete: bool
    """Whether the last export came to its end; of a lake of logs, whether all sessions that it has are made."""

    def periods(self, month: Month) -> tuple[int, ...]:
        """The periods that end with a month and whose months are all here."""
        return tuple(
            code
            for code in PERIODS
            if not any(str(month.period(code).start) <= other.start <= month.start for other in self.missing)
        )

    def differences(self, other: Manifest) -> list[str]:
        """In words, what should be the same as in another manifest and is not."""
        return [words for name, words in KEPT.items() if getattr(self, name) != getattr(other, name)]

    def write(self, root: Location) -> None:
        """Write the file. Raises HzmetricsError."""
        fields = dataclasses.asdict(self) | {
            "through": str(self.through),
            "months": list(map(str, self.months)),
            "missing": list(map(str, self.missing)),
        }
        text = document({"format": FORMAT, **fields}, indent=2)
        storage.replace(root / NAME, f"{text}\n".encode(), files.INTERNAL)


def find(root: Location) -> Manifest | None:
    """The manifest of a lake; None if there is none. Raises HzmetricsError if it cannot be read."""
    path = root / NAME
    try:
        fields: dict[str, Any] = json.loads(storage.read(path))
        if fields.pop("format") != FORMAT:
            raise HzmetricsError(f"{path}: this lake has a format that this version does not know")
        found = Manifest(
            **fields
            | {
                "corrections": tuple(fields["corrections"]),
                "through": Month.parse(fields["through"]),
                "months": _months(fields["months"]),
                "missing": _months(fields["missing"]),
            }
        )
    except FileNotFoundError:
        return None
    except OSError as error:
        raise HzmetricsError(f"cannot read {in_words(error)}") from None
    except (ValueError, KeyError, TypeError, AttributeError, UsageError):
        raise HzmetricsError(f"{path} is not the manifest of a lake") from None
    if not _is_sound(found):
        raise HzmetricsError(f"{path} is not the manifest of a lake")
    if unknown := sorted({*found.corrections} - {*CORRECTIONS}):
        raise HzmetricsError(f"{path}: this lake follows corrections that this version does not know: {some(unknown)}")
    return found


def _is_sound(found: Manifest) -> bool:
    """Whether the values have the types of their fields: others could change the numbers without an error."""
    texts = (found.hub, found.time_zone, found.names, found.key, found.exported, *found.corrections)
    return (
        all(isinstance(text, str) for text in texts)
        and all(isinstance(flag, bool) for flag in (found.has_hub, found.is_complete))
        and type(found.buckets) is int
        and found.buckets > 0
        and found.source in (DATABASE, LOGS)
        and found.names in ("pseudonyms", "plain")
    )


def refuse_others(root: Location) -> None:
    """Raise HzmetricsError if a directory has files, but is no lake: parts of a lake are removed by their names."""
    if not storage.exists(root / NAME) and not storage.is_empty(root):
        raise HzmetricsError(f"{root} is no lake, and not empty: export to another directory")


def read(root: Location) -> Manifest:
    """The manifest of a whole lake. Raises HzmetricsError."""
    found = find(root)
    if found is None:
        raise HzmetricsError(f"{root} is no lake: there is no {NAME}; `hzmetrics lake export` makes one")
    if not found.is_complete and found.source == LOGS:
        raise HzmetricsError(f"{root} has requests without sessions: run `hzmetrics lake sessions {root}`")
    if not found.is_complete:
        raise HzmetricsError(f"{root}: the last export was cut short; run it again")
    return found


def _months(texts: Sequence[str]) -> tuple[Month, ...]:
    return tuple(map(Month.parse, texts))

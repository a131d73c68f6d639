"""The counts for Prometheus: valid as OpenMetrics and for the node exporter's textfile collector (spec 82 §6)."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hzmetrics.calendar import epoch
from hzmetrics.errors import HzmetricsError

HELP = {
    "active_users_1d": "Users active in the past 24 hours",
    "active_users_7d": "Users active in the past 7 days",
    "active_users_30d": "Users active in the past 30 days",
}
UPDATED = "hzmetrics_active_users_updated_timestamp_seconds"


class Family(NamedTuple):
    """One more gauge: its name after the common prefix, what it means, and its values by one label (or none)."""

    name: str
    meaning: str
    label: str | None
    values: Mapping[str, int]


def exposition(site: str, counts: Mapping[str, Any], more: Sequence[Family] = ()) -> str:
    """The text. `counts` as `active-users show --json` gives them; their families appear once there are some."""
    host = site.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    lines = []
    if counts["updated"] is not None:
        for gauge, meaning in HELP.items():
            name = f"hzmetrics_{gauge}"
            lines += [f"# TYPE {name} gauge", f"# HELP {name} {meaning}", f'{name}{{host="{host}"}} {counts[gauge]}']
        lines += [
            f"# TYPE {UPDATED} gauge",
            f"# UNIT {UPDATED} seconds",
            f"# HELP {UPDATED} Time of the last active user count",
            f'{UPDATED}{{host="{host}"}} {epoch(counts["updated"])}',
        ]
    for family in more:
        name = f"hzmetrics_{family.name}"
        lines += [f"# TYPE {name} gauge", f"# HELP {name} {family.meaning}"]
        for key, value in family.values.items():
            label = f',{family.label}="{key}"' if family.label else ""
            lines.append(f'{name}{{host="{host}"{label}}} {value}')
    return "".join(f"{line}\n" for line in (*lines, "# EOF"))


def write(file: Path, text: str, mode: int = 0o644) -> None:
    """Replace a file at once. Raises HzmetricsError."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    except OSError as error:
        raise HzmetricsError(f"cannot write {file}: {error.strerror}") from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as new:
            new.write(text)
            os.fchmod(new.fileno(), mode)
            new.flush()
            os.fsync(new.fileno())
        Path(name).replace(file)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise HzmetricsError(f"cannot write {file}: {error.strerror}") from None

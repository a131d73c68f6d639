"""The text for Prometheus: valid as OpenMetrics and for the node exporter's textfile collector (spec 82 §6).

The exposition of `prometheus-client` writes other text: `HELP` before `TYPE`, and every number with a decimal point.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from hzmetrics.capability import Family
from hzmetrics.errors import HzmetricsError


def exposition(site: str, families: Iterable[Family]) -> str:
    """The text of gauges of a site."""
    host = site.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    lines = [line for family in families if family.values for line in _lines(family, host)]
    return "".join(f"{line}\n" for line in (*lines, "# EOF"))


def _lines(family: Family, host: str) -> Iterator[str]:
    name = f"hzmetrics_{family.name}"
    yield f"# TYPE {name} gauge"
    if family.unit:
        yield f"# UNIT {name} {family.unit}"
    yield f"# HELP {name} {family.meaning}"
    for value_of_label, value in family.values.items():
        label = f',{family.label}="{value_of_label}"' if family.label else ""
        yield f'{name}{{host="{host}"{label}}} {value}'


def write(file: Path, text: str, mode: int = 0o644) -> None:
    """Replace a file in one step. Raises HzmetricsError."""
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

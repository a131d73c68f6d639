"""The text for Prometheus: valid as OpenMetrics and for the node exporter's textfile collector (spec 82 §6).

The exposition of `prometheus-client` writes other text: `HELP` before `TYPE`, and every number with a decimal point.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from hzmetrics import files
from hzmetrics.capability import Family
from hzmetrics.errors import HzmetricsError
from hzmetrics.output.text import printable


def exposition(site: str, families: Iterable[Family]) -> str:
    """The text of gauges of a site."""
    lines = [line for family in families if family.values for line in _lines(family, _quoted(site))]
    return "".join(f"{line}\n" for line in (*lines, "# EOF"))


def _lines(family: Family, host: str) -> Iterator[str]:
    name = f"hzmetrics_{family.name}"
    yield f"# TYPE {name} gauge"
    if family.unit:
        yield f"# UNIT {name} {family.unit}"
    yield f"# HELP {name} {family.meaning}"
    for value_of_label, value in family.values.items():
        label = f",{family.label}={_quoted(value_of_label)}" if family.label else ""
        yield f"{name}{{host={host}{label}}} {value}"


def _quoted(value: str) -> str:
    """The value of a label."""
    text = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{printable(text)}"'


def write(file: Path, text: str, mode: int = files.PUBLISHED) -> None:
    """Replace a file in one step. Raises HzmetricsError."""
    try:
        files.replace(file, text.encode(), mode)
    except OSError as error:
        raise HzmetricsError(f"cannot write {file}: {error.strerror}") from None

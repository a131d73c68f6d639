"""The reports of `migrate` and `doctor` as text (spec 70 §8.4, spec 65 §10)."""

from __future__ import annotations

from collections.abc import Sequence

from hzmetrics.health.doctor import Check
from hzmetrics.installation.adoption.plan import Step
from hzmetrics.installation.adoption.space import Disk, size
from hzmetrics.output.text import printable

HEADINGS = ("", "table", "what", "rows", "needs", "time", "after a kill goes on")


def lines(steps: Sequence[Step], disks: Sequence[Disk]) -> list[str]:
    """One line a step: light or heavy, table, what, rows, bytes needed, estimated time, where it resumes."""
    if not steps:
        return ["Nothing to do: the metrics database is up to date."]
    cells = [HEADINGS, *(_cells(step) for step in steps)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEADINGS))]
    found = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    heavy = [step for step in steps if step.heavy]
    light = f"{len(steps) - len(heavy)} light steps (hzmetrics init)"
    found += ["", f"{light}, {len(heavy)} heavy ones (hzmetrics migrate --apply)"]
    if heavy:
        time = _time(sum(step.seconds for step in heavy))
        need, sorting = sum(step.bytes for step in heavy), max(step.temporary for step in heavy)
        found.append(f"in all: {time}, {size(need)} for the data, {size(sorting)} for sorting")
    found += [
        f"free in {disk}: {'cannot be seen from here' if disk.free is None else size(disk.free)}" for disk in disks
    ]
    return found


def _cells(step: Step) -> tuple[str, ...]:
    return (
        "heavy" if step.heavy else "light",
        step.table,
        step.what,
        f"{step.rows:,}" if step.rows else "",
        size(step.bytes + step.temporary) if step.bytes or step.temporary else "",
        _time(step.seconds) if step.heavy else "",
        step.resumes,
    )


def _time(seconds: float) -> str:
    if seconds < 1:
        return "< 1 s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def health(checks: Sequence[Check], fixed: bool) -> list[str]:
    """Every check, then the problems and warnings, each with its fix."""
    found = [f"{check.verdict:<4}  {_told(check)}" for check in checks]
    open_ones = [check for check in checks if check.verdict == "FAIL"]
    for title, listed in (
        ("Problems", open_ones),
        ("Warnings", [check for check in checks if check.verdict == "WARN"]),
    ):
        if listed:
            found += ["", f"{title}:"]
            for check in listed:
                found.append(f"  {_told(check)}")
                found += [f"    fix: {printable(check.fix)}"] if check.fix else []
    if open_ones and not fixed:
        found += ["", "hzmetrics doctor --fix creates missing directories, the database and its tables."]
    return found


def _told(check: Check) -> str:
    return printable(f"{check.name}: {check.detail}" if check.detail else check.name)

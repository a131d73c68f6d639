"""The reports as tables in a terminal."""

from __future__ import annotations

from typing import Any

from hzmetrics.output.terminal import Screen, Table

NEWEST = 31
"""The number of days or counts that a table shows; the JSON documents hold all."""


def daily(document: dict[str, Any]) -> None:
    """The newest days, and the totals."""
    days = document["daily"]
    if not days["timestamps"]:
        Screen().show("no data yet")
        return
    table = Table("day", title="Students and notebooks by day (UTC)")
    for heading in ("students", "new", "notebooks", "new"):
        table.add_column(heading, justify="right")
    names = ("unique_students", "new_students", "unique_notebooks", "new_notebooks")
    for number, day in list(enumerate(days["timestamps"]))[-NEWEST:]:
        table.add_row(day[:10], *(f"{days[name][number]:,}" for name in names))
    screen = Screen()
    screen.show(table)
    totals = document["events"]
    screen.show(
        f"in total {totals['total_students'][-1]:,} students and {totals['total_notebooks'][-1]:,} notebooks "
        f"on {len(days['timestamps']):,} days"
    )


def usage(document: dict[str, Any]) -> None:
    """Students by notebook with bars, and how many notebooks students opened."""
    screen = Screen()
    if not document["nbstudents"]:
        screen.show("no data yet")
        return
    students = document["nbstudents"]
    table = Table("notebook", title="Students by notebook")
    table.add_column("students", justify="right")
    table.add_column("")
    for notebook, number in document["nbstudents_per_notebook"]:
        table.add_row(notebook.replace("%20", " "), f"{number:,}", "█" * max(1, round(30 * number / students)))
    screen.show(table)
    table = Table("notebooks opened", title="Notebooks by student")
    table.add_column("students", justify="right")
    for notebooks, number in document["nbstudents_per_nbnotebooks"]:
        table.add_row(f"{notebooks:,}", f"{number:,}")
    screen.show(table)
    most = sorted(zip(document["heatmap"]["y"], document["heatmap"]["z"], strict=True), key=_total, reverse=True)[:10]
    table = Table("most active students")
    table.add_column("opens", justify="right")
    for student, opens in most:
        table.add_row(student, f"{_total((student, opens)):,}")
    screen.show(table)


def counts(document: dict[str, Any]) -> None:
    """The newest counts; a missing value is a dash."""
    if not document["timestamps"]:
        Screen().show("no data yet")
        return
    table = Table("time (UTC)", title="Monitor counts")
    shown = ("running_containers", "running_kernels", "load1s", "memory_availables", "system_ds_percents")
    for name in shown:
        table.add_column(name.removesuffix("s").replace("_", " "), justify="right")
    for number, time in list(enumerate(document["timestamps"]))[-NEWEST:]:
        values = (document[name][number] for name in shown)
        table.add_row(time.replace("T", " "), *("-" if value is None else f"{value:,}" for value in values))
    Screen().show(table)


def _total(row: tuple[str, list[int | None]]) -> int:
    return sum(filter(None, row[1]))

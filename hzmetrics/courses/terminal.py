"""The reports as tables in a terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from hzmetrics.log import printable

NEWEST = 31
"""The number of days or counts that a table shows; the JSON documents hold all."""


def daily(document: dict[str, Any]) -> None:
    """The newest days, and the totals."""
    days = document["daily"]
    if not days["timestamps"]:
        Console().print("no data yet")
        return
    table = Table("day", title="Students and notebooks by day (UTC)", title_justify="left")
    for heading in ("students", "new", "notebooks", "new"):
        table.add_column(heading, justify="right")
    names = ("unique_students", "new_students", "unique_notebooks", "new_notebooks")
    for number, day in list(enumerate(days["timestamps"]))[-NEWEST:]:
        table.add_row(day[:10], *(f"{days[name][number]:,}" for name in names))
    console = Console()
    console.print(table)
    totals = document["events"]
    console.print(
        f"in total {totals['total_students'][-1]:,} students and {totals['total_notebooks'][-1]:,} notebooks "
        f"on {len(days['timestamps']):,} days"
    )


def usage(document: dict[str, Any]) -> None:
    """Students by notebook with bars, and how many notebooks students opened."""
    console = Console()
    if not document["nbstudents"]:
        console.print("no data yet")
        return
    students = document["nbstudents"]
    table = Table("notebook", title="Students by notebook", title_justify="left")
    table.add_column("students", justify="right")
    table.add_column("")
    for notebook, number in document["nbstudents_per_notebook"]:
        table.add_row(
            printable(notebook.replace("%20", " ")), f"{number:,}", "█" * max(1, round(30 * number / students))
        )
    console.print(table)
    table = Table("notebooks opened", title="Notebooks by student", title_justify="left")
    table.add_column("students", justify="right")
    for notebooks, number in document["nbstudents_per_nbnotebooks"]:
        table.add_row(f"{notebooks:,}", f"{number:,}")
    console.print(table)
    most = sorted(zip(document["heatmap"]["y"], document["heatmap"]["z"], strict=True), key=_total, reverse=True)[:10]
    table = Table("most active students", title_justify="left")
    table.add_column("opens", justify="right")
    for student, opens in most:
        table.add_row(printable(student), f"{_total((student, opens)):,}")
    console.print(table)


def counts(document: dict[str, Any]) -> None:
    """The newest counts; a missing value is a dash."""
    if not document["timestamps"]:
        Console().print("no data yet")
        return
    table = Table("time (UTC)", title="Monitor counts", title_justify="left")
    shown = ("running_containers", "running_kernels", "load1s", "memory_availables", "system_ds_percents")
    for name in shown:
        table.add_column(name.removesuffix("s").replace("_", " "), justify="right")
    for number, time in list(enumerate(document["timestamps"]))[-NEWEST:]:
        values = (document[name][number] for name in shown)
        table.add_row(time.replace("T", " "), *("-" if value is None else f"{value:,}" for value in values))
    Console().print(table)


def _total(row: tuple[str, list[int | None]]) -> int:
    return sum(filter(None, row[1]))

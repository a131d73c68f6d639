"""What an entry point leaves after something went wrong, and after cron has come by, against an undisturbed run."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.torture.entry_points import EntryPoint, begin
from tests.torture.hubs import NOW, Hub, Tables, difference
from tests.torture.program import Fault, boundaries


@dataclass(frozen=True)
class Undisturbed:
    """An entry point that nothing happened to."""

    boundaries: list[str]
    seconds: float
    tables: Tables
    files: list[str]
    """After cron has come by."""


def undisturbed(hub: Hub, entry: EntryPoint) -> Undisturbed:
    """Run an entry point, and then what converges a hub."""
    _begin(hub, entry)
    begun = time.monotonic()
    code = hub.command(entry.command).run()
    seconds = time.monotonic() - begun
    assert code == 0, f"{entry} ended with {code}: {hub.said}"
    reached = boundaries(hub.listing)
    assert reached, f"{entry} writes nothing"
    assert not hub.does(entry.converges), hub.said
    return Undisturbed(reached, seconds, hub.tables(), hub.files())


def faults(kind: str, expected: Undisturbed, most: int | None) -> list[Fault]:
    """A fault at every boundary; with `most` at some of them, always the same.

    A file opened several times in a row is one boundary.
    """
    names = expected.boundaries
    reached = [n for n, name in enumerate(names, 1) if not (name.startswith("open") and name in names[n : n + 1])]
    if kind == "short":
        reached = [n for n in reached if names[n - 1].startswith("open")]
    if most is not None and most < len(reached):
        reached = sorted(random.Random(len(reached)).sample(reached, most))
    return [Fault(kind, number) for number in reached]


def problems(
    hub: Hub,
    entry: EntryPoint,
    expected: Undisturbed,
    happening: list[Fault],
    mend: Callable[[], None] = lambda: None,
) -> Iterator[str]:
    """In words, the faults after which cron did not end in the tables of an undisturbed run."""
    for fault in happening:
        _begin(hub, entry)
        code = hub.command(entry.command, fault).run()
        mend()
        if fault.kind == "kill" and code != -9:
            yield f"{entry}, {fault}: not reached, ended with {code}"
        yield from _after(
            hub, entry, expected, f"{entry}, {fault} of {len(expected.boundaries)} ({_name(expected, fault)})"
        )


def killed_at_random(hub: Hub, entry: EntryPoint, expected: Undisturbed, times: int) -> Iterator[str]:
    """The same for kills at some moments, whatever is under way."""
    chance = random.Random(times)
    for _ in range(times):
        _begin(hub, entry)
        process = hub.command(entry.command).start()
        seconds = expected.seconds * chance.uniform(0.05, 1)
        process.join(seconds)
        hub.kill(process.pid)
        process.join()
        yield from _after(hub, entry, expected, f"{entry}, killed after {seconds:.2f} of {expected.seconds:.2f} s")


def _begin(hub: Hub, entry: EntryPoint) -> None:
    hub.now = NOW
    begin(hub, entry.begins)
    hub.now = entry.now


def _after(hub: Hub, entry: EntryPoint, expected: Undisturbed, what: str) -> Iterator[str]:
    if failed := hub.does(entry.converges):
        yield f"{what}: {failed}\n{hub.said[-1500:]}"
    if different := difference(hub.tables(), expected.tables):
        yield f"{what}: {different}"
    if (files := hub.files()) != expected.files:
        yield f"{what}: other files: {sorted(set(files) ^ set(expected.files))}"


def _name(expected: Undisturbed, fault: Fault) -> str:
    name = expected.boundaries[fault.at - 1]
    return name.replace(str(Path.cwd()), "")

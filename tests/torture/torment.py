"""What an entry point leaves after something went wrong, and after cron has come by, against an undisturbed run."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby

from tests.torture.entry_points import EntryPoint, begin
from tests.torture.hubs import GENERATIONS, NOW, SITE, End, Hub, difference
from tests.torture.program import Fault, boundaries

HIDDEN = "pages that are not shown yet"


@dataclass(frozen=True)
class Undisturbed:
    """An entry point that nothing happened to."""

    boundaries: list[str]
    seconds: float
    pages: tuple[dict[str, str], dict[str, str]]
    """Those of the site before and after it."""
    end: End
    """After cron has come by."""


def undisturbed(hub: Hub, entry: EntryPoint) -> Undisturbed:
    """Run an entry point, and then what converges a hub."""
    _begin(hub, entry)
    before = hub.pages(SITE)
    begun = time.monotonic()
    code = hub.command(entry.command).run()
    seconds = time.monotonic() - begun
    assert code == 0, f"{entry} ended with {code}: {hub.said}"
    reached = boundaries(hub.listing)
    assert reached, f"{entry} writes nothing"
    pages = before, hub.pages(SITE)
    end = hub.end(entry.converges)
    assert not end.failed, end.said
    return Undisturbed(reached, seconds, pages, end)


def faults(hub: Hub, kind: str, expected: Undisturbed, most: int | None = None) -> list[Fault]:
    """A fault at every boundary; with `most` at some of them, always the same.

    A file opened several times in a row is one boundary, and so are the files of the same pages. So are several
    statements in a row for a disk that is full where the database is not, and several files in a row for the server of
    the database.
    """
    names = expected.boundaries
    after = ["", *names]

    def counts(n: int) -> bool:
        name, before = names[n], after[n]
        match kind:
            case "short":
                return name.startswith("open")
            case "full" if hub.kind == "mariadb":
                return _is_file(name) or not before or _is_file(before)
            case "server":
                return not _is_file(name) or not _is_file(before)
        return True

    possible = filter(counts, range(len(names)))
    rows = groupby(possible, lambda n: _subject(names[n]) if _is_file(names[n]) else str(n))
    reached = [next(row) + 1 for _, row in rows]
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
        yield from _after(hub, entry, expected, f"{entry}, {fault.kind} at {_place(expected, fault.at)}")


def killed_at_every_boundary(hub: Hub, entry: EntryPoint, expected: Undisturbed) -> Iterator[str]:
    """The same for kills at all boundaries, found in one run that waits at each of them.

    What a killed process leaves is what lies there while it waits; of equal remains one is judged. Visitors always
    find the pages from before or those from after it. While it locks tables nobody can look: it is killed in earnest at
    the last boundary before it unlocks them.
    """
    _begin(hub, entry)
    remains: dict[str, int] = {}
    locking: list[int] = []
    rows = ""
    for at, _ in enumerate(hub.command(entry.command).pauses(), 1):
        before, here = ["", *boundaries(hub.listing)][at - 1 : at + 1]
        if hub.is_locked():
            locking, rows = [*(before for before in locking if before != at - 1), at], ""
            continue
        if hub.pages(SITE) not in expected.pages:
            yield f"{entry}, at {_place(expected, at)}: pages that are neither the old nor the new ones"
        if _subject(before) == _subject(here) == HIDDEN:
            continue  # no command finds anything else than at the last of these
        if not rows or not _is_file(before):
            rows = hub.digest_of_rows()
        digest = hub.digest(rows)
        if digest not in remains:
            remains[digest] = at
            hub.keep(f"killed_{at}")
    for at in remains.values():
        hub.restore(f"killed_{at}")
        hub.forget(f"killed_{at}")
        yield from _after(hub, entry, expected, f"{entry}, killed at {_place(expected, at)}")
    yield from problems(hub, entry, expected, [Fault("kill", at) for at in locking])


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
    end, wanted = hub.end(entry.converges), expected.end
    if end.failed:
        yield f"{what}: {end.failed}\n{end.said[-1500:]}"
    if different := difference(end.tables, wanted.tables):
        yield f"{what}: {different}"
    if end.logs != wanted.logs:
        yield f"{what}: other log files: {sorted(set(end.logs) ^ set(wanted.logs))}"
    if other := sorted({name for name, _ in end.pages.items() ^ wanted.pages.items()}):
        yield f"{what}: other pages: {other}"


def _is_file(name: str) -> bool:
    return name.startswith(("open ", "os."))


def _subject(name: str) -> str:
    """What happens to which file; the same for all files of the pages that are being made."""
    return HIDDEN if f" {GENERATIONS}/" in name else name


def _place(expected: Undisturbed, at: int) -> str:
    names = expected.boundaries
    return f"{at} of {len(names)} ({names[at - 1] if at <= len(names) else 'one more than undisturbed'})"

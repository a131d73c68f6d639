"""What the pipeline remembers between runs: the keys of `pipeline_state` (spec 60 §4, spec 70 §2.3)."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import TypeVar

import sqlalchemy as sa

from hzmetrics.calendar import Month
from hzmetrics.errors import HzmetricsError, UsageError
from hzmetrics.log import log
from hzmetrics.output.document import document
from hzmetrics.store import Store, revisions
from hzmetrics.store.key_values import KeyValues
from hzmetrics.store.tables.metrics import pipeline_state

_keys = KeyValues(pipeline_state)

MODE = "mode"
ANALYZED = "analyzed"
CATCHUP_STARTED = "catchup_started"
CASCADE_FROM = "rebuild_cascade_from"
CURSOR = "rebuild_cursor"
DIRTY = "dirty_months"

UNFINISHED = "unfinished_months"
"""Months whose work is not finished, each with what is left (spec 60 §10.3)."""
BAD_FILES = "bad_files"
"""Source files that failed, with their size and time (spec 60 §10.1)."""
LOOKUPS_FAILING = "lookups_failing"
"""Closed months whose lookups fail, each with the time of the first failure (spec 60 §10.2)."""
SNAPSHOTS_FAILING = "snapshots_failing"
"""Why snapshots could not be kept when that was last tried; empty: they could (spec 50 §16)."""
FLOOR = "history_floor"
"""The month of adoption: published numbers before it are never computed again (spec 70 §8.1)."""
COMPLETED = "completed_requests"
"""Up to which id the requests of the running month are completed (spec 60 §8.7)."""
CORRECTIONS = "corrections"
"""The corrections that the stored numbers follow (spec 15)."""
CORRECTIONS_KNOWN = "corrections_known"
"""The corrections that `all` stood for when that list was stored (spec 15)."""
UNREAD_FILES = "unread_files"
"""Imported files that were empty or mostly unread, the newest last (spec 10 §10.4)."""
CORRECTED_SINCE = "corrected_since"
"""Corrections that act at import, and the day from which on imported lines follow them (spec 15)."""
ANONYMISED = "anonymised_before"
"""The month before which addresses are shortened; their requests are never read again to build sessions (spec 67)."""
PSEUDONYM_KEY = "pseudonym_key"
"""What the key of the pseudonyms is recognized by."""

MOST_UNREAD_FILES = 20
"""Unread files that are remembered."""


class Left(IntEnum):
    """What is left to do for a month. Each includes those before it."""

    SUMMARY = 1
    """All cells and the figures of resources."""
    ANALYSIS = 2
    """The analysis with sessions."""
    RESET = 3
    """The removal of what was derived from fewer rows than there are now."""


@dataclass(frozen=True)
class BadFile:
    """A source file that could not be imported or moved. It is skipped until it changes."""

    path: str
    size: int
    modified: int
    """When its content, or the right to read it, changed last, nanoseconds."""
    reason: str
    reading: str = ""
    """How logs were read then: the file is tried again when that changes. Earlier versions did not store it."""
    is_readable: bool = True
    """Whether it could be opened then: a file that could not is tried again when it can."""
    is_imported: bool = False
    """Whether its rows are there, and it only could not be moved: that is tried again by every run."""

    def __str__(self) -> str:
        if self.is_imported:
            return f"{self.path} is imported, and stays where it is until it can be moved: {self.reason}"
        until = "it or a setting of [logs] changes" if self.reading else "it changes"
        return f"{self.path} is left out until {until}: {self.reason}"


@dataclass(frozen=True)
class UnreadFile:
    """A file that was imported although it was empty or mostly unread."""

    filename: str
    target: str
    said: str
    day: str
    """When it was imported."""


E = TypeVar("E", BadFile, UnreadFile)


@dataclass(frozen=True)
class State:
    """The keys as they are stored. Absent and empty mean the same wherever a month or a list is asked for."""

    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def mode(self) -> str:
        return self.values.get(MODE, "normal")

    @property
    def completed_requests(self) -> Mapping[str, str]:
        """Up to which id the requests of which month are completed, by which rules: `month`, `last`, `rules`."""
        return _pairs(COMPLETED, self.values.get(COMPLETED))

    @property
    def analyzed(self) -> str:
        """Date of the last daily analysis; empty: never."""
        return self.values.get(ANALYZED, "")

    @property
    def catchup_started(self) -> Month | None:
        return _month(self.values.get(CATCHUP_STARTED, ""))

    @property
    def cascade_from(self) -> Month | None:
        return _month(self.values.get(CASCADE_FROM, ""))

    @property
    def cursor(self) -> Month | None:
        return _month(self.values.get(CURSOR, ""))

    @property
    def floor(self) -> Month | None:
        """Published numbers before it are never computed again: of the adoption, or of months that are anonymised."""
        return max(filter(None, (_month(self.values.get(FLOOR, "")), self.anonymised_before)), default=None)

    @property
    def anonymised_before(self) -> Month | None:
        return _month(self.values.get(ANONYMISED, ""))

    def is_anonymised(self, month: Month) -> bool:
        return self.anonymised_before is not None and month < self.anonymised_before

    def refuse_anonymised(self, month: Month) -> None:
        """Raise HzmetricsError if a month cannot be computed from its requests any more."""
        if self.is_anonymised(month):
            raise HzmetricsError(
                f"{month} is anonymised: its sessions cannot be built again, its logs not be imported (docs/privacy.md)"
            )

    @property
    def pseudonym_key(self) -> str:
        """What the key of the pseudonyms is recognized by; empty: there are no pseudonyms."""
        return self.values.get(PSEUDONYM_KEY, "")

    @property
    def dirty_months(self) -> frozenset[Month]:
        return _months(self.values.get(DIRTY, ""))

    @property
    def unfinished(self) -> dict[Month, Left]:
        """What is left to do, by month."""
        return _unfinished(self.values.get(UNFINISHED, ""))

    def unfinished_before(self, current: Month) -> dict[str, str]:
        """What is left to do for months that are over, in words. The current month is never finished."""
        return {str(month): left.name.lower() for month, left in sorted(self.unfinished.items()) if month < current}

    @property
    def corrections(self) -> frozenset[str]:
        return frozenset(_items(self.values.get(CORRECTIONS, ""))) - {"none"}

    @property
    def corrections_known(self) -> frozenset[str]:
        """Empty: not stored, by an earlier version or because there was no list to store."""
        return frozenset(_items(self.values.get(CORRECTIONS_KNOWN, "")))

    @property
    def bad_files(self) -> tuple[BadFile, ...]:
        return tuple(_entries(BadFile, BAD_FILES, self.values.get(BAD_FILES)))

    @property
    def unread_files(self) -> tuple[UnreadFile, ...]:
        return tuple(_entries(UnreadFile, UNREAD_FILES, self.values.get(UNREAD_FILES)))

    @property
    def corrected_since(self) -> dict[str, str]:
        """Correction to day; an empty one means all lines. Corrections from before days were stored are absent."""
        return _pairs(CORRECTED_SINCE, self.values.get(CORRECTED_SINCE))

    @property
    def lookups_failing(self) -> dict[Month, str]:
        """Month to the time of the first of its consecutive failures."""
        found = _pairs(LOOKUPS_FAILING, self.values.get(LOOKUPS_FAILING))
        return {month: since for text, since in found.items() if (month := _month(text))}

    @property
    def snapshots_failing(self) -> str:
        return self.values.get(SNAPSHOTS_FAILING, "")

    def with_values(self, changes: Mapping[str, str]) -> State:
        return State({**self.values, **changes})


def read(store: Store) -> State:
    """All keys. A database that has no state table yet has no state. Raises StoreError."""
    if pipeline_state.name not in store.metrics.table_names:
        return State()
    with store.metrics.connect() as connection:
        return recall(connection)


def recall(connection: sa.Connection) -> State:
    """All keys, as the caller's transaction sees them."""
    return State(_keys.recall_all(connection))


def write(store: Store, values: Mapping[str, str]) -> None:
    """Store several keys together, in one statement. Raises StoreError: a failed write is an error (spec 60 §10.4)."""
    with store.metrics.begin() as connection:
        put(connection, values)


def refuse_anonymised(store: Store, month: Month) -> None:
    """As `State.refuse_anonymised`, with the state as it is now."""
    read(store).refuse_anonymised(month)


def put(connection: sa.Connection, values: Mapping[str, str]) -> None:
    """Store keys inside the caller's transaction."""
    _keys.remember(connection, values)


def add_dirty_months(connection: sa.Connection, months: Iterable[Month]) -> None:
    """Mark months dirty, inside the caller's transaction: their rows are not what they were."""
    months = list(months)
    revisions.note(connection, map(str, months))
    change_months(connection, DIRTY, add=months)


def change_months(
    connection: sa.Connection, key: str, *, add: Iterable[Month] = (), remove: Iterable[Month] = ()
) -> None:
    """Add months to a list and remove others from it. The list is written only if it changes."""
    before = set(_items(_keys.recall_to_change(connection, key)))
    after = (before | {str(month) for month in add}) - {str(month) for month in remove}
    if after != before:
        put(connection, {key: ",".join(sorted(after))})


def unmark(connection: sa.Connection, months: Collection[Month]) -> None:
    """Remove the dirty marks of some months, and forget what was left to do for them."""
    change_months(connection, DIRTY, remove=months)
    change_unfinished(connection, lambda left: {month: what for month, what in left.items() if month not in months})


def lower_month(connection: sa.Connection, key: str, month: Month) -> None:
    """Set a month key to `month`, if it is absent, empty or later."""
    stored = _month(_keys.recall_to_change(connection, key))
    if stored is None or month < stored:
        put(connection, {key: str(month)})


def reopen(connection: sa.Connection, month: Month) -> None:
    """Remember, with the first rows of a file, that the month and all later ones have to be redone."""
    leave(connection, {month: Left.RESET})
    lower_month(connection, CASCADE_FROM, month)


def leave(connection: sa.Connection, left: Mapping[Month, Left]) -> None:
    """Remember what is left to do for some months, beside what is remembered already."""
    change_unfinished(connection, lambda known: known | {m: max(what, known.get(m, what)) for m, what in left.items()})


def change_unfinished(connection: sa.Connection, change: Callable[[dict[Month, Left]], dict[Month, Left]]) -> None:
    """Replace what is left to do by what `change` makes of it. It is written only if it changes."""
    before = _unfinished(_keys.recall_to_change(connection, UNFINISHED))
    after = change(before)
    if after and after != before:
        put(connection, {UNFINISHED: ",".join(_item(month, after[month]) for month in sorted(after))})
    elif before and not after:
        _keys.forget(connection, UNFINISHED)


def completed_requests(month: Month, last: int, rules: str) -> dict[str, str]:
    """The key that says up to which id the requests of a month are completed."""
    return {COMPLETED: document({"month": str(month), "last": str(last), "rules": rules})}


def remember_bad_files(connection: sa.Connection, files: Iterable[BadFile], forget: Iterable[str] = ()) -> None:
    """Add files to those remembered, each replacing what was known of its path, and drop the paths of `forget`."""
    stored = _entries(BadFile, BAD_FILES, _keys.recall_to_change(connection, BAD_FILES))
    before = {bad.path: bad for bad in stored}
    after = {path: bad for path, bad in before.items() if path not in set(forget)}
    after |= {bad.path: bad for bad in files}
    if after != before:
        put(connection, {BAD_FILES: document([vars(after[path]) for path in sorted(after)])})


def remember_unread_file(connection: sa.Connection, filename: str, target: str, file: UnreadFile | None) -> None:
    """Store that a file is unread; None: it is not, or not any more. A change that changes nothing is not written."""
    before = _entries(UnreadFile, UNREAD_FILES, _keys.recall_to_change(connection, UNREAD_FILES))
    after = [one for one in before if (one.filename, one.target) != (filename, target)]
    if file:
        after = [*after, file][-MOST_UNREAD_FILES:]
    if after != before:
        put(connection, {UNREAD_FILES: document([vars(one) for one in after])})


def forget_example_lines(connection: sa.Connection) -> None:
    """Take the example lines, which name addresses, out of what is said of unread files."""
    before = _entries(UnreadFile, UNREAD_FILES, _keys.recall_to_change(connection, UNREAD_FILES))
    after = [replace(one, said=one.said.partition("; first: ")[0]) for one in before]
    if after != before:
        put(connection, {UNREAD_FILES: document([vars(one) for one in after])})


def remember_lookups(connection: sa.Connection, failing: Mapping[Month, str]) -> None:
    """Store which months' lookups fail since when."""
    stored = _keys.recall_to_change(connection, LOOKUPS_FAILING)
    text = document({str(month): since for month, since in sorted(failing.items())}) if failing else ""
    if text != stored:
        put(connection, {LOOKUPS_FAILING: text})


def _entries(kind: type[E], key: str, text: str | None) -> list[E]:
    """The entries of a key. A value that holds something else counts as absent."""
    try:
        return [kind(**entry) for entry in json.loads(text or "[]")]
    except (ValueError, TypeError):
        log.warning("pipeline_state: the value of %s is damaged and is ignored", key)
        return []


def _pairs(key: str, text: str | None) -> dict[str, str]:
    """The texts of a key, by their names. A value that holds something else counts as absent."""
    try:
        return {str(name): str(value) for name, value in json.loads(text or "{}").items()}
    except (ValueError, AttributeError):
        log.warning("pipeline_state: the value of %s is damaged and is ignored", key)
        return {}


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def _month(text: str) -> Month | None:
    """The month of a key. A text that is not a month counts as absent: an earlier version stored such texts."""
    try:
        return Month.parse(text.strip())
    except UsageError:
        if text.strip():
            log.warning("pipeline_state: %r is not a month and is ignored", text)
        return None


def _item(month: Month, left: Left) -> str:
    """`2026-03:summary`; without a word the month is redone from its rows, as earlier versions wrote it."""
    return str(month) if left is Left.RESET else f"{month}:{left.name.lower()}"


def _unfinished(text: str) -> dict[Month, Left]:
    words = {left.name.lower(): left for left in Left} | {"": Left.RESET}
    found: dict[Month, Left] = {}
    for item in _items(text):
        month, _, word = item.partition(":")
        if word in words:
            found |= dict.fromkeys(_months(month), words[word])
    return found


def _months(text: str) -> frozenset[Month]:
    """The months of a list. Items that an earlier version cut off are ignored (spec 70 §2.3)."""
    found = set()
    for item in _items(text):
        try:
            found.add(Month.parse(item))
        except UsageError:
            continue
    return frozenset(found)

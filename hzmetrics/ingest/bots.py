"""Bots, recognized by what they call themselves (spec 10 §7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field, replace

import pyarrow as pa
import sqlalchemy as sa

from hzmetrics.agents.judging import are_machines
from hzmetrics.collation import fold
from hzmetrics.config import Settings
from hzmetrics.log import log
from hzmetrics.store.database import Database
from hzmetrics.store.fit import TINYTEXT_BYTES, fit
from hzmetrics.store.tables.metrics import bot_useragents
from hzmetrics.store.types import TinyText

TOKENS = (
    "owler", "serpstatbot", "turnitin", "facebookexternalhit", "googleother", "feedfetcher", "msnbot", "gsa-crawler",
    "googlebot", "yandex", "spider", "bot", "search", "crawl", "archive", "harvest", "slurp", "feed", "nutch", "robot",
    "fetch", "findlinks", "scrapy", "prtg", "pycurl", "yeti", "python-requests", "python-urllib", "curl", "wget",
    "go-http", "node-fetch", "libwww",
)  # fmt: skip
"""A user agent that contains one of these, ignoring case, is a bot's."""

NO_BOTS = ("searchtool", " feed/")
"""Stored agents that contain one of these are deleted again."""

REMEMBERED = 2**24
"""Characters of user agents that are remembered. Whoever writes an agent decides how long it is."""

NAME_LENGTH = 255
"""Characters of a user agent that are compared with the stored agents, which are cut to 255 bytes (spec 10 §3.2)."""


PERHAPS_CUT = TINYTEXT_BYTES - 3
"""Bytes from which a stored name may be the beginning of a longer one: no part of a character is stored."""


def has_token(agents: pa.Array) -> pa.Array:
    """The reference's rule."""
    return pa.array([_contains(agent, TOKENS) for agent in agents.to_pylist()], pa.bool_())


def _contains(agent: str, texts: tuple[str, ...]) -> bool:
    lowered = agent.lower()
    return any(text in lowered for text in texts)


@dataclass
class Bots:
    """The bots known when a file begins, and those it shows.

    `known` are the stored agents, compared exactly. With `at_once`, the correction `bots-first`, a bot is one from its
    first line on, in whatever file that is; otherwise after the file. With `by_evidence`, the correction `bot-tokens`,
    the rules of `hzmetrics.agents` decide, and of the stored agents only those count that the reference's rule would
    not have stored: somebody put them there by hand.
    """

    known: frozenset[str]
    by_evidence: bool = False
    at_once: bool = False
    flagged: list[str] = field(default_factory=list)
    """The file's bots, in the order of their first lines."""

    @classmethod
    def read(cls, connection: sa.Connection, settings: Settings) -> Bots:
        """The bots of the metrics database."""
        return cls.of(connection.execute(sa.select(bot_useragents.c.useragent)).scalars(), settings.corrections)

    @classmethod
    def of(cls, known: Iterable[str], corrections: Set[str]) -> Bots:
        """Those known, with the corrections in force."""
        return cls(frozenset(known), "bot-tokens" in corrections, "bots-first" in corrections)

    def recognize(self, agents: pa.Array) -> list[bool]:
        """Whether each agent looks like a bot's. A format without agents has none."""
        found: list[bool] = (are_machines if self.by_evidence else has_token)(agents).to_pylist()
        return found

    def flag(self, agents: pa.Array, recognized: Sequence[bool]) -> None:
        """Take note of recognized agents, each once, in the order of first lines; an empty name cannot be learned."""
        names = (agent[:NAME_LENGTH] for agent, is_one in zip(agents.to_pylist(), recognized, strict=True) if is_one)
        self.flagged += [name for name in names if name.strip(" -")]

    def drops(self, agents: pa.Array, recognized: Sequence[bool]) -> list[bool]:
        """Whether the lines of each agent are dropped (spec 10 §3.2)."""
        names = (agent[:NAME_LENGTH] for agent in agents.to_pylist())
        return [self._drops(name, is_one) for name, is_one in zip(names, recognized, strict=True)]

    def _drops(self, name: str, is_recognized: bool) -> bool:
        if is_recognized and not name.strip(" -"):
            return True
        if name in self.known and name not in ("", "-") and self._counts(name, is_recognized):
            return True
        return is_recognized and self.at_once and not self._is_none_after_all(name)

    def _counts(self, name: str, is_recognized: bool) -> bool:
        """Whether a stored name makes an agent a bot's. One that may be cut can be a machine's whose token is lost."""
        is_by_hand = not _contains(name, TOKENS) and (is_recognized or len(name.encode()) < PERHAPS_CUT)
        return is_by_hand or not self.by_evidence

    def _is_none_after_all(self, name: str) -> bool:
        """Whether the reference's rule reverses itself."""
        return not self.by_evidence and _contains(name, NO_BOTS)

    @property
    def learned(self) -> tuple[list[str], list[str]]:
        """The flagged bots that are not there yet, and what is there and no bot after all (spec 10 §7, step 4)."""
        if not self.flagged:
            return [], []
        names = fit(pa.chunked_array([self.flagged], pa.string()), TinyText()).to_pylist()
        there = {fold(known) for known in self.known}
        new: dict[str, str] = {}
        for name in names:
            new.setdefault(fold(name), name)
        kept = [name for folded, name in new.items() if folded not in there and not self._is_none_after_all(name)]
        return kept, [known for known in self.known if self._is_none_after_all(known)]

    def next(self) -> Bots:
        """For the next file, once these are stored."""
        kept, removed = self.learned
        return replace(self, known=self.known.difference(removed).union(kept), flagged=[])

    def learn(self, database: Database, connection: sa.Connection) -> None:
        """Store what was learned (spec 10 §7, step 4)."""
        if not self.flagged:
            return
        kept, removed = self.learned
        database.append(connection, bot_useragents, pa.table({"useragent": pa.array(kept, pa.string())}))
        database.delete(connection, bot_useragents, pa.table({"useragent": pa.array(removed, pa.string())}))
        log.info("bots: %d inserted, %d removed by override", len(kept), len(removed))


class Recognized:
    """The agents of the logs so far, and which of them look like bots': most of a log's were in logs before it."""

    def __init__(self) -> None:
        self._known: dict[tuple[bool, str | None], bool] = {}
        """By whether there is to be evidence, and agent."""
        self._characters = 0
        """Of these agents."""

    def of(self, bots: Bots, agents: pa.Array) -> list[bool]:
        """What `bots.recognize` says of each agent."""
        keys = [(bots.by_evidence, agent) for agent in agents.to_pylist()]
        new = [key for key in keys if key not in self._known]
        if new:
            texts = [agent for _, agent in new]
            self._known.update(zip(new, bots.recognize(pa.array(texts, pa.string())), strict=True))
            self._characters += sum(map(len, filter(None, texts)))
        found = [self._known[key] for key in keys]
        if self._characters > REMEMBERED:
            self._known.clear()
            self._characters = 0
        return found

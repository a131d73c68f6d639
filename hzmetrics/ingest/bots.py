"""Bots, recognised by what they call themselves (spec 10 §7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pyarrow as pa
import sqlalchemy as sa

from hzmetrics.collation import fold
from hzmetrics.config import Settings
from hzmetrics.log import log
from hzmetrics.store.database import Database
from hzmetrics.store.fit import fit
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

NAME_LENGTH = 255
"""Characters of a user agent that are compared with the stored agents, which are cut to 255 bytes (spec 10 §3.2)."""


def has_token(agent: str) -> bool:
    """The reference's rule."""
    return _contains(agent, TOKENS)


def is_listed(agent: str) -> bool:
    """The correction `bot-tokens`: the tokens, and the crawlers of a maintained list."""
    from crawleruseragents import is_crawler

    return has_token(agent) or bool(is_crawler(agent))


def _contains(agent: str, texts: tuple[str, ...]) -> bool:
    lowered = agent.lower()
    return any(text in lowered for text in texts)


@dataclass
class Bots:
    """The bots known when a file begins, and those it shows.

    `known` are the stored agents, compared exactly. With `at_once`, the correction `bots-first`, a bot is known from
    its first line on, as if the file had been searched for bots before; otherwise after the file.
    """

    known: frozenset[str]
    looks_like_one: Callable[[str], bool] = has_token
    at_once: bool = False
    flagged: list[str] = field(default_factory=list)
    """The file's bots, in the order of their first lines."""
    _stored: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, connection: sa.Connection, settings: Settings) -> Bots:
        """The bots of the metrics database."""
        return cls(
            frozenset(connection.execute(sa.select(bot_useragents.c.useragent)).scalars()),
            is_listed if "bot-tokens" in settings.corrections else has_token,
            "bots-first" in settings.corrections,
        )

    def judge(self, agent: str) -> bool:
        """Whether lines of this agent are dropped. Takes each agent once, in the order of first lines.

        See spec 10 §3.2.
        """
        name = agent[:NAME_LENGTH]
        if agent and self.looks_like_one(agent):
            self.flagged.append(name)
            if self.at_once:
                return self._learned(name)
        return name not in ("", "-") and name in self.known

    def _learned(self, name: str) -> bool:
        """Whether `name` is a stored bot once it has been learned: the spelling that was there first stays."""
        if not self._stored:
            self._stored = {fold(known): known for known in self.known}
        return not _contains(name, NO_BOTS) and self._stored.setdefault(fold(name), name) == name

    def learn(self, database: Database, connection: sa.Connection) -> None:
        """Store the flagged bots that are not there yet, then delete what is no bot after all (spec 10 §7, step 4)."""
        if not self.flagged:
            return
        names = fit(pa.chunked_array([self.flagged], pa.string()), TinyText()).to_pylist()
        there = {fold(known) for known in self.known}
        new: dict[str, str] = {}
        for name in names:
            new.setdefault(fold(name), name)
        kept = [name for folded, name in new.items() if folded not in there and not _contains(name, NO_BOTS)]
        database.append(connection, bot_useragents, pa.table({"useragent": pa.array(kept, pa.string())}))
        removed = [known for known in self.known if _contains(known, NO_BOTS)]
        database.delete(connection, bot_useragents, pa.table({"useragent": pa.array(removed, pa.string())}))
        log.info("bots: %d inserted, %d removed by override", len(kept), len(removed))

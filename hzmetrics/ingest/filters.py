"""The rules that drop lines, as data (spec 10 §3, §4).

Each URL rule is an expression over the URL with its slashes collapsed; the models evaluate them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from hzmetrics.collation import fold
from hzmetrics.store.tables.metrics import exclude_list

ASSETS = r"css|js|gif|jpeg|jpg|png|ps|ico|svg|otf|ttf|woff|eot"

EXCLUDED_URLS = {
    "file suffix": rf"\.(?:{ASSETS})(?:$|\?.*=)",
    "templates": r"^(?:/app)*/templates/",
    "administration": r"^/administrator/",
    "webdav": r"^/webdav/",
    "api": r"^/api/",
    "cron": r"^/cron/tick(?:[/?]|$)",
    "subversion": r"/projects/.+/svn/!svn/",
    "mail archive": r"^/pipermail/",
    "robots": r"^/robots\.txt(?:[?#]|$)",
}
"""URLs that never count, unless they begin with `/resources/`."""

CRAWLER_TARGETS = {
    "login with a way back": r"^/login/?\?return=",
    "resource search": r"^/resources/browse/?\?",
    "lists": r"^/(?:citations/browse|members/browse|register)(?:[/?]|$)",
}
"""URLs that crawlers ask for; dropped without a referrer."""

EVENT_ARCHIVE = r"^/events/(\d{4})(?:[/?]|$)"
"""Event archives; without a referrer dropped if the year is three or more before that of the request."""

FILES = (
    "txt|png|pdf|ppt|pptx|swf|docx|jpg|doc|zip|mp3|mbtiles|xml|xlsx|webm|mp4|xls|r|csv|nc4|template|tgz|mov|"
    "ipynb|py|rar|grd|tif|nc|har"
)

DOWNLOADS = {
    "download task": r"^/resources/.*/download/",
    "file of a resource": rf"^/resources/.*\.(?:{FILES})(?:[?#]|$)",
}
"""URLs that are downloads."""

OLD_EXPLORERS = (
    "MSIE 7.0", "MSIE 8.0", "MSIE 9.0", "MSIE 10.0", "MSIE 11.0",
    "Trident/4.0", "Trident/5.0", "Trident/6.0", "Trident/7.0",
)  # fmt: skip
"""Texts of user agents that are not believed from 2022 on."""

DATE = "date"
"""The filter of dates that cannot be (correction plausible-dates)."""

BOT = "bot"
"""The filter of machines, and of lines that name no user agent."""

COUNTERS = ("status", "filter", BOT, "url", "ref", "msie", "events", DATE)
"""Names of the filters, in the order of reports."""


def any_of(rules: dict[str, str]) -> str:
    """One expression that matches, ignoring case, where one of the rules does."""
    return "(?is)" + "|".join(f"(?:{pattern})" for pattern in rules.values())


EXPRESSIONS = {
    "excluded_url": any_of(EXCLUDED_URLS),
    "crawler_target": any_of(CRAWLER_TARGETS),
    "event_archive": "(?is)" + EVENT_ARCHIVE,
    "download": any_of(DOWNLOADS),
}
"""The rules by the names the models know them by."""


def is_old_explorer(agent: str) -> bool:
    """Whether a user agent is an outdated Internet Explorer (spec 10 §3.3)."""
    lowered = agent.lower()
    return any(text.lower() in lowered for text in OLD_EXPLORERS)


@dataclass(frozen=True)
class Excludes:
    """The operator's filters of the three kinds that concern logs: lower-case texts, none empty (spec 10 §3.1)."""

    ip: Sequence[str]
    useragent: Sequence[str]
    url: Sequence[str]

    @classmethod
    def read(cls, connection: sa.Connection) -> Excludes:
        """Those of the metrics database."""
        rows = connection.execute(sa.select(exclude_list.c.type, exclude_list.c.filter)).all()
        return cls.of((kind, text) for kind, text in rows)

    @classmethod
    def of(cls, rows: Iterable[tuple[str | None, str | None]]) -> Excludes:
        """Those among the kinds and texts of all filters."""
        kinds: dict[str, list[str]] = {fold(kind): [] for kind in ("ip", "useragent", "url")}
        for kind, text in rows:
            if text and kind and fold(kind) in kinds:
                kinds[fold(kind)].append(text.lower())
        return cls(*kinds.values())

    def has_agent(self, agent: str) -> bool:
        lowered = agent.lower()
        return any(text in lowered for text in self.useragent)

"""A step: a function of the package, and the command line that calls it (spec 60 §8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pkgutil import resolve_name
from typing import TYPE_CHECKING, cast

from hzmetrics.log import stage
from hzmetrics.store.tables.metrics import web

if TYPE_CHECKING:
    from hzmetrics.config import Settings
    from hzmetrics.enrich.known import KnownAddresses
    from hzmetrics.store import Store

FUNCTIONS = {
    "import-hub-data": "hzmetrics.enrich.hubdata:import_hub_data",
    "middleware-wall": "hzmetrics.enrich.jobs:middleware_wall",
    "middleware-cpu": "hzmetrics.enrich.jobs:middleware_cpu",
    "resolve-dns": "hzmetrics.enrich.dns:resolve_dns",
    "fill-domain": "hzmetrics.enrich.domains:fill_domain",
    "fill-ipcountry": "hzmetrics.enrich.geo:fill_ipcountry",
    "fill-user-info": "hzmetrics.enrich.people:fill_user_info",
    "clean-bots": "hzmetrics.enrich.bots:clean_bots",
    "rebuild-webhits": "hzmetrics.ingest.webhits:rebuild_webhits",
    "logfix-session": "hzmetrics.sessions.build:build_sessions",
    "clear-orphan-stamps": "hzmetrics.sessions.stamps:clear_orphans",
    "gen-tool-stats": "hzmetrics.tools.stats:gen_tool_stats",
    "gen-tool-tops": "hzmetrics.tools.tops:gen_tool_tops",
    "gen-tool-toplists": "hzmetrics.tools.toplists:gen_tool_toplists",
    "andmore-usage": "hzmetrics.tools.resources:andmore_usage",
    "summarize-month": "hzmetrics.grids.summarize:summarize_month",
}
"""The function of each step, imported when the step runs: a run without work stays cheap.

A function takes the store, the settings, the step's arguments and options, and `dry_run`. It returns the rows written.
"""

COMPLETING = frozenset({"resolve-dns", "fill-domain", "clean-bots", "fill-ipcountry"})
"""The steps that have nothing to do for a request that is completed."""

KNOWING = frozenset({"fill-ipcountry", "logfix-session"})
"""The steps that take what is known of addresses."""


@dataclass(frozen=True)
class Step:
    """One step with its arguments, which its function and its command take in the same order."""

    name: str
    arguments: tuple[object, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)
    shortcuts: Mapping[str, object] = field(default_factory=dict)
    """Further options of the function, which the command does not have: they save work of the steps that follow."""

    @property
    def words(self) -> list[str]:
        """The command line of the step, without the program's name."""
        options = [f"--{name}={_text(value)}" for name, value in self.options.items()]
        return [self.name, *(_text(value) for value in self.arguments if value is not None), *options]

    def __str__(self) -> str:
        return " ".join(self.words)

    def run(
        self,
        store: Store,
        settings: Settings,
        dry_run: bool = False,
        through: Through | None = None,
        completed: int = 0,
        known: KnownAddresses | None = None,
    ) -> int:
        """Call the function, `through` what may leave it out; returns the rows written. Raises what it raises.

        `completed`: the requests with ids up to this one are completed. `known`: what the run knows of addresses.
        """
        options = {**self.options, **self.shortcuts}
        if completed and self.name in COMPLETING and web.name in self.arguments:
            options["after"] = completed
        if known and self.name in KNOWING:
            options["known"] = known

        def work() -> int:
            function = cast("Callable[..., int]", resolve_name(FUNCTIONS[self.name]))
            return function(store, settings, *self.arguments, **options, dry_run=dry_run)

        with stage(str(self)) as running:
            running.rows = through(self, work) if through else work()
            return running.rows


Through = Callable[[Step, Callable[[], int]], int]
"""Does the work of a step, or leaves it out; returns the rows written."""


def _text(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)

"""The settings of a run, and those by which the logs of a hub are read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hzmetrics import config
from hzmetrics.config.schema import Hub as HubSection
from hzmetrics.config.schema import Logs, Metrics
from hzmetrics.config.source import Source
from hzmetrics.errors import ConfigurationError
from hzmetrics.fleet.definition import Fleet, Hub
from hzmetrics.lake import manifest
from hzmetrics.lake.tables import KEY

if TYPE_CHECKING:
    from hzmetrics.config import Settings

WITHOUT_CONFIGURATION = {Logs.heading: {"format": "auto"}, Metrics.heading: {"corrections": "all"}}
"""How the logs of a hub are read for which no configuration is named."""


def of_run(fleet: Fleet) -> Settings:
    """The settings of a run: its memory, its scheduler and its log. Raises ConfigurationError."""
    settings = config.build(config.read(fleet.config) if fleet.config else Source(fleet.file))
    return replace(settings, paths=replace(settings.paths, log_file=fleet.directory / "fleet.log"))


def of_hub(fleet: Fleet, hub: Hub) -> Settings:
    """The settings by which the logs of a hub are read. Raises ConfigurationError, HzmetricsError.

    The site is that of the hub's own configuration, or else the name of the hub.
    """
    source = config.read(hub.config) if hub.config else Source(fleet.file, WITHOUT_CONFIGURATION)
    given = source.sections.get(HubSection.heading, {})
    own = given.get("site") if hub.config != fleet.config else None
    sections = {**source.sections, HubSection.heading: {**given, "site": own or hub.name}}
    settings = config.build(replace(source, sections=sections))
    paths = replace(settings.paths, home=hub.home or fleet.directory)
    if hub.home and not (paths.state / KEY).exists():
        raise ConfigurationError(f"{fleet.file}: {hub.name} home: there is no key {paths.state / KEY}")
    return replace(settings, paths=paths, corrections=_corrections(fleet, hub, settings))


def _corrections(fleet: Fleet, hub: Hub, settings: Settings) -> frozenset[str]:
    """Where `all` is configured, a lake keeps the corrections with which it was begun (spec 15)."""
    before = manifest.find(fleet.lake(hub))
    if before and "all" in settings.chosen_corrections and settings.corrections.issuperset(before.corrections):
        return frozenset(before.corrections)
    return settings.corrections

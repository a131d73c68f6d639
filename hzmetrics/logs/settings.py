"""How logs are read (`[logs]`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hzmetrics.calendar import epoch
from hzmetrics.config import Settings
from hzmetrics.config.schema import Logs
from hzmetrics.errors import UsageError
from hzmetrics.logs import definitions, zones
from hzmetrics.logs.clients import PRIVATE, Proxies
from hzmetrics.logs.formats import AUTO, FORMATS, HUB, OWN
from hzmetrics.logs.json_names import NAMES

ALL_TIMES = (0, 253_402_300_799)
"""The seconds of the epoch through the year 9999."""

DAY = 86_400


@dataclass(frozen=True)
class LogSettings:
    """What a line is read as, and whose clock counts."""

    format: str = HUB
    """`hub`, `auto`, the name of a format, or a definition in the notation of Apache or nginx."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Names of JSON members by field, tried before the known ones."""
    proxies: Proxies = field(default_factory=lambda: Proxies.of(PRIVATE))
    zone: str = "UTC"
    """The hub's time zone, whose wall clock is stored."""
    corrections: frozenset[str] = frozenset()
    times: tuple[int, int] = ALL_TIMES
    """The first and the last second of the epoch that a followed line can be of."""

    @property
    def reads_ipv6(self) -> bool:
        """Whether IPv6 clients count; in a hub's own lines only with the correction `ipv6`."""
        return self.format != HUB or "ipv6" in self.corrections

    @property
    def own(self) -> definitions.Pattern | None:
        """The pattern of the configured definition, if the format is one."""
        is_name = self.format in (AUTO, *FORMATS)
        return None if is_name or definitions.members(self.format) is not None else definitions.pattern(self.format)

    @property
    def patterns(self) -> dict[str, definitions.Pattern]:
        """The patterns of formats that have one, by name."""
        known = {name: one.pattern for name, one in FORMATS.items() if one.pattern}
        return {**known, OWN: self.own} if self.own else known

    @property
    def formats(self) -> frozenset[str]:
        """Names of the formats that are read."""
        if self.format == AUTO:
            return frozenset(FORMATS)
        if self.format in FORMATS:
            return frozenset({self.format})
        return frozenset({OWN if self.own else "json"})

    @property
    def members(self) -> Mapping[str, str]:
        """Names of JSON members by field: the configured ones, and those of a definition that writes JSON."""
        return {**(definitions.members(self.format) or {}), **self.fields}


def log_settings(settings: Settings) -> LogSettings:
    """The section `[logs]`. Raises ConfigurationError."""
    keys = settings.section(Logs)
    fields = {}
    for pair in keys.fields:
        name, equals, member = (part.strip() for part in pair.partition("="))
        if not equals or not member or name not in NAMES:
            raise keys.error("fields", f"{pair!r} is not of the form FIELD = NAME; fields are {', '.join(NAMES)}")
        fields[name] = member
    try:
        proxies = Proxies.of(keys.trusted_proxies or PRIVATE)
    except ValueError as problem:
        raise keys.error("trusted_proxies", str(problem)) from None
    found = LogSettings(
        format=AUTO if settings.is_site and not keys.is_given("format") else keys.format,
        fields=fields,
        proxies=proxies,
        zone=settings.hub.timezone or zones.of_machine(),
        corrections=settings.corrections,
        times=_times(settings),
    )
    try:
        found.own  # noqa: B018 - a definition that cannot be used is told now
    except UsageError as problem:
        raise keys.error("format", f"{problem}; formats with a name are {AUTO}, {', '.join(FORMATS)}") from None
    return found


def _times(settings: Settings) -> tuple[int, int]:
    """The plausible days (spec 15), whatever the time zone."""
    earliest, latest = (epoch(f"{day}T00:00:00Z") for day in settings.plausible_days)
    return max(earliest - DAY, ALL_TIMES[0]), min(latest + 2 * DAY, ALL_TIMES[1])

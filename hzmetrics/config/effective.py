"""Every setting in effect, and where it came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hzmetrics.config.keys import Key
from hzmetrics.config.schema import SECTIONS, VARIABLES
from hzmetrics.config.section import Section
from hzmetrics.config.source import Source
from hzmetrics.errors import ConfigurationError

MASK = "********"


@dataclass(frozen=True)
class Effective:
    """One setting."""

    section: str
    """Empty: an environment variable that belongs to no key."""
    key: str
    value: str
    """As a file would have it; a secret that is given is masked."""
    origin: str
    """`default`, `file` or `environment`."""
    place: str = ""
    """`file:line`, or the name of the environment variable."""


def effective(source: Source) -> Iterator[Effective]:
    """All settings, in the order in which they are declared; of patterns, the sections that the file has."""
    for variable in VARIABLES:
        given = source.environment.get(variable.name, "")
        origin, place = ("environment", variable.name) if given else ("default", "")
        yield Effective("", variable.name, given or variable.default, origin, place)
    for declared in SECTIONS:
        names = [name for name in source.sections if declared.matches(name)]
        for name in names if declared.is_pattern else [declared.heading]:
            section = declared(source, name)
            for key in _keys(section):
                yield _effective(section, key)


def _keys(section: Section) -> Iterator[Key[object]]:
    """The keys of a section; where any name is a key, a section that is there replaces the whole table."""
    given = section.origin.sections.get(section.section)
    for name in section.keys if given is None or type(section).others is None else given:
        key = section.key(name)
        if key:
            yield key


def _effective(section: Section, key: Key[object]) -> Effective:
    try:
        given = section.effective(key)[1]
    except ConfigurationError:
        given = next(section.given(key))
    if given is None:
        return Effective(section.section, key.name, key.shown, "default")
    text = MASK if key.secret and given.text else given.text
    return Effective(section.section, key.name, text, "environment" if given.variable else "file", given.place)


def lines(source: Source, notes: Mapping[tuple[str, str], Sequence[str]]) -> Iterator[str]:
    """All settings for people, a section a paragraph; below a setting the `notes` on its section and key."""
    shown = list(effective(source))
    width = max(len(one.key) for one in shown) + 1
    yield f"# {source.file}"
    section = None
    for one in shown:
        if one.section != section:
            section = one.section
            yield ""
            yield f"[{section}]" if section else "# environment"
        value = ", ".join(one.value.splitlines())
        yield f"{one.key:<{width}}= {value:<40}  # {one.place or one.origin}"
        yield from (f"#   {note}" for note in notes.get((one.section, one.key), ()))

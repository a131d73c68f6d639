"""What is wrong in a configuration: unknown sections and keys, and values that cannot be used, each with its place."""

from __future__ import annotations

from collections.abc import Iterator

from hzmetrics.config.keys import BadValue, Key, Unreadable, nearest
from hzmetrics.config.schema import SECTIONS, Db, find
from hzmetrics.config.section import Mistake, Section
from hzmetrics.config.source import Source
from hzmetrics.files import exposure


def find_mistakes(source: Source) -> list[Mistake]:
    """All mistakes, in the order of the file, then those of the environment."""
    found = []
    for name in source.sections:
        section = find(name)
        if section is None:
            near = nearest(name, [known.heading for known in SECTIONS], "[{}]")
            found.append(Mistake(source.place(name), name, "", f"unknown section, ignored{near}"))
        else:
            found += _of_section(section(source, name))
    for section in SECTIONS:
        if not section.is_pattern:
            found += _of_environment(section(source))
    return [*found, *exposed_secrets(source)]


def exposed_secrets(source: Source) -> Iterator[Mistake]:
    """The keys and tokens in a file that every user of the machine can read. Of a password, there is only a warning."""
    if not (remedy := exposure(source.file)):
        return
    for name, keys in source.sections.items():
        section = find(name)
        if section in (None, Db):
            continue
        for key_name, text in keys.items():
            key = section.key(key_name)
            if key and key.secret and text.strip():
                problem = f"the file with this secret is open: {remedy}"
                yield Mistake(source.place(name, key_name), name, key_name, problem, is_fatal=True)


def _of_section(section: Section) -> Iterator[Mistake]:
    source, name = section.origin, section.section
    for key_name in source.sections[name]:
        key = section.key(key_name)
        place = source.place(name, key_name)
        if key is None:
            yield Mistake(place, name, key_name, f"unknown key, ignored{_right_place(section, key_name)}")
        else:
            yield from _of_value(section, key, source.sections[name][key_name].strip(), place)
    for key_name, problem in section.contradictions():
        yield Mistake(source.place(name, key_name), name, key_name, problem, is_fatal=True)


def _of_environment(section: Section) -> Iterator[Mistake]:
    for key in section.keys.values():
        for given in section.given(key):
            if given.variable:
                yield from _of_value(section, key, given.text, given.variable)


def _of_value(section: Section, key: Key[object], text: str, place: str) -> Iterator[Mistake]:
    if not text and not key.blank:
        return
    try:
        key.parse(text)
    except BadValue as problem:
        is_fatal = key.fallback == "stop" or (key.fallback == "next" and not isinstance(problem, Unreadable))
        instead = "" if is_fatal else f"; using {key.default}" if key.fallback == "default" else "; ignored"
        yield Mistake(place, section.section, key.name, f"{problem}{instead}", is_fatal)


def _right_place(section: Section, key: str) -> str:
    """Where a key that a section does not have may belong."""
    near = nearest(key, list(section.keys))
    if near:
        return near
    others = [other.heading for other in SECTIONS if key in other.keys]
    if others:
        return f"; it belongs to [{'] or ['.join(others)}]"
    return f"; known are {', '.join(section.keys)}"

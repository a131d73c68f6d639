"""Everything that is wrong in a configuration: by its schema, and by what its values lead to."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterator
from functools import partial

from hzmetrics import config, memory
from hzmetrics.config import BadSetting, Mistake, Settings, Source
from hzmetrics.config.schema import Engine, Events, Jupyterhub, Logs
from hzmetrics.config.section import Section
from hzmetrics.errors import ConfigurationError


def all_mistakes(source: Source) -> list[Mistake]:
    """All mistakes, each once, those of the schema first."""
    found = config.find_mistakes(source)
    try:
        settings = config.build(source)
    except BadSetting:
        return found
    return list(dict.fromkeys([*found, *_of_values(settings)]))


def notes(source: Source) -> list[str]:
    """What is no mistake, but may not be meant: names of logs that no file has. Raises ConfigurationError."""
    logs = config.build(source).section(Logs)
    place = source.place("logs", "files")
    return [
        f"{place}: [logs] files: no file is named {pattern} now"
        for pattern in logs.files
        if next(glob.iglob(pattern, recursive=True), None) is None  # noqa: PTH207 - an absolute pattern
    ]


def _of_values(settings: Settings) -> Iterator[Mistake]:
    """Values that only their readers can judge: files to read, definitions of log lines, patterns, addresses."""
    from hzmetrics.courses.settings import Courses, checked
    from hzmetrics.enrich.resolver import servers
    from hzmetrics.events.signatures import load
    from hzmetrics.logs.settings import log_settings
    from hzmetrics.users.settings import jupyterhub

    dns, events, logs, courses = settings.dns, settings.section(Events), settings.section(Logs), Courses.of(settings)
    if logs.files and not settings.is_site:
        yield logs.mistake("files", "is for a site without a hub; remove it, or [hub] site, hub_dir and [db] hub_db")
    if settings.memory > memory.share(100):
        there = f"{memory.available() / 1000 / memory.MB:.1f} GB"
        yield settings.section(Engine).mistake("memory", f"is more than the memory there is, {there}; using all of it")
    readers: list[tuple[Section, str, Callable[[], object]]] = [
        (logs, "format", lambda: log_settings(settings)),
        (dns, "nameserver", lambda: servers(dns.nameserver)),
        (events, "signatures", lambda: load(events.signatures).check()),
        (settings.section(Jupyterhub), "api_token_file", lambda: jupyterhub(settings)),
        (courses.general, "student_pattern", lambda: checked(courses.general, "student_pattern")),
        *((courses.general, "student_pattern", partial(courses.rules, course)) for course in courses.configured),
    ]
    if courses.finds_opens:
        readers.append((courses.general, "url_pattern", lambda: courses.url_pattern))
    for section, key, read in readers:
        try:
            read()
        except BadSetting as bad:
            yield bad.mistake
        except ConfigurationError as error:
            yield section.mistake(key, str(error))

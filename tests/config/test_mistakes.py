"""Every mistake is reported with its place, and the nearest right name."""

from __future__ import annotations

import pytest

from hzmetrics import config
from hzmetrics.config.sample import sample
from hzmetrics.config.schema import SECTIONS
from hzmetrics.errors import ConfigurationError
from hzmetrics.health.mistakes import all_mistakes
from tests.config.conftest import Write

TEXT = """\
# a comment
[DB]
host = x
[hub]
sit = here
[smtp]
listen = 127.0.0.1:1
[activity]
halflife = 7
half_life = x
source = hup
[pipeline]
  months_per_run = 0
sample_interval = 5
[course:One]
raw = x
title = two
  lines
tool =
[events:thresholds]
anything = 3
files = many
[metrics]
corrections = all-days,
  al-days
"""


def test_all_mistakes_of_a_file(write: Write) -> None:
    source = write(TEXT)
    assert [str(mistake).removeprefix(f"{source.file}:") for mistake in config.find_mistakes(source)] == [
        "2: [DB]: unknown section, ignored; did you mean [db]?",
        "5: [hub] sit: unknown key, ignored; did you mean site?",
        "6: [smtp]: unknown section, ignored",
        "9: [activity] halflife: unknown key, ignored; did you mean half_life?",
        "10: [activity] half_life: 'x' is not a whole number from 1 to 168; using 72",
        "11: [activity] source: 'hup' is not one of auto, hub, jupyterhub, logs; did you mean hub?",
        "13: [pipeline] months_per_run: '0' is not a whole number of at least 1",
        "14: [pipeline] sample_interval: unknown key, ignored; it belongs to [activity]",
        "16: [course:One] raw: unknown key, ignored; known are staff, title, student_pattern, tool, homes",
        "22: [events:thresholds] files: 'many' is not a number",
        "24: [metrics] corrections: 'al-days' is not the name of a correction; did you mean all-days?",
    ]


def test_mistakes_of_the_environment_name_the_variable(write: Write) -> None:
    source = write(
        "[dns]\ntimeout = 0\n",
        HZMETRICS_DNS_CONCURRENCY="many",
        HZMETRICS_EVENTS_ENABLED="maybe",
        JUPYTERHUB_IDLE_CULLER_TIMEOUT="x",
    )
    found = config.find_mistakes(source)
    assert [(str(mistake).removeprefix(f"{source.file}:"), mistake.is_fatal) for mistake in found] == [
        ("2: [dns] timeout: '0' is not a number above 0; ignored", False),
        ("HZMETRICS_DNS_CONCURRENCY: [dns] concurrency: 'many' is not a whole number of at least 1; ignored", False),
        ("HZMETRICS_EVENTS_ENABLED: [events] enabled: 'maybe' is not one of yes, no, auto", True),
    ]


def test_two_kinds_of_database(write: Write) -> None:
    source = write("[db]\nsqlite = /x\nhub_db = y\nhost =\n")
    assert [str(mistake) for mistake in config.find_mistakes(source)] == [
        f"{source.file}:2: [db] sqlite: cannot be used together with hub_db"
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[hub]\n[hub]\n", ":2: section [hub] is there twice"),
        ("[hub]\nsite = a\nSITE = b\n", ":3: [hub] site is there twice"),
        ("site = a\n", ":1: this line comes before the first [section]"),
        ("[hub]\nsite\n", ":2: this line is neither a [section] nor of the form key = value"),
    ],
)
def test_a_file_that_is_no_ini_is_refused_with_the_line(write: Write, text: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        write(text)
    assert str(error.value).endswith(f"hz.conf{problem}")


def test_values_that_only_their_readers_can_judge(write: Write) -> None:
    source = write(
        "[logs]\ntrusted_proxies = a\n[dns]\nnameserver = foo\n[events]\nsignatures = /nowhere\n"
        "[jupyterhub]\napi_token_file = /nowhere\n[courses]\nurl_pattern = (?P<course>x)\n"
        "[course:py]\nstudent_pattern = s(?!taff)\n"
    )
    found = all_mistakes(source)
    assert [(mistake.section, mistake.key, mistake.is_fatal) for mistake in found] == [
        ("logs", "trusted_proxies", True),
        ("dns", "nameserver", True),
        ("events", "signatures", True),
        ("jupyterhub", "api_token_file", True),
        ("course:py", "student_pattern", True),
        ("courses", "url_pattern", True),
    ]
    assert str(found[2]).endswith("hz.conf:6: [events] signatures: cannot read /nowhere: No such file or directory")
    assert "hz.conf:12: [course:py] student_pattern: 's(?!taff)' is not a regular expression of RE2" in str(found[4])
    assert str(found[4]).endswith("invalid perl operator: (?!")
    assert str(found[5]).endswith("[courses] url_pattern: '(?P<course>x)' has no group named notebook, student")


def test_the_sample_has_no_mistakes_and_corrects_all(write: Write) -> None:
    source = write(sample())
    assert all_mistakes(source) == []
    assert config.build(source).corrections == frozenset(config.CORRECTIONS)


def test_all_that_the_sample_comments_out_are_keys(write: Write) -> None:
    lines = [line.removeprefix("#") for line in sample().splitlines() if not line.startswith(("# ", "#sqlite"))]
    source = write("\n".join(line for line in lines if not line.startswith(" ")))
    assert all_mistakes(source) == []
    assert sum(map(len, source.sections.values())) == sum(len(section.keys) for section in SECTIONS) - 1

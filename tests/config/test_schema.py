"""The declaration of sections and keys, and the values that sections give."""

from __future__ import annotations

from collections import Counter

import pytest

from hzmetrics import config, memory
from hzmetrics.config.schema import SECTIONS, Courses, Dns, Events, Follow, Hub, Jupyterhub, Thresholds, find
from hzmetrics.config.section import Section
from hzmetrics.errors import ConfigurationError
from tests.config.conftest import Write

KEYS = [(section, key) for section in SECTIONS for key in section.keys.values()]


@pytest.mark.parametrize(("section", "key"), KEYS, ids=lambda part: getattr(part, "name", ""))
def test_defaults_are_values_and_have_a_meaning(section: type[Section], key: config.schema.Text) -> None:
    assert section.value(section(), key) == key.standard()
    assert key.meaning and key.meaning[0].islower() and not key.meaning.endswith(".")
    assert section.about.endswith(".")


def test_environment_names() -> None:
    names = Counter(key.environment for _, key in KEYS if key.environment)
    assert max(names.values()) == 1
    assert Follow.max_bytes.environment == "HZMETRICS_FOLLOW_MAX_BYTES"
    assert Jupyterhub.api_url.environment == "JUPYTERHUB_API_URL"
    assert not Hub.site.environment


def test_sections_are_found_by_name() -> None:
    assert find("dns") is Dns
    assert find("course:py") is find("course:x y")
    assert find("course:") is find("DNS") is find("smtp") is None


def test_environment_goes_before_file_before_default(write: Write) -> None:
    follow = Follow(write("[follow]\nmax_bytes = 7\ntimezone =\n", HZMETRICS_FOLLOW_EXCLUDE_IPS=" a b , c\nd "))
    assert (follow.max_bytes, follow.exclude_ips) == (7, ("a b", "c", "d"))
    assert Follow(write("[follow]\nmax_bytes = 7\n", HZMETRICS_FOLLOW_MAX_BYTES="8")).max_bytes == 8
    assert Follow(write("[follow]\nmax_bytes = 7\n", HZMETRICS_FOLLOW_MAX_BYTES=" ")).max_bytes == 7


def test_a_number_out_of_range_is_the_default_and_not_the_value_of_the_file(write: Write) -> None:
    follow = Follow(write("[follow]\nmax_bytes = 7\n", HZMETRICS_FOLLOW_MAX_BYTES="0"))
    assert follow.max_bytes == 64 << 20


def test_dns_numbers_that_cannot_be_read_leave_the_next_source(write: Write) -> None:
    text = "[dns]\nnameserver = 192.0.2.1\nconcurrency = 7\ntimeout = x\n"
    environment = {"HZMETRICS_DNS_NAMESERVER": "", "HZMETRICS_DNS_CONCURRENCY": "x", "HZMETRICS_DNS_TIMEOUT": "0.5"}
    dns = Dns(write(text))
    assert (dns.nameserver, dns.concurrency, dns.timeout) == ("192.0.2.1", 7, 2.0)
    dns = Dns(write(text, **environment))
    assert (dns.nameserver, dns.concurrency, dns.timeout) == ("system", 7, 0.5)


@pytest.mark.parametrize(
    ("section", "key", "text"),
    [
        (Events, "enabled", "perhaps"),
        (Events, "timezone", "Mars/Base"),
        (Events, "alert_command", "mail 'x"),
        (Events, "disk_levels", "5, 15"),
        (Events, "disk_levels", "5"),
        (Courses, "strip_extensions", "2"),
        (config.schema.Geoip, "url", "ftp://x"),
        (config.schema.Activity, "source", "moon"),
        (config.schema.Logs, "unpack_ratio", "0"),
        (config.schema.Metrics, "corrections", "none, ipv6"),
        (config.schema.Metrics, "corrections", "al, ipv6"),
    ],
)
def test_a_value_without_a_fallback_stops_who_needs_it(
    write: Write, section: type[Section], key: str, text: str
) -> None:
    source = write(f"\n[{section.heading}]\n{key} = {text}\n")
    with pytest.raises(ConfigurationError) as error:
        getattr(section(source), key)
    assert str(error.value).startswith(f"{source.file}:3: [{section.heading}] {key}: ")
    assert text.split(",")[0] in str(error.value)


def test_thresholds_replace_the_whole_table(write: Write) -> None:
    assert Thresholds(write("")).table["messages"] == 30
    assert Thresholds(write("[events:thresholds]\nOwn = 2.5\n")).table == {"own": 2.5}
    with pytest.raises(ConfigurationError, match=r":2: \[events:thresholds\] own: 'x' is not a number"):
        _ = Thresholds(write("[events:thresholds]\nown = x\n")).table


def test_a_section_with_other_values(write: Write) -> None:
    dns = Dns(write("[dns]\nconcurrency = 7\n")).replace(timeout=9.0, nameserver=None)
    assert (dns.nameserver, dns.concurrency, dns.timeout) == ("system", 7, 9.0)
    assert dns.replace(concurrency=1).timeout == 9.0


def test_lists_of_corrections(write: Write) -> None:
    def chosen(text: str) -> frozenset[str]:
        return config.build(write(f"[metrics]\ncorrections = {text}\n")).corrections

    assert chosen("") == chosen("none") == frozenset()
    assert chosen("all") == chosen("all, ipv6") == frozenset(config.CORRECTIONS)
    assert chosen("ipv6,half-up") == {"ipv6", "half-up"}


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512MB", 512 * 10**6),
        ("512M", 512 * 10**6),
        ("600000 K", 600 * 10**6),
        ("2 gb", 2 * 10**9),
        ("0.6 GB", 600 * 10**6),
        ("1.5t", 15 * 10**11),
        ("100%", memory.share(100)),
        ("1%", memory.share(1)),
    ],
)
def test_memory_has_a_unit_or_is_a_share(write: Write, text: str, size: int) -> None:
    assert config.build(write(f"[engine]\nmemory = {text}\n")).memory == size


@pytest.mark.parametrize("text", ["512", "511MB", "0%", "101%", "-1GB", "0.5GB", "1.GB", "1PB", "GB"])
def test_memory_that_cannot_be_used_is_named(write: Write, text: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"hz\.conf:2: \[engine\] memory: '{text}' "):
        config.build(write(f"[engine]\nmemory = {text}\n"))

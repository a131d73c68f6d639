"""Lines of any server, read as requests: field by field, behind any collector, and without harm from hostile ones."""

from __future__ import annotations

import io
import json
import random
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hzmetrics.config import CORRECTIONS
from hzmetrics.engine import Engine
from hzmetrics.errors import UsageError
from hzmetrics.logs import definitions
from hzmetrics.logs.account import Account
from hzmetrics.logs.clients import PRIVATE, Proxies
from hzmetrics.logs.escapes import unescape
from hzmetrics.logs.formats import BROWSER, FORMATS
from hzmetrics.logs.reader import LogStream, open_log
from hzmetrics.logs.requests import PACKAGE, SAMPLE, Requests
from hzmetrics.logs.settings import LogSettings
from tests.logs.lines import relation

pytestmark = pytest.mark.slow

Row = dict[str, Any]

TIME = "03/Mar/2025:09:05:00 +0000"
ANSWER = '"GET /about HTTP/1.1" 200 5120'
QUOTED = f'"-" "{BROWSER}"'
COMBINED = f"192.0.2.1 - - [{TIME}] {ANSWER} {QUOTED}"
JSON = FORMATS["json"].example
JUPYTERHUB = FORMATS["jupyterhub"].example
MOMENT = "2025-03-03T09:05:00.123456789Z"
ESCAPE = "\x1b"


def read(lines: Sequence[str], chunk: int = 10**6, **changes: Any) -> tuple[Account, list[Row]]:
    """What is read of lines, in chunks, and the requests in order."""
    rows: list[Row] = []
    with Engine(PACKAGE) as engine:
        requests = Requests(engine, LogSettings(**{"format": "auto", "corrections": frozenset(CORRECTIONS), **changes}))
        table = relation(lines)
        for start in range(0, len(lines), chunk):
            requests.read(table.slice(start, chunk))
            rows += engine.query("SELECT * FROM requests WHERE datetime IS NOT NULL ORDER BY number").to_pylist()
    return requests.account, rows


def one(line: str, **changes: Any) -> Row:
    account, rows = read([line], **changes)
    assert account.read == len(rows) == 1, line
    return rows[0]


def test_the_examples_of_all_formats_are_read_as_their_format() -> None:
    lines = [example for known in FORMATS.values() for example in known.examples]
    account, rows = read(lines)
    assert account.formats == dict.fromkeys(FORMATS, 1)
    assert account.unread == 0
    for row in rows:
        assert row["address"] == "192.0.2.1"
        assert row["url"] == ("/hub/home" if row["format"] == "jupyterhub" else "/about")
        assert (row["method"], row["status"]) == ("GET", "200")
        assert row["datetime"] == ("2025-03-03 14:05:00" if row["format"] == "hub" else "2025-03-03 09:05:00")
        assert row["agent"] in (BROWSER, None)
        assert row["size"] in ("5120", None)


BEHIND = {
    "RFC 3164": f"<133>Mar  3 09:05:00 web1 nginx: {COMBINED}",
    "RFC 3164 without priority": f"Mar  3 09:05:00 web1 nginx[12]: {COMBINED}",
    "RFC 3164 from an address": f"Mar  3 09:05:00 203.0.113.77 nginx: {COMBINED}",
    "rsyslog": f"2025-03-03T09:05:00.123456+00:00 web1 nginx: {COMBINED}",
    "RFC 5424": f"<133>1 {MOMENT} web1 nginx 123 ID47 - {COMBINED}",
    "RFC 5424 with data": f'<133>1 {MOMENT} 203.0.113.77 nginx - - [x@1 a="b\\]c"][y z="1"] \ufeff{COMBINED}',
    "RFC 5424 with JSON": f"<133>1 {MOMENT} web1 caddy - - - {JSON}",
    "journal": f"Mar 03 09:05:00 web1 nginx[123]: {COMBINED}",
    "journal, short-iso": f"2025-03-03T09:05:00+0000 web1 nginx[123]: {COMBINED}",
    "journal, short-full": f"Mon 2025-03-03 09:05:00 UTC web1 nginx[123]: {COMBINED}",
    "journal, short-unix": f"1740992700.123456 web1 nginx[123]: {COMBINED}",
    "journal, json": json.dumps({"MESSAGE": COMBINED, "_HOSTNAME": "web1", "SYSLOG_IDENTIFIER": "nginx"}),
    "journal, json of JSON": json.dumps({"MESSAGE": JSON, "_HOSTNAME": "web1"}),
    "journal, json of bytes": json.dumps({"MESSAGE": list(COMBINED.encode()), "_HOSTNAME": "web1"}),
    "journal, export": f"MESSAGE={COMBINED}",
    "docker compose": f"web-1  | {COMBINED}",
    "docker compose in color": f"{ESCAPE}[36mweb-1  | {ESCAPE}[0m{COMBINED}",
    "docker compose with times": f"web-1  | {MOMENT} {COMBINED}",
    "docker compose of JSON": f"caddy-1  | {JSON}",
    "docker json-file": json.dumps({"log": COMBINED + "\n", "stream": "stdout", "time": MOMENT}),
    "docker json-file of JSON": json.dumps({"log": JSON + "\n", "stream": "stdout", "time": MOMENT}),
    "docker logs -t": f"{MOMENT} {COMBINED}",
    "CRI": f"{MOMENT} stdout F {COMBINED}",
    "CRI of JSON": f"2025-03-03T09:05:00.123456789+00:00 stdout F {JSON}",
    "kubectl --prefix": f"[pod/web-7d4f/nginx] {COMBINED}",
    "kubectl --prefix --timestamps": f"[pod/web-7d4f/nginx] {MOMENT} {COMBINED}",
    "kubectl of JSON": f"[pod/web-7d4f/nginx] {JSON}",
    "stern": f"web-7d4f9-abcde nginx {COMBINED}",
    "stern of JSON": f"web-7d4f9-abcde nginx {JSON}",
    "stern in color": f"{ESCAPE}[31mweb-7d4f9-abcde{ESCAPE}[0m {ESCAPE}[32mnginx{ESCAPE}[0m {COMBINED}",
    "fluentd": f"2025-03-03T09:05:00+00:00\tnginx.access\t{JSON}",
    "filebeat": json.dumps({"@timestamp": MOMENT, "message": COMBINED, "agent": {"type": "x"}, "log": {"offset": 1}}),
    "logstash": json.dumps({"@timestamp": MOMENT, "message": COMBINED, "host": "web1", "path": "/var/log/x"}),
    "fluent bit": json.dumps({"log": COMBINED, "kubernetes": {"pod_name": "x", "host": "h"}}),
    "grep": f"access.log:{COMBINED}",
    "a hub behind syslog": "<133>Mar  3 09:05:00 web1 httpd: " + FORMATS["hub"].example.replace("-0500", "+0000"),
    "Envoy behind CRI": f"{MOMENT} stdout F {FORMATS['envoy'].example}",
    "HAProxy behind syslog": f"Mar  3 09:05:00 lb haproxy[1]: {FORMATS['haproxy'].example}",
}

AROUND = {
    "virtual host": f"www.example.org {COMBINED}",
    "virtual host with port": f"www.example.org:443 {COMBINED}",
    "common": f"192.0.2.1 - - [{TIME}] {ANSWER}",
    "port": f"192.0.2.1:50123 - - [{TIME}] {ANSWER} {QUOTED}",
    "forwarded list": f"192.0.2.1, 10.0.0.1 - - [{TIME}] {ANSWER} {QUOTED}",
    "forged list": f"203.0.113.9, 192.0.2.1, 10.0.0.1 - - [{TIME}] {ANSWER} {QUOTED}",
    "list without blanks": f"203.0.113.9,192.0.2.1 - - [{TIME}] {ANSWER} {QUOTED}",
    "list with ports": f"192.0.2.1:5000, 10.0.0.1:80 - - [{TIME}] {ANSWER} {QUOTED}",
    "list in quotes": f'"192.0.2.1, 10.0.0.1" - - [{TIME}] {ANSWER} {QUOTED}',
    "unknown": f"unknown, 192.0.2.1 - - [{TIME}] {ANSWER} {QUOTED}",
    "server's own address": f"10.0.0.5 {COMBINED}",
    "no forwarder": f"- {COMBINED}",
    "forwarder behind": f'10.0.0.1 - - [{TIME}] {ANSWER} {QUOTED} "192.0.2.1"',
    "claim behind": f'{COMBINED} "203.0.113.5"',
    "RFC 7239": f"for=192.0.2.1;proto=https;by=203.0.113.43 - - [{TIME}] {ANSWER} {QUOTED}",
    "user with blanks": f"192.0.2.1 - John Smith [{TIME}] {ANSWER} {QUOTED}",
    "fields before": f"0.012 abc {COMBINED}",
    "bracket before": f"[abc123] {COMBINED}",
    "time first": f"[{TIME}] 192.0.2.1 - - {ANSWER} {QUOTED}",
    "field between": f"192.0.2.1 - - [{TIME}] {ANSWER} 0.012 {QUOTED}",
    "quoted virtual host between": f'192.0.2.1 - - [{TIME}] "www.example.org" {ANSWER} {QUOTED}',
    "fields behind": f"{COMBINED} 456 0.012 [default-web-80] [] 10.0.0.5:80 5120 0.012 200 0123456789abcdef",
    "Traefik": f'{COMBINED} 12 "web@docker" "http://10.0.0.5:80" 12ms',
    "time without brackets": f"2025-03-03T09:05:00+00:00 192.0.2.1 {ANSWER} {QUOTED}",
    "epoch": f"1740992700.123 192.0.2.1 {ANSWER} {QUOTED}",
    "epoch in brackets": f"192.0.2.1 - - [1740992700.123] {ANSWER} {QUOTED}",
    "agent alone": f'192.0.2.1 - - [{TIME}] {ANSWER} "{BROWSER}"',
    "without size": f'192.0.2.1 - - [{TIME}] "GET /about HTTP/1.1" 200 {QUOTED}',
    "absolute": f'192.0.2.1 - - [{TIME}] "GET https://www.example.org/about HTTP/1.1" 200 5120 {QUOTED}',
    "collector's time": f'{MOMENT} stdout F INFO:     192.0.2.1:50000 - "GET /about HTTP/1.1" 200 OK',
}

OBJECTS: dict[str, Mapping[str, object]] = {
    "Caddy": {
        "ts": 1740992700.12,
        "msg": "handled request",
        "request": {"client_ip": "192.0.2.1", "remote_ip": "10.0.0.1", "method": "GET", "uri": "/about",
                    "headers": {"User-Agent": [BROWSER]}},
        "size": 5120,
        "status": 200,
    },
    "Caddy before 2.5": {
        "ts": "2025-03-03T09:05:00.123Z",
        "request": {"remote_addr": "192.0.2.1:5000", "method": "GET", "uri": "/about", "headers": {}},
        "size": 5120,
        "status": 200,
    },
    "Traefik": {
        "ClientAddr": "192.0.2.1:50000", "ClientHost": "192.0.2.1", "RequestMethod": "GET", "RequestPath": "/about",
        "DownstreamStatus": 200, "DownstreamContentSize": 5120, "Duration": 12000000, "StartUTC": MOMENT,
        "request_User-Agent": BROWSER, "time": "2025-03-03T09:05:00Z", "msg": "",
    },
    "Apache": {
        "time": f"[{TIME}]", "remoteIP": "192.0.2.1", "request": "/about", "query": "", "method": "GET",
        "status": "200", "userAgent": BROWSER, "bytes": "5120",
    },
    "nginx in pieces": {
        "msec": "1740992700.123", "remote_addr": "192.0.2.1", "request_method": "GET", "uri": "/about", "args": "",
        "status": "200", "bytes_sent": "5120", "http_user_agent": BROWSER,
    },
    "nginx behind a proxy": {
        "time_local": TIME, "remote_addr": "10.0.0.1", "http_x_forwarded_for": "203.0.113.9, 192.0.2.1",
        "request": "GET /about HTTP/1.1", "status": "200", "body_bytes_sent": "5120",
    },
    "Google": {
        "httpRequest": {"requestMethod": "GET", "requestUrl": "https://www.example.org/about", "status": 200,
                        "responseSize": "5120", "userAgent": BROWSER, "remoteIp": "192.0.2.1"},
        "timestamp": "2025-03-03T09:05:00.123456Z",
    },
    "Elastic": {
        "@timestamp": "2025-03-03T09:05:00Z", "source": {"ip": "192.0.2.1"}, "url": {"original": "/about"},
        "http": {"request": {"method": "GET"}, "response": {"status_code": 200, "body": {"bytes": 5120}}},
        "user_agent": {"original": BROWSER},
    },
    "Cloudflare": {
        "ClientIP": "192.0.2.1", "ClientRequestMethod": "GET", "ClientRequestURI": "/about",
        "EdgeStartTimestamp": 1740992700123000000, "EdgeResponseStatus": 200, "EdgeResponseBytes": 5120,
    },
}  # fmt: skip


@pytest.mark.slow
def test_anything_may_stand_around_a_request() -> None:
    lines = [*BEHIND.values(), *AROUND.values(), *map(json.dumps, OBJECTS.values())]
    names = [*BEHIND, *AROUND, *OBJECTS]
    account, rows = read(lines)
    wrong = {
        names[row["number"]]: row
        for row in rows
        if (row["address"], row["datetime"], row["method"], row["url"], row["status"])
        != ("192.0.2.1", "2025-03-03 09:05:00", "GET", "/about", "200")
        or row["size"] not in ("5120", None)
        or row["agent"] not in (BROWSER, None)
    }
    assert wrong == {}
    assert {names[row["number"]] for row in rows} == set(names)
    assert account.unread == 0


def test_jupyterhub_plain_colored_and_from_the_journal() -> None:
    colored = JUPYTERHUB.replace("[I", f"{ESCAPE}[32m[I").replace("]", f"]{ESCAPE}[m")
    lines = [
        JUPYTERHUB,
        colored,
        f"Mar 03 09:05:00 web1 jupyterhub[1]: {JUPYTERHUB}",
        f"Mar 03 09:05:00 web1 jupyterhub[1]: {colored.replace(ESCAPE, '#033')}",
        json.dumps({"MESSAGE": list(colored.encode()), "_HOSTNAME": "web1"}),
        JUPYTERHUB.replace("(ann@", "(ann@example.org@"),
    ]
    _, rows = read(lines)
    assert [(row["user"], row["address"], row["target"], row["duration"]) for row in rows] == [
        (user, "192.0.2.1", "/hub/home", 0.0125) for user in ["ann"] * 5 + ["ann@example.org"]
    ]


def test_clients() -> None:
    cases = [
        ("client.example.net - -", "client.example.net"),
        ("www.example.org client.example.net - -", "client.example.net"),
        ("[2001:db8::1]:5000 - -", "2001:db8::1"),
        ("fe80::1%eth0 - -", "fe80::1"),
        ("10.0.0.1, 10.0.0.2 - -", "10.0.0.1"),
        ("10.0.0.1 192.0.2.1 - -", "192.0.2.1"),
    ]
    _, rows = read([COMBINED.replace("192.0.2.1 - -", head) for head, _ in cases])
    assert [row["address"] for row in rows] == [client for _, client in cases]


HAPROXY = FORMATS["haproxy"].example.replace("192.0.2.1:50000", "%s")


@pytest.mark.parametrize(
    ("client", "without_port"),
    [
        ("2001:db8::1:1024", "2001:db8::1"),
        ("2001:db8::1:10240", "2001:db8::1"),
        ("2001:db8:1:2:3:4:5:6:80", "2001:db8:1:2:3:4:5:6"),
        ("::ffff:192.0.2.1:80", "::ffff:192.0.2.1"),
        ("192.0.2.1:80", "192.0.2.1"),
    ],
)
def test_a_port_that_a_format_has_is_no_part_of_the_client(client: str, without_port: str) -> None:
    of_nginx, of_apache = '$remote_addr:$remote_port [$time_local] "$request"', r"%a:%{remote}p %t \"%r\""
    line = f'{client} [{TIME}] "GET /about HTTP/1.1"'
    assert one(HAPROXY % client)["address"] == without_port
    assert {one(line, format=definition)["address"] for definition in (of_nginx, of_apache)} == {without_port}


def test_what_would_make_an_address_too_long_is_a_port() -> None:
    cases = [
        ("2001:db8::1:10240", "2001:db8::1"),
        ("2001:db8:1:2:3:4:5:6:80", "2001:db8:1:2:3:4:5:6"),
        ("2001:db8:1:2:3:4:5:6:50000", "2001:db8:1:2:3:4:5:6"),
        ("2001:db8::1:1024", "2001:db8::1:1024"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6"),
        ("fd00::1, 2001:db8::1:10240", "2001:db8::1"),
    ]
    lines = [COMBINED.replace("192.0.2.1", client) for client, _ in cases]
    lines += [JSON.replace("192.0.2.1", client) for client, _ in cases]
    assert [row["address"] for row in read(lines)[1]] == [address for _, address in cases] * 2


def test_a_socket_of_the_machine_is_no_client() -> None:
    assert read([HAPROXY % "unix:1"])[1] == []


def test_what_is_no_client_is_not_read() -> None:
    heads = ["- - -", "2025-03-03 - -", "12 - -", "unknown - -", "1.2.3.4.5 - -", "localhost - -"]
    assert read([COMBINED.replace("192.0.2.1 - -", head) for head in heads])[1] == []


def test_trusted_proxies_are_configured() -> None:
    proxies = Proxies.of(["198.51.100.0/24"])
    assert proxies.client("192.0.2.1,198.51.100.7") == "192.0.2.1"
    assert proxies.client("192.0.2.1,10.0.0.1") == "10.0.0.1"
    assert Proxies.of(PRIVATE).client("::ffff:10.0.0.1 192.0.2.1") == "192.0.2.1"


def test_times_are_put_on_the_hub_s_clock() -> None:
    cases = [
        ("03/Mar/2025:09:05:00 +0545", "2025-03-02 22:20:00"),
        ("03/Mar/2025:09:05:00 +03", "2025-03-03 01:05:00"),
        ("03/Mar/2025:09:05:00 -03", "2025-03-03 07:05:00"),
        ("03/MAR/2025:09:05:00.123 +00:00", "2025-03-03 04:05:00"),
        ("03/Mar/2025:09:05:00 GMT", "2025-03-03 04:05:00"),
        ("03/Mar/2025:09:05:00 CET", "2025-03-03 03:05:00"),
        ("03/Mar/2025:09:05:00 EST", "2025-03-03 09:05:00"),
        ("03/Mar/2025:09:05:00 IST", "2025-03-03 09:05:00"),
        ("03/Mar/2025:09:05:00 CST", "2025-03-03 09:05:00"),
        ("03/Mar/2025:09:05:00", "2025-03-03 09:05:00"),
        ("2025-03-03T09:05:00.123456Z", "2025-03-03 04:05:00"),
        ("2025-03-03 09:05:00,123 +0200", "2025-03-03 02:05:00"),
        ("2025-07-03T09:05:00+00:00", "2025-07-03 05:05:00"),
        ("1740992700", "2025-03-03 04:05:00"),
        ("1740992700.999", "2025-03-03 04:05:00"),
        ("1740992700123", "2025-03-03 04:05:00"),
        ("Mon, 03 Mar 2025 09:05:00 GMT", "2025-03-03 04:05:00"),
        ("29/Feb/2025:09:05:00 +0000", None),
        ("03/Mar/2025:24:05:00 +0000", None),
        ("0000-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59-12:00", None),
    ]
    _, rows = read([COMBINED.replace(TIME, written) for written, _ in cases], zone="America/New_York")
    found = {row["number"]: row["datetime"] for row in rows}
    assert [(written, found.get(number)) for number, (written, _) in enumerate(cases)] == cases


@pytest.mark.parametrize(
    "written",
    [
        "03/Mar/2025:04:05:00 -0500", "03/Mar/2025:04:05:00.123 -0500", "03/Mar/2025 04:05:00.123 -0500",
        "2025-03-03T04:05:00.123-05:00", "2025-03-03 04:05:00,123 -0500",
    ],
)  # fmt: skip
def test_a_time_outside_brackets_has_its_zone(written: str) -> None:
    assert one(f"{written} 192.0.2.1 {ANSWER} {QUOTED}")["datetime"] == "2025-03-03 09:05:00"


@pytest.mark.parametrize(
    ("definition", "head"),
    [
        ("$time_local $remote_addr", "03/Mar/2025:04:05:00 -0500 192.0.2.1"),
        ("$remote_addr $time_local $request_time", "192.0.2.1 03/Mar/2025:04:05:00 -0500 0.012"),
        ("$time_local $remote_addr", "03/Mar/2025:09:05:00 192.0.2.1"),
        ("%{%Y-%m-%d %H:%M:%S}t %h", "2025-03-03 09:05:00 192.0.2.1"),
        ("%{%Y-%m-%d %H:%M:%S %z}t %h", "2025-03-03 04:05:00 -0500 192.0.2.1"),
        ("%{begin:%F %T %Z}t %h", "2025-03-03 04:05:00 EST 192.0.2.1"),
        ("%{%d/%b/%Y %T}t.%{msec_frac}t %{%z}t %h", "03/Mar/2025 04:05:00.123 -0500 192.0.2.1"),
        ("%h|%{%F}t %{%T}t|%{ms}T", "192.0.2.1|2025-03-03 09:05:00|12"),
        ("%{sec}t %h", "1740992700 192.0.2.1"),
    ],
)
def test_a_time_is_as_long_as_its_definition(definition: str, head: str) -> None:
    request = "$request" if "$" in definition else "%r"
    row = one(f'{head} "GET /about HTTP/1.1"', format=f'{definition} "{request}"')
    assert (row["address"], row["datetime"], row["url"]) == ("192.0.2.1", "2025-03-03 09:05:00", "/about")


def test_requests_and_what_is_none() -> None:
    cases = [
        ("GET //a//b?u=http://x HTTP/1.1", "GET", "/a/b?u=http:/x"),
        ("GET http://h HTTP/1.1", "GET", "/"),
        ("GET https://h:8443?q=1 HTTP/1.1", "GET", "/?q=1"),
        ("GET /\\xc3\\xa9 HTTP/1.1", "GET", "/é"),
        ('GET /a\\"b HTTP/1.1', "GET", '/a"b'),
        ("-", "", ""),
        ("", "", ""),
        ("\\x16\\x03\\x01", "", ""),
        ("\\x16\\x03 /a b", "", "/a"),
        ("CONNECT h:443 HTTP/1.1", "", "h:443"),
    ]
    lines = [COMBINED.replace("GET /about HTTP/1.1", request) for request, _, _ in cases]
    assert [(row["method"], row["url"]) for row in read(lines)[1]] == [(method, url) for _, method, url in cases]


def test_quotes_in_an_agent() -> None:
    cases = [
        (r"Mozilla/5.0 (Linux; \"Tab\" Build/1)", 'Mozilla/5.0 (Linux; "Tab" Build/1)'),
        ('Mozilla/5.0 (Linux; "Tab" Build/1)', 'Mozilla/5.0 (Linux; "Tab" Build/1)'),
        ("Mozilla/5.0\\", "Mozilla/5.0\\"),
        (r"a\x22b", 'a"b'),
        ("", ""),
    ]
    _, rows = read([COMBINED.replace(BROWSER, agent) for agent, _ in cases])
    assert [(row["agent"], row["referrer"]) for row in rows] == [(agent, "-") for _, agent in cases]


CUT = f'192.0.2.1 - - [{TIME}] {ANSWER} "https://news.example/a" "'


@pytest.mark.parametrize(
    ("cut", "agent"),
    [
        ("Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/rob", None),
        (r"Mozilla/5.0 (Linux; \"Tab", 'Mozilla/5.0 (Linux; "Tab'),
        ("Mozilla/5.0 (Linux; \\", "Mozilla/5.0 (Linux; "),
        ("", ""),
    ],
)
def test_an_agent_that_is_cut_counts_as_far_as_it_goes(cut: str, agent: str | None) -> None:
    row = one(CUT + cut)
    assert (row["referrer"], row["agent"]) == ("https://news.example/a", cut if agent is None else agent)


def test_an_address_that_is_cut_is_neither_a_client_nor_of_the_agent() -> None:
    row = one(f'{COMBINED.replace("192.0.2.1", "10.0.0.1")} "198.51.100.1')
    assert (row["address"], row["referrer"], row["agent"]) == ("10.0.0.1", "-", BROWSER)


def test_what_has_no_url_is_no_request() -> None:
    members = dict(OBJECTS["Cloudflare"])
    url = members.pop("ClientRequestURI")
    in_pieces = {**members, "ClientRequestPath": url}
    both = {**members, "ClientRequestPath": url, "ClientRequestURI": "/about?q"}
    account, rows = read([json.dumps(line) for line in (in_pieces, both, members)])
    assert ([row["url"] for row in rows], account.unread) == (["/about", "/about?q"], 1)
    assert read(["#Fields: date time c-ip sc-status", "2025-03-03 09:05:00 192.0.2.1 200"], format="w3c")[1] == []


def test_formats_without_a_field_leave_it_out() -> None:
    row = one(f"192.0.2.1 - - [{TIME}] {ANSWER}")
    assert (row["referrer"], row["agent"]) == (None, None)


FIELDS = "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query c-ip cs(User-Agent) sc-status"
W3C = [
    "#Software: IIS",
    FIELDS,
    "2025-03-03 09:05:00 10.0.0.5 GET /about a=b 192.0.2.1 Mozilla/5.0+(X11) 200",
    "2025-03-03 09:05:01 10.0.0.5 GET /about - 192.0.2.1 Mozilla/5.0+(X11) 200",
    "#Fields: date time sc-bytes c-ip cs-method cs-uri-stem sc-status cs(User-Agent)",
    "2025-03-03\t09:05:02\t5120\t192.0.2.2\tGET\t/x\t200\tMozilla/5.0%20(X11)",
    "2025-03-03\t09:05:03\t5120\t192.0.2.2\tGET\t/x\t200",
]


@pytest.mark.slow
@pytest.mark.parametrize("chunk", [1, 2, 100])
def test_w3c_columns_are_those_of_the_last_fields_line(chunk: int) -> None:
    account, rows = read(W3C, chunk)
    assert [(row["datetime"][-2:], row["address"], row["url"], row["size"], row["agent"]) for row in rows] == [
        ("00", "192.0.2.1", "/about?a=b", None, "Mozilla/5.0 (X11)"),
        ("01", "192.0.2.1", "/about", None, "Mozilla/5.0 (X11)"),
        ("02", "192.0.2.2", "/x", "5120", "Mozilla/5.0 (X11)"),
    ]
    assert (account.comments, account.unread) == (3, 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("definition", "line"),
    [
        (r"%l %h %>s \"%r\" %t \"%{User-Agent}i\" %D", '- 192.0.2.1 200 "GET /a?b=c HTTP/1.1" [%s] "x \\"y\\"" 1500'),
        (r"%a [%{%d/%b/%Y:%T}t.%{msec_frac}t %{%z}t] %s %m \"%U%q\" \"%{User-agent}i\"",
         '192.0.2.1 [03/Mar/2025:09:05:00.123 +0000] 200 GET "/a?b=c" "x \\"y\\""'),
        ("'$remote_addr|$time_local|$request|' '$status|$http_user_agent'",
         '192.0.2.1|%s|GET /a?b=c HTTP/1.1|200|x "y"'),
        ("$time_iso8601 ${remote_addr} $status $request_method $uri?$args <$http_user_agent>",
         '2025-03-03T09:05:00Z 192.0.2.1 200 GET /a?b=c <x "y">'),
        ('{"who":{"ip":"$remote_addr"},"t":"$time_local","r":"$request","s":"$status","ua":"$http_user_agent"}',
         '{"who":{"ip":"192.0.2.1"},"t":"%s","r":"GET /a?b=c HTTP/1.1","s":"200","ua":"x \\"y\\""}'),
    ],
)  # fmt: skip
def test_any_format_by_its_definition(definition: str, line: str) -> None:
    row = one(line.replace("%s", TIME), format=definition)
    found = [row[name] for name in ("address", "datetime", "method", "url", "status", "agent")]
    assert found == ["192.0.2.1", "2025-03-03 09:05:00", "GET", "/a?b=c", "200", 'x "y"']


@pytest.mark.parametrize(
    ("definition", "line"),
    [
        (r'{\"t\":\"%t\",\"ip\":\"%a\",\"r\":\"%r\",\"s\":\"%>s\"}',
         {"t": f"[{TIME}]", "ip": "192.0.2.1", "r": "GET /a?b=c HTTP/1.1", "s": "200"}),
        (r'{"t":"%{%F}t %{%T}t","ip":"%a:%{remote}p","line":"%m %U%q %H","first":"%s","s":"%>s"}',
         {"t": "2025-03-03 09:05:00", "ip": "192.0.2.1:80", "line": "GET /a?b=c HTTP/1.1", "first": "404", "s": "200"}),
        ('{"t":"$time_local","ip":"$remote_addr","u":"$scheme://$host$uri$is_args$args","s":"$status"}',
         {"t": TIME, "ip": "192.0.2.1", "u": "https://www.example.org/a?b=c", "s": "200"}),
        ('{"t":"$time_local","ip":"$remote_addr","r":"$request","x":"$upstream_status$status","s":"$status"}',
         {"t": TIME, "ip": "192.0.2.1", "r": "GET /a?b=c HTTP/1.1", "x": "500200", "s": "200"}),
    ],
)  # fmt: skip
def test_a_member_may_hold_several_values(definition: str, line: Mapping[str, str]) -> None:
    row = one(json.dumps(line), format=definition)
    found = [row[name] for name in ("address", "datetime", "method", "url", "status")]
    assert found == ["192.0.2.1", "2025-03-03 09:05:00", "GET", "/a?b=c", "200"]


@pytest.mark.parametrize(
    ("statuses", "status"), [("%s %>s", "200"), ("%>s %s", "404"), ("%<s %!304>s", "200"), ("%s %U", "404")]
)
def test_the_final_status_counts(statuses: str, status: str) -> None:
    row = one(f'192.0.2.1 {TIME[:20]} 404 200 "GET /a"', format=rf"%h %{{%d/%b/%Y:%T}}t {statuses} \"%r\"")
    assert row["status"] == status


CONFIGURED = [
    r'LogFormat "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\"" combined',
    r"LogFormat '%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\"'",
    r'"%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\""',
    "log_format main '$remote_addr - $remote_user [$time_local] \"$request\" '\n"
    '\'$status $body_bytes_sent "$http_referer" "$http_user_agent"\';',
    r'log_format main "$remote_addr - $remote_user [$time_local] \"$request\" " "$status $body_bytes_sent '
    r'\"$http_referer\" \"$http_user_agent\"";',
]


@pytest.mark.parametrize("definition", CONFIGURED)
def test_a_definition_may_stand_in_its_directive(definition: str) -> None:
    row = one(COMBINED, format=definition)
    assert (row["format"], row["address"], row["url"], row["agent"]) == ("own", "192.0.2.1", "/about", BROWSER)


@pytest.mark.parametrize("directive", ["log_format main escape=json %s;", "escape=json %s", "LogFormat %s json", "%s"])
def test_so_may_one_that_writes_json(directive: str) -> None:
    definition = directive % '\'{"ip":"$remote_addr","t":"$time_local",\' \'"was":"$request"}\''
    row = one(json.dumps({"ip": "192.0.2.1", "t": TIME, "was": "GET /a HTTP/1.1"}), format=definition)
    assert (row["format"], row["address"], row["url"]) == ("json", "192.0.2.1", "/a")


@pytest.mark.parametrize("directive", ["LogFormat %h %t combined", "log_format main '$remote_addr $request"])
def test_a_directive_without_its_quotes_is_refused(directive: str) -> None:
    with pytest.raises(UsageError, match="directive whose definition is not in quotes"):
        _ = LogSettings(directive).own


def test_a_definition_needs_a_client_and_a_request() -> None:
    for definition in ("%h %t", "$status $request", "nonsense"):
        with pytest.raises(UsageError, match="no definition"):
            definitions.pattern(definition)


def test_a_named_format_is_the_only_one() -> None:
    account, rows = read([COMBINED, JSON], format="json")
    assert ([row["number"] for row in rows], account.unread, account.examples) == ([1], 1, [COMBINED])


def test_own_member_names_come_first() -> None:
    line = json.dumps({"wer": "192.0.2.1", "time": "2025-03-03T09:05:00Z", "was": "/a", "s": {"c": 404}, "status": 200})
    row = one(line, fields={"client": "wer", "url": "was", "status": "s.c"})
    assert (row["address"], row["url"], row["status"]) == ("192.0.2.1", "/a", "404")


HUB_LINE = '2025-03-03 09:05:00 +0100 3344 - "GET http://h/x HTTP/1.1" 200 5 192.0.2.1 "-" "x" T 0 1 - - - - - - - - -'


def test_a_hub_s_lines_are_read_as_ever_without_corrections() -> None:
    account, rows = read([HUB_LINE, HUB_LINE.replace("+0100", "-0500")], format="hub", corrections=frozenset())
    assert [(row["number"], row["datetime"], row["url"]) for row in rows] == [(1, "2025-03-03 09:05:00", "http:/h/x")]
    assert (account.zones, account.unread) == (1, 1)


@pytest.mark.parametrize(
    ("correction", "line", "expected"),
    [
        ("zones", HUB_LINE, ("2025-03-03 09:05:00", "GET", "http:/h/x")),
        ("offsets", HUB_LINE.replace("+0100", "-0500"), ("2025-03-03 14:05:00", "GET", "http:/h/x")),
        ("absolute-urls", HUB_LINE.replace("+0100", "UTC"), ("2025-03-03 09:05:00", "GET", "/x")),
        ("absolute-urls", HUB_LINE.replace("+0100", "UTC").replace("GET http://h/x HTTP/1.1", "-"),
         ("2025-03-03 09:05:00", "", "-")),
    ],
)  # fmt: skip
def test_corrections_of_a_hub_s_lines(correction: str, line: str, expected: tuple[str, str, str]) -> None:
    row = one(line, format="hub", corrections=frozenset({correction}))
    assert (row["datetime"], row["method"], row["url"]) == expected


WORDS = st.text("abcXYZ019/._-", min_size=1, max_size=12)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00", exclude_categories=["Cs"]), max_size=30)


def escaped(text: str) -> str:
    """A text as Apache writes it."""
    return "".join(
        character if " " <= character <= "~" and character not in '"\\'
        else "".join(f"\\x{byte:02x}" for byte in character.encode()) for character in text
    )  # fmt: skip


@pytest.mark.slow
@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(WORDS, TEXTS, TEXTS, st.ip_addresses()), min_size=1, max_size=40))
def test_generated_requests_come_back_field_by_field(requests: list[tuple[str, str, str, Any]]) -> None:
    lines: list[str] = []
    for word, referrer, agent, address in requests:
        lines.append(f'{address} - - [{TIME}] "GET /{word} HTTP/1.1" 200 5120 "{escaped(referrer)}" "{escaped(agent)}"')
        members = {"time": MOMENT, "client_ip": str(address), "request": f"GET /{word} HTTP/1.1", "status": 200}
        lines.append(json.dumps({**members, "size": 5120, "referer": referrer, "user_agent": agent}))
    _, rows = read(lines)
    assert len(rows) == len(lines)
    for row, (word, referrer, agent, address) in zip(rows, [one for one in requests for _ in "12"], strict=True):
        assert row["address"] == str(address)
        assert (row["target"], row["referrer"], row["agent"]) == (f"/{word}", referrer, agent)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"])))
def test_escapes_are_undone(text: str) -> None:
    assert unescape(escaped(text)) == text


PIECES = [
    '"',
    "[",
    "]",
    " ",
    "\\",
    "-",
    ":",
    "{",
    "}",
    ",",
    "\t",
    "<1>",
    "\x1b[",
    "é",
    "#Fields: ",
    "::",
    "[03/",
    "\x00",
]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_mutated_lines_never_crash(seed: int) -> None:
    chance = random.Random(seed)
    originals = [*BEHIND.values(), *AROUND.values(), *W3C, *map(json.dumps, OBJECTS.values())]
    originals += [example for known in FORMATS.values() for example in known.examples]
    lines = []
    for _ in range(10_000):
        text = chance.choice(originals)
        for _ in range(chance.choice([1, 1, 2, 4])):
            at, size = chance.randrange(len(text) + 1), chance.randrange(1, 20)
            match chance.randrange(4):
                case 0:
                    text = text[:at] + chance.choice(PIECES) + text[at:]
                case 1:
                    text = text[:at] + text[at + size :]
                case 2:
                    text = text[:at] + text[at - size : at] + text[at:]
                case 3:
                    other = chance.choice(originals)
                    text = text[:at] + other[chance.randrange(len(other)) :]
        lines.append(text)
    account, rows = read(lines, 3000)
    assert 0 < account.read == len(rows) < len(lines) == account.lines


def mutated(size: int, seed: int) -> pa.Table:
    """So many lines of all formats, each with a few of its bytes replaced, in columns."""
    chance = np.random.default_rng(seed)
    originals = [line.encode() for line in (*BEHIND.values(), *AROUND.values(), JSON, JUPYTERHUB, COMBINED)]
    text = b"\n".join(originals[place] for place in chance.integers(0, len(originals), size))
    codes = np.frombuffer(text, np.uint8).copy()
    places = chance.integers(0, len(codes), 3 * size)
    places = places[codes[places] != ord("\n")]
    wrong = np.frombuffer(b' "[]{}\\:;,|-+/%#<>.0129aZ\t\x1b\x7f', np.uint8)
    codes[places] = chance.choice(wrong, len(places))
    return relation(codes.tobytes().decode("utf-8", "replace").split("\n"))


@pytest.mark.parametrize("size", [20_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_lines_with_wrong_bytes_never_crash(size: int) -> None:
    chunk = 50_000
    with Engine(PACKAGE) as engine:
        requests = Requests(engine, LogSettings("auto"))
        for start in range(0, size, chunk):
            requests.read(mutated(min(chunk, size), start))
    assert requests.account.lines == size
    assert 0 < requests.account.read < size


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in FORMATS if name != "w3c"])
def test_lines_are_read_alike_whatever_the_sample_shows(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [FORMATS[name].example] * (SAMPLE + 1) + mutated(3000, 1)["line"].to_pylist()
    lines += [*BEHIND.values(), *AROUND.values(), *map(json.dumps, OBJECTS.values())]
    account, rows = read(lines)
    monkeypatch.setattr(Requests, "_are_plain", lambda self, lines: None)
    expected, closely_read = read(lines)
    assert account == expected
    assert rows == closely_read


def test_a_sample_tells_the_format_of_a_file() -> None:
    with Engine(PACKAGE) as engine:
        requests = Requests(engine, LogSettings("auto"))
        requests.read(relation([*["nothing"] * 2, *[COMBINED] * (2 * SAMPLE), *[JSON] * (3 * SAMPLE)]))
    assert str(requests.kind) == "combined: 998 of the first 1,000 lines"
    assert requests.account.formats == {"combined": 2 * SAMPLE, "json": 3 * SAMPLE}


LONG = 60_000

MANY_VALUES = '{"MESSAGE":[' + "1," * LONG + "1]}"
DEEP = '{"message":' + "[" * LONG + "]" * LONG + "}"

HOSTILE = [
    '{"a":' * (LONG // 5), "[" * LONG, '"' * LONG, "\\" * LONG, "<1>" * (LONG // 3), "a " * (LONG // 2),
    COMBINED.replace("GET", '\\"' * (LONG // 2)), COMBINED + ' "x"' * (LONG // 4), "1.1.1.1, " * 7000 + COMBINED,
    "2026-04-09 10:00:02" + " " * LONG + "x", "#Fields: " + "c-ip " * (LONG // 5), "\x1b[" * (LONG // 2),
    "Mar  3 09:05:00 " + "x: " * (LONG // 3), '{"log":' + json.dumps('"x' * (LONG // 4)) + "}", "::" * (LONG // 2),
    FORMATS["alb"].example.replace("29", "29 " * (LONG // 3)), JSON.replace(BROWSER, "\\u0041" * (LONG // 6)),
    f"192.0.2.1 - - [{TIME}] " + '"x" ' * (LONG // 4), "for=" * (LONG // 4) + COMBINED,
    '[2025-03-03T09:05:00Z] "' + '" "' * (LONG // 3), "web-1 | " * (LONG // 8),
    MANY_VALUES, DEEP,
]  # fmt: skip


@pytest.mark.slow
def test_long_lines_cost_little() -> None:
    """The test's own limit bounds the time: a matcher that backtracks takes hours for any of these."""
    account, _ = read([line for line in HOSTILE for _ in range(8)])
    assert account.lines == 8 * len(HOSTILE)


def work(lines: Sequence[str]) -> float:
    """CPU seconds that reading some lines takes, the lesser of two attempts."""
    spent = []
    for _ in range(2):
        begun = time.process_time()
        read(lines)
        spent.append(time.process_time() - begun)
    return min(spent)


@pytest.mark.slow
def test_the_work_for_a_long_line_has_a_bound() -> None:
    """Many times that for an ordinary long line: with a matcher that backtracks it would be millions."""
    ordinary = work([COMBINED.replace(BROWSER, "x" * LONG)] * 50)
    for line in HOSTILE:
        assert work([line] * 50) < 100 * ordinary, line[:80]


@pytest.mark.slow
@pytest.mark.parametrize("line", [MANY_VALUES, DEEP])
def test_many_lines_of_many_values_fit_in_memory(line: str) -> None:
    text = f"{line}\n{JSON}\n".encode() * 250
    with Engine(PACKAGE) as engine:
        requests = Requests(engine, LogSettings("auto"))
        for lines in LogStream("test", io.BytesIO(text), len(text)).lines(any_server=True):
            requests.read(lines)
    assert (requests.account.lines, requests.account.read) == (500, 250)


def test_every_line_of_the_documentation_is_read() -> None:
    text = (Path(__file__).parents[2] / "docs/log-formats.md").read_text(encoding="utf-8")
    shown = [line for line in text.splitlines() if "192.0.2.1" in line or line.startswith("#Fields")]
    account, _ = read(shown)
    assert (account.unread, account.comments) == (0, 1)
    assert account.formats.keys() == FORMATS.keys()
    assert {example for known in FORMATS.values() for example in known.examples} <= set(shown)


FIELD = Path(__file__).parent / "field"


@pytest.mark.parametrize("case", sorted(path.name for path in FIELD.iterdir()))
def test_field_logs_are_read_completely(case: str) -> None:
    """Every page that a log of a real server should give is among its requests, from the right client."""
    expected = json.loads((FIELD / case / "expected.json").read_text())["rows"]
    (path,) = [path for path in (FIELD / case).iterdir() if path.name != "expected.json"]
    with Engine(PACKAGE) as engine, open_log(path) as stream:
        requests = Requests(engine, LogSettings("auto", corrections=frozenset(CORRECTIONS)))
        found: set[tuple[str, str]] = set()
        for lines in stream.lines():
            requests.read(lines)
            found |= {tuple(row.values()) for row in engine.query("SELECT address, url FROM requests").to_pylist()}
    assert {(client, url) for client, urls in expected.items() for url in urls} <= found
    assert requests.account.unread == (1 if case == "times" else 0)

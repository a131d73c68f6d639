"""The names that servers and log shippers give to the fields of a request in JSON: the first that a line has counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


AGENT_HEADERS = ("User-Agent", "user-agent", "User-agent", "user_agent")
REFERRER_HEADERS = ("Referer", "referer", "referrer")

REQUEST_LINE = ("request", "request_line", "requestLine", "http_request")

NAMES: dict[str, Sequence[str]] = {
    "time": (
        "time_iso8601", "time_local", "msec", "ts", "StartUTC", "StartLocal", "start_time", "startTime", "timestamp",
        "@timestamp", "timeStamp", "EdgeStartTimestamp", "datetime", "date_time", "time", "event_time", "eventTime",
        "request_timestamp", "timestamp_local", "received_at", "date",
    ),
    "day": ("date",),
    "request": (*REQUEST_LINE, "message", "msg"),
    "method": (
        "request_method", "RequestMethod", "request.method", "method", "http_method", "httpMethod", "requestMethod",
        "httpRequest.requestMethod", "http.request.method", "http.method", "ClientRequestMethod", "cs-method", "verb",
        "properties.httpMethod", "req.method",
    ),
    "url": (
        "request_uri", "RequestPath", "request.uri", "request.url", "uri", "request_url", "requestUrl", "url_path",
        "httpRequest.requestUrl", "url.original", "http.url", "ClientRequestURI", "ClientRequestPath", "cs-uri-stem",
        "requestURI", "properties.requestUri", "req.url", "request_path", "requestPath", "http_path", "url.path",
        "path", "x_forwarded_path", "url", "http.request.uri", "target", "resource",
    ),
    "query": (
        "args", "query_string", "queryString", "request_query", "url.query", "cs-uri-query", "query", "url_query",
        "properties.requestQuery",
    ),
    "protocol": (
        "server_protocol", "RequestProtocol", "request.proto", "request.protocol", "protocol", "http_version",
        "httpRequest.protocol", "http.version", "proto", "ClientRequestProtocol", "cs-version", "requestProtocol",
    ),
    "status": (
        "status", "DownstreamStatus", "status_code", "statusCode", "response_status", "httpRequest.status",
        "http.response.status_code", "http.status_code", "EdgeResponseStatus", "sc-status", "response.status",
        "properties.httpStatus", "response_code", "responseCode", "code", "res.statusCode", "response", "httpStatus",
    ),
    "size": (
        "body_bytes_sent", "DownstreamContentSize", "size", "bytes_sent", "bytesSent", "bytes", "response_size",
        "httpRequest.responseSize", "http.response.body.bytes", "http.response.bytes", "EdgeResponseBytes", "sc-bytes",
        "response.size", "properties.sentBytes", "response_bytes", "responseSize", "responseLength", "body_size",
        "response_length", "content_length", "bytes_out", "resp_size", "responseBytes",
    ),
    "client": (
        "request.client_ip", "client_ip", "clientip", "clientIp", "clientIP", "ClientIP", "remote_addr", "ClientHost",
        "ClientAddr", "remote_ip", "remoteIP", "remoteIp", "remoteAddr", "request.remote_ip", "request.remote_addr",
        "httpRequest.remoteIp", "source.ip", "client.ip", "client.address", "source.address", "c-ip", "remote_host",
        "remoteHost", "properties.clientIP", "client", "client_addr", "clientAddress", "client_address", "real_ip",
        "x_real_ip", "http_x_real_ip", "remote_address", "remoteAddress", "ip", "remote", "addr", "source_ip", "src_ip",
        "downstream_remote_address", "network.client.ip", "req.remoteAddress", "remotehost", "ip_address",
    ),
    "forwarded": (
        "http_x_forwarded_for", "x_forwarded_for", "X-Forwarded-For", "x-forwarded-for", "xff", "XForwardedFor",
        "forwarded_for", "forwardedFor", "request_X-Forwarded-For", "proxy_add_x_forwarded_for", "xForwardedFor",
        "cs(X-Forwarded-For)", "http_forwarded",
    ),
    "referrer": (
        "http_referer", "http_referrer", "request_Referer", "referer", "referrer", "Referer", "httpRequest.referer",
        "http.request.referrer", "ClientRequestReferer", "cs(Referer)", "cs-referer", "http_referrer", "httpReferer",
        "http.referer", "Referrer", "request_Referrer", "properties.referer",
        *(f"request.headers.{name}" for name in REFERRER_HEADERS), *(f"headers.{name}" for name in REFERRER_HEADERS),
    ),
    "agent": (
        "http_user_agent", "request_User-Agent", "user_agent.original", "user_agent", "userAgent", "User-Agent",
        "User-agent", "useragent", "httpRequest.userAgent", "http.request.user_agent", "ClientRequestUserAgent",
        "cs(User-Agent)", "cs-user-agent", "agent", "http.useragent", "user-agent", "httpUserAgent", "http_useragent",
        "UserAgent", "properties.userAgent", "ua", "browser", "http.user_agent",
        *(f"request.headers.{name}" for name in AGENT_HEADERS), *(f"headers.{name}" for name in AGENT_HEADERS),
    ),
    "user": ("remote_user", "ClientUsername", "user_id", "user.name", "user", "username", "remoteUser", "cs-username"),
    "seconds": ("request_time", "duration", "time-taken", "requestTime", "latency", "elapsed", "request_duration"),
    "nanoseconds": ("Duration",),
    "host": (
        "host", "RequestHost", "request.host", "server_name", "http_host", "vhost", "virtual_host", "url.domain",
        "ClientRequestHost", "x-host-header", "domain", "authority", "serverName", "hostname",
    ),
}  # fmt: skip
"""Names by field; a dot leads into an object. Times are read in any form."""

REQUEST = (*REQUEST_LINE, *NAMES["method"], *NAMES["url"])
"""Members one of which a request has, and one that tells its client. Another JSON document may hold a line."""

MESSAGE = ("MESSAGE", "message", "log", "textPayload", "line", "event.original", "Message", "msg")
"""Members that hold the line of a server, as written by docker, the journal, and log shippers."""

MESSAGE_TIME = ("time", "@timestamp", "__REALTIME_TIMESTAMP", "_SOURCE_REALTIME_TIMESTAMP", "timestamp", "Timestamp")
"""Members that tell when a collector took such a line."""


def paths(names: Sequence[str]) -> list[str]:
    """JSON paths of names: a name with dots may be one member, or lead into objects. Of a list the first counts."""
    found = []
    for name in names:
        forms = [f'$."{name}"']
        if "." in name:
            forms.append("$" + "".join(f'."{part}"' for part in name.split(".")))
        found += [form for whole in forms for form in ((f"{whole}[0]", whole) if "headers" in name else (whole,))]
    return found


def first(name: str) -> Iterator[str]:
    """The members of the whole object that may hold a name: itself, or the object that it leads into."""
    yield name
    yield name.partition(".")[0]


@dataclass
class Members:
    """The names that the fields of a log's objects have; grows with the members that its objects turn out to have."""

    own: Mapping[str, str]
    """Names of fields that come before the known ones."""
    present: set[str] = field(default_factory=set)

    @cached_property
    def names(self) -> dict[str, Sequence[str]]:
        return {name: (*([self.own[name]] if name in self.own else []), *known) for name, known in NAMES.items()}

    @cached_property
    def known(self) -> frozenset[str]:
        """The members that matter."""
        return frozenset(member for names in self.names.values() for name in names for member in first(name))

    def query(self) -> str:
        """The query of `members`: the fields of every JSON object as text; only what is present is looked for."""
        found: list[str] = []
        columns = []
        for name, names in self.names.items():
            start = len(found)
            found += paths([one for one in names if not self.present.isdisjoint(first(one))])
            values = [f"found[{place + 1}]" for place in range(start, len(found))]
            columns.append(f'coalesce(NULL::VARCHAR, {", ".join(values) or "NULL"}) AS "{name}"')
        listed = ", ".join("'" + path.replace("'", "''") + "'" for path in found)
        return f"""
            SELECT number, stamp, {", ".join(columns)}
            FROM (
                SELECT number, stamp, json_extract_string(text, [{listed}]::VARCHAR[]) AS found
                FROM classified
                WHERE format = 'json'
            )
        """

    def learn(self, names: Iterable[str]) -> None:
        """Take in names that objects have: those that matter."""
        self.present |= self.known.intersection(names)

    def are_requests(self, names: pa.ChunkedArray) -> pa.ChunkedArray:
        """Which objects are requests with a client, by the names of their members, separated by line ends.

        Names that are new are taken in.
        """
        import pyarrow as pa  # the settings are read without the engine
        import pyarrow.compute as pc

        encoded = names.combine_chunks().dictionary_encode()
        objects = [set(text.split("\n")) for text in encoded.dictionary.to_pylist()]
        self.learn(name for members in objects for name in members)
        are = [not (self.requests.isdisjoint(members) or self.clients.isdisjoint(members)) for members in objects]
        return pc.fill_null(pc.take(pa.array(are, pa.bool_()), encoded.indices), False)

    @cached_property
    def requests(self) -> frozenset[str]:
        """Members one of which a request has."""
        return frozenset(member for name in (*self.own.values(), *REQUEST) for member in first(name))

    @cached_property
    def clients(self) -> frozenset[str]:
        """Members one of which tells a request's client."""
        names = (*self.own.values(), *NAMES["client"], *NAMES["forwarded"])
        return frozenset(member for name in names for member in first(name))

    def wrappers(self) -> dict[str, Sequence[str]]:
        """What the model `messages` reads by name: which members make a request, and which hold a line or its time."""
        return {
            "json_request": sorted(self.requests),
            "json_client": sorted(self.clients),
            "json_message": paths(MESSAGE),
            "json_time": paths(MESSAGE_TIME),
        }

"""The formats of log lines, by name: what they are called and how their lines look."""

from __future__ import annotations

from dataclasses import dataclass

from hzmetrics.logs.definitions import Pattern, strict_pattern


@dataclass(frozen=True)
class Format:
    """One way to write a request as a line."""

    name: str
    title: str
    example: str
    pattern: Pattern | None = None
    """How a line looks; None for formats with a model of their own."""
    header: str = ""
    """A line that must come before."""

    @property
    def examples(self) -> tuple[str, ...]:
        """The example with the line that it needs."""
        return (self.header, self.example) if self.header else (self.example,)


BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"

FORMATS = {
    one.name: one
    for one in (
        Format(
            "hub",
            "a hub's own format, of 23 or 14 fields",
            f'2025-03-03 09:05:00 -0500 3344 - "GET /about HTTP/1.1" 200 5120 192.0.2.1 "-" "{BROWSER}" TLSv1.3 0 123 '
            "- - - - - - - - -",
        ),
        Format(
            "combined",
            "the common or combined format of Apache and nginx",
            f'192.0.2.1 - - [03/Mar/2025:09:05:00 +0000] "GET /about HTTP/1.1" 200 5120 "-" "{BROWSER}"',
        ),
        Format(
            "json",
            "JSON objects, as of nginx, Apache, Caddy or Traefik",
            '{"time_iso8601": "2025-03-03T09:05:00+00:00", "remote_addr": "192.0.2.1", '
            '"request": "GET /about HTTP/1.1", '
            f'"status": "200", "body_bytes_sent": "5120", "http_referer": "", "http_user_agent": "{BROWSER}"}}',
        ),
        Format(
            "w3c",
            "the W3C extended format of IIS and CloudFront",
            f"2025-03-03 09:05:00 10.0.0.5 GET /about - 443 - 192.0.2.1 {BROWSER.replace(' ', '+')} - 200 0 0 15",
            header="#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) "
            "cs(Referer) sc-status sc-substatus sc-win32-status time-taken",
        ),
        Format(
            "alb",
            "AWS application load balancer",
            "https 2025-03-03T09:05:00.123456Z app/web/0123456789abcdef 192.0.2.1:50000 10.0.0.5:80 0.000 0.003 0.000 "
            f'200 200 29 5120 "GET https://www.example.org:443/about HTTP/1.1" "{BROWSER}" '
            "ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2",
            strict_pattern(
                "$type $time_iso8601 $elb $remote_addr:$remote_port $target_address $waited $worked "
                '$answered $status $target_status $received_bytes $bytes_sent "$request" '
                '"$http_user_agent" $ssl_cipher $ssl_protocol'
            ),
        ),
        Format(
            "elb",
            "AWS classic load balancer",
            "2025-03-03T09:05:00.123456Z web 192.0.2.1:50000 10.0.0.5:80 0.000 0.003 0.000 200 200 0 5120 "
            f'"GET https://www.example.org:443/about HTTP/1.1" "{BROWSER}" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2',
            strict_pattern(
                "$elb $remote_addr:$remote_port $backend $waited $worked $answered "
                '$status $backend_status $received_bytes $bytes_sent "$request" "$http_user_agent"'
            ),
        ),
        Format(
            "s3",
            "AWS S3 server access log",
            "79a59df900b949e5 bucket [03/Mar/2025:09:05:00 +0000] 192.0.2.1 - 3E57427F3EXAMPLE REST.GET.OBJECT about "
            f'"GET /about HTTP/1.1" 200 - 5120 5120 12 11 "-" "{BROWSER}" -',
            strict_pattern(
                '$owner $bucket [$time_local] $remote_addr $remote_user $id $operation $key "$request" $status $error '
                '$bytes_sent $object_size $total_time $turn_around_time "$http_referer" "$http_user_agent"'
            ),
        ),
        Format(
            "envoy",
            "Envoy",
            '[2025-03-03T09:05:00.123Z] "GET /about HTTP/1.1" 200 - 0 5120 12 11 "192.0.2.1" '
            f'"{BROWSER}" "0123456789abcdef" "www.example.org" "10.0.0.5:80"',
            strict_pattern(
                '[$time_iso8601] "$request" $status $flags $received_bytes $bytes_sent $milliseconds $upstream_time '
                '"$http_x_forwarded_for" "$http_user_agent" "$request_id" "$host" "$upstream_host"'
            ),
        ),
        Format(
            "istio",
            "Istio",
            '[2025-03-03T09:05:00.123Z] "GET /about HTTP/1.1" 200 - via_upstream - "-" 0 5120 12 11 "192.0.2.1" '
            f'"{BROWSER}" "0123456789abcdef" "www.example.org" "10.0.0.5:80" outbound|80||web 10.0.0.9:1 10.0.0.5:80 '
            "10.0.0.7:50000 - default",
            strict_pattern(
                '[$time_iso8601] "$request" $status $flags $details $termination "$failure" $received_bytes '
                '$bytes_sent $milliseconds $upstream_time "$http_x_forwarded_for" "$http_user_agent" "$request_id" '
                '"$host" "$upstream_host" $cluster $upstream_local_address $local_address $remote_addr'
            ),
        ),
        Format(
            "haproxy",
            "HAProxy",
            "192.0.2.1:50000 [03/Mar/2025:09:05:00.123] web~ servers/web1 0/0/1/2/3 200 5120 - - ---- 1/1/0/0/0 0/0 "
            '"GET /about HTTP/1.1"',
            strict_pattern(
                "$remote_addr:$remote_port [$time_local] $frontend $server $timers $status $bytes_sent $cookie "
                '$set_cookie $termination $connections $queues$anything "$request"'
            ),
        ),
        Format(
            "npm",
            "nginx proxy manager",
            '[03/Mar/2025:09:05:00 +0000] - 200 200 - GET https www.example.org "/about" [Client 192.0.2.1] '
            f'[Length 5120] [Gzip -] [Sent-to web] "{BROWSER}" "-"',
            strict_pattern(
                '[$time_local] $cache $upstream_status $status - $request_method $scheme $host "$request_uri" '
                "[Client $remote_addr] [Length $body_bytes_sent] [Gzip $gzip] [Sent-to $server] "
                '"$http_user_agent" "$http_referer"'
            ),
        ),
        Format(
            "jupyterhub",
            "JupyterHub's own log",
            "[I 2025-03-03 09:05:00.123 JupyterHub log:191] 200 GET /hub/home (ann@192.0.2.1) 12.50ms",
            Pattern(
                r"^\[\w (\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2})[.,\d]*[^\]]*\] (\d{3}) ([A-Z]+) (\S+)(?: -> \S+)? "
                r"\(([^()]*)@([^()@]*)\) (\d{1,9}(?:\.\d+)?)ms",
                ("time", "status", "method", "target", "user", "peer", "milliseconds"),
            ),
        ),
    )
}

HUB, AUTO, OWN = "hub", "auto", "own"
"""The hub's own format; that which a line looks like; that which `[logs] format` defines."""

HUB_AUTH = Format("auth", "a hub's log of logins", "2025-03-03 09:05:00 1000 [ann] 192.0.2.1 login")
"""The format of auth logs; access logs are never in it."""

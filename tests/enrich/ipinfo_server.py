"""An address service for the tests: HTTP on a loopback address, answering as it is told."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from urllib.parse import parse_qs, urlsplit


@dataclass
class AddressService:
    """A running service. `countries` is by address text; `body` is sent instead of an answer where it is not None."""

    countries: dict[str, str] = field(default_factory=dict)
    status: str = "_SUCCESS_"
    body: bytes | None = None
    http_status: int = 200
    url: str = ""
    requests: list[dict[str, list[str]]] = field(default_factory=list)

    def answer(self, query: dict[str, list[str]]) -> bytes:
        self.requests.append(query)
        if self.body is not None:
            return self.body
        numbers = (query.get("n_ips") or query["n_ip"])[0].split(",")
        sets = "".join(self._ipset(IPv4Address(int(number))) for number in numbers)
        return f"<ipinfo><status> {self.status} </status>{sets}</ipinfo>".encode()

    def _ipset(self, address: IPv4Address) -> str:
        if str(address) not in self.countries:
            return f"<ipset><n_ip>{int(address)}</n_ip><status>_FAILED_</status></ipset>"
        code = self.countries[str(address)]
        where = "" if code in ("", "-") else "<countryName>Land</countryName><city> City </city><lat>1.5</lat>"
        return (
            f"<ipset><n_ip>{int(address)}</n_ip><status>_SUCCESS_</status><countryCode> {code} </countryCode>{where}"
            "<long>-</long></ipset>"
        )


@contextlib.contextmanager
def serve(service: AddressService) -> Iterator[AddressService]:
    """Run a service on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = service.answer(parse_qs(urlsplit(self.path).query))
            self.send_response(service.http_status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        service.url = f"http://127.0.0.1:{server.server_address[1]}/ipinfo/v1"
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield service
        finally:
            server.shutdown()

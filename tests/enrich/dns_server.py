"""A name server for the tests: answers over UDP and TCP on a loopback address, truthfully or as it is told."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset


@dataclass
class Reply:
    """What the server does with a question."""

    records: Sequence[tuple[str, str]] = ()
    """Answers in order: type (`PTR`, `CNAME`, ...) and data in presentation form. They belong to the name asked for."""
    owners: Sequence[str | None] = ()
    """Names that the answers belong to instead, where not None."""
    rcode: int = dns.rcode.NOERROR
    drop: int = 0
    """How many queries are lost before one is answered; -1 for all."""
    delay: float = 0.0
    """Seconds before the answer."""
    only_tcp: bool = False
    """Over UDP the answer is cut off."""
    garbage: bool = False
    """Answer with bytes that are no message."""


def name(*names: str) -> Reply:
    """PTR records with these names."""
    return Reply([("PTR", one if one.endswith(".") else f"{one}.") for one in names])


NO_NAME = Reply(rcode=dns.rcode.NXDOMAIN)


@dataclass
class DnsServer:
    """A running server. `replies` is by address text; what is not in it gets `default`."""

    replies: dict[str, Reply] = field(default_factory=dict)
    default: Reply = field(default_factory=lambda: NO_NAME)
    root: Reply = field(default_factory=lambda: Reply([("NS", "a.root.example.")]))
    port: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    """How often each name was asked for, in lower case and without the final dot."""
    in_flight: int = 0
    most_in_flight: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def questions(self, address: str) -> int:
        """How often this address was asked for."""
        return self.asked[ip_address(address).reverse_pointer]

    def answer(self, wire: bytes, over_tcp: bool, send: Callable[[bytes], Any]) -> None:
        query = dns.message.from_wire(wire)
        question = query.question[0]
        asked = question.name.to_text(omit_final_dot=True).lower()
        by_name = {ip_address(text).reverse_pointer: reply for text, reply in self.replies.items()}
        reply = self.root if question.name == dns.name.root else by_name.get(asked, self.default)
        with self._lock:
            self.asked[asked] += 1
            turn = self.asked[asked]
        if reply.drop < 0 or turn <= reply.drop:
            return
        with self._lock:
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
        time.sleep(reply.delay)
        with self._lock:
            self.in_flight -= 1
        with contextlib.suppress(OSError):  # the test may have ended meanwhile
            send(b"nonsense" if reply.garbage else message(query, reply, over_tcp).to_wire())


def message(query: dns.message.Message, reply: Reply, over_tcp: bool) -> dns.message.Message:
    """The answer to a query that a reply describes."""
    response = dns.message.make_response(query, recursion_available=True)
    response.set_rcode(dns.rcode.Rcode(reply.rcode))
    if reply.only_tcp and not over_tcp:
        response.flags |= dns.flags.TC
        return response
    owners = [*reply.owners, *([None] * len(reply.records))]
    for (kind, data), owner in zip(reply.records, owners, strict=False):
        where = query.question[0].name if owner is None else dns.name.from_text(owner)
        record = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.from_text(kind), data)
        response.answer.append(dns.rrset.from_rdata(where, 60, record))
    return response


@contextlib.contextmanager
def serve(server: DnsServer, host: str = "127.0.0.1") -> Iterator[DnsServer]:
    """Run a server on a free port of a loopback address."""

    class Udp(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            wire, channel = self.request
            server.answer(wire, False, lambda reply: channel.sendto(reply, self.client_address))

    class Tcp(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while size := self.rfile.read(2):
                wire = self.rfile.read(int.from_bytes(size))
                server.answer(wire, True, lambda reply: self.wfile.write(len(reply).to_bytes(2) + reply))

    class Listener(socketserver.ThreadingMixIn, socketserver.UDPServer):
        daemon_threads = True
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

    class StreamListener(socketserver.ThreadingMixIn, socketserver.TCPServer):
        daemon_threads = True
        allow_reuse_address = True
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

    with StreamListener((host, 0), Tcp) as tcp:
        server.port = tcp.server_address[1]
        with Listener((host, server.port), Udp) as udp:
            for listener in (tcp, udp):
                threading.Thread(target=listener.serve_forever, args=(0.05,), daemon=True).start()
            try:
                yield server
            finally:
                for listener in (tcp, udp):
                    listener.shutdown()


def silent_address() -> str:
    """`address:port` where nobody listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"

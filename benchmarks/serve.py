"""The administrators' server: the document of many users, and a burst of requests.

    python -m benchmarks.serve [--users 10000] [--requests 10000] [--readers 200]

Server and reader are processes of their own. One reader asks for the document again and again, and then with a second
between, so that it is computed anew each time; a plain handler gives a constant document of the same size. In the
burst, so many readers ask for several documents at the same time.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hzmetrics import config
from hzmetrics.store import Store
from tests.serve.invented import NOW, fill
from tests.serve.running import TOKEN, token_file

PATHS = (
    "/api/activity?limit=100",
    "/admin/anomalies",
    "/admin/stats",
    "/admin/activities",
    "/metrics",
    "/staff/stats/",
)
TIMES = 300
ANEW = 10
SECOND = 1.05

PLAIN = """
import sys, uvicorn
BODY = b"x" * int(sys.argv[1])
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]
async def plain(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})
uvicorn.run(plain, port=int(sys.argv[2]), log_level="critical", lifespan="off", http="h11")
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--users", type=int, default=10_000)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--readers", type=int, default=200)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        environment = make_hub(Path(scratch), arguments.users)
        with served([sys.executable, "-m", "hzmetrics", "serve"], environment, 8790) as server:
            warm, size = asyncio.run(measure(8790, "/api/activity", TIMES, 0))
            anew, _ = asyncio.run(measure(8790, "/api/activity", ANEW, SECOND))
            page, _ = asyncio.run(measure(8790, "/api/activity/table", ANEW, SECOND))
            asyncio.run(burst(8790, 1000, arguments.readers))
            before = memory(server.pid)
            seconds, wrong = asyncio.run(burst(8790, arguments.requests, arguments.readers))
            after = memory(server.pid)
        with served([sys.executable, "-c", PLAIN, str(size), "8791"], environment, 8791):
            plain, _ = asyncio.run(measure(8791, "/", TIMES, 0))
    print(f"/api/activity of {arguments.users + 4} users: {size / 1e6:.1f} MB")
    for name, times in (
        ("asked again and again", warm),
        ("computed anew", anew),
        ("rows of the page, anew", page),
        ("constant document", plain),
    ):
        print(f"  {name:<24}{1000 * middle(times):7.1f} ms median{1000 * late(times):9.1f} ms at the 95th percentile")
    print(f"  ratio to the constant document: {late(warm) / late(plain):.1f} at the 95th percentile")
    print(f"{arguments.requests} requests of {arguments.readers} readers: {arguments.requests / seconds:.0f} a second, "
          f"{wrong} wrong; memory {before >> 20} MB before, {after >> 20} MB after")  # fmt: skip


def make_hub(root: Path, users: int) -> dict[str, str]:
    """An invented hub on SQLite; its environment."""
    file = root / "hzmetrics.conf"
    file.touch(0o600)
    file.write_text(
        f"[hub]\nsite = bench\n[activity]\nenabled = no\n[http]\nlisten = 127.0.0.1:8790\n"
        f"admin_token_file = {token_file(root)}\n"
    )
    environment = {
        **os.environ, "HZMETRICS_CONFIG": str(file), "HZMETRICS_HOME": str(root / "home"), "HZMETRICS_NOW": NOW,
        "HZMETRICS_LOG": str(root / "log"), "HZMETRICS_LOG_ROOT": str(root / "logs"),
    }  # fmt: skip
    settings = config.load(file, environment)
    store = Store(settings)
    fill(store, users)
    store.close()
    return environment


@contextmanager
def served(command: list[str], environment: dict[str, str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    server = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        asyncio.run(up(port))
        yield server
    finally:
        server.terminate()
        server.wait(20)


async def up(port: int) -> None:
    for _ in range(300):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        except OSError:
            await asyncio.sleep(0.1)
    raise SystemExit("the server does not start")


class Reader:
    """One client with one connection."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def __aenter__(self) -> Reader:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 22)
        return self

    async def __aexit__(self, *error: object) -> None:
        self.writer.close()

    async def get(self, path: str) -> tuple[int, bytes]:
        self.writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode())
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return int(head[9:12]), await self.reader.readexactly(length)


async def measure(port: int, path: str, times: int, pause: float) -> tuple[list[float], int]:
    """The seconds of each of so many requests, and the size of the answer."""
    found = []
    async with Reader(port) as reader:
        await reader.get(path)
        for _ in range(times):
            await asyncio.sleep(pause)
            begun = time.perf_counter()
            status, body = await reader.get(path)
            found.append(time.perf_counter() - begun)
            assert status == 200
    return found, len(body)


async def burst(port: int, requests: int, readers: int) -> tuple[float, int]:
    """Seconds, and how many answers were wrong."""
    async with Reader(port) as reader:
        expected = {path: await reader.get(path) for path in PATHS}
    left = iter(range(requests))
    wrong = 0

    async def read() -> None:
        nonlocal wrong
        async with Reader(port) as reader:
            for number in left:
                path = PATHS[number % len(PATHS)]
                answer = await reader.get(path)
                wrong += answer != expected[path]

    begun = time.perf_counter()
    await asyncio.gather(*(read() for _ in range(readers)))
    return time.perf_counter() - begun, wrong


def middle(times: list[float]) -> float:
    return sorted(times)[len(times) // 2]


def late(times: list[float]) -> float:
    return sorted(times)[int(0.95 * len(times))]


def memory(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()

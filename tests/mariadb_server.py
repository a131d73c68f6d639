"""A MariaDB server of the tests' own: a private data directory, a private socket, gone afterwards.

`python -m tests.mariadb_server [--OPTION=VALUE...] COMMAND...` runs a command with the server's socket in
HZMETRICS_TEST_SOCKET; the options are the server's.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path

import pymysql

SOCKET = "HZMETRICS_TEST_SOCKET"


def server_program() -> str | None:
    """The path of the MariaDB server, if it is installed."""
    return shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def roomy_memory() -> str | None:
    """A directory in memory, if there is one with room: tables are made there ten times faster than on a disk."""
    shared = Path("/dev/shm")
    is_roomy = os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > 4_000_000_000
    return str(shared) if is_roomy else None


@contextmanager
def running(options: tuple[str, ...] = ()) -> Iterator[str]:
    """A running server; gives the path of its socket."""
    program = server_program()
    if program is None:
        raise RuntimeError("MariaDB is not installed; run: apt-get install mariadb-server-core mariadb-client-core")
    directory = Path(tempfile.mkdtemp(prefix="hzmetrics-mariadb-", dir=roomy_memory()))
    user = [f"--user={'root' if os.geteuid() == 0 else os.environ.get('USER', 'nobody')}"]
    process: subprocess.Popen[bytes] | None = None
    try:
        prepared = subprocess.run(
            ["mariadb-install-db", "--no-defaults", f"--datadir={directory}/data",
             "--auth-root-authentication-method=normal", "--skip-test-db", *user],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        if prepared.returncode:
            raise RuntimeError(f"mariadb-install-db failed: {prepared.stdout.strip()}")
        socket = str(directory / "socket")
        (directory / "tmp").mkdir()  # a starting server clears its own, not that of one beside it
        process = subprocess.Popen(
            [program, "--no-defaults", f"--datadir={directory}/data", f"--socket={socket}", "--skip-networking",
             f"--tmpdir={directory}/tmp",
             f"--pid-file={directory}/pid", f"--log-error={directory}/error.log", "--innodb-buffer-pool-size=512M",
             "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--skip-log-bin", *user, *options],
        )  # fmt: skip
        wait(socket, process)
        yield socket
    finally:
        if process is not None:
            process.terminate()
            process.wait(60)
        shutil.rmtree(directory, ignore_errors=True)


def wait(socket: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError("the MariaDB server ended at once")
        try:
            pymysql.connect(unix_socket=socket, user="root").close()
            return
        except pymysql.err.OperationalError:
            time.sleep(0.1)
    raise RuntimeError("the MariaDB server does not answer")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # told to stop, nothing is left running either
    options = tuple(takewhile(lambda word: word.startswith("--"), sys.argv[1:]))
    with running(options) as path:
        sys.exit(subprocess.run(sys.argv[1 + len(options) :], env={**os.environ, SOCKET: path}).returncode)

"""The socket that the server listens on: an address, a socket file, or what systemd hands over."""

from __future__ import annotations

import grp
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hzmetrics.errors import HzmetricsError
from hzmetrics.serve.settings import Serving

FIRST_HANDED_OVER = 3
"""The descriptor of the first socket that systemd hands over."""
SOCKET_MODE = 0o660
WAITING = 1024
"""Connections that may wait."""


@contextmanager
def listening(serving: Serving) -> Iterator[socket.socket]:
    """The socket; a socket file is removed at the end. Raises HzmetricsError."""
    if (handed := handed_over()) is not None:
        yield handed
        return
    try:
        if serving.listen.startswith("unix:"):
            with _socket_file(Path(serving.listen.removeprefix("unix:")), serving.group) as listener:
                yield listener
            return
        with _address(serving.listen) as listener:
            yield listener
    except OSError as error:
        raise HzmetricsError(f"cannot listen on {serving.listen}: {error.strerror or error}") from None


def handed_over() -> socket.socket | None:
    """The socket of socket activation; None: there is none. Raises HzmetricsError if there are several."""
    number = os.environ.get("LISTEN_FDS", "")
    if not number or os.environ.get("LISTEN_PID") != str(os.getpid()):
        return None
    if number != "1":
        raise HzmetricsError(f"systemd hands over {number} sockets, but one is expected")
    for name in ("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"):
        os.environ.pop(name, None)
    os.set_inheritable(FIRST_HANDED_OVER, False)
    return socket.socket(fileno=FIRST_HANDED_OVER)


def named(listener: socket.socket) -> str:
    """Where a socket listens, in words."""
    if listener.family == socket.AF_UNIX:
        return f"unix:{listener.getsockname()}"
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _address(listen: str) -> socket.socket:
    host, _, port = listen.rpartition(":")
    host = "127.0.0.1" if host == "localhost" else host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, int(port)), family=family, backlog=WAITING)


@contextmanager
def _socket_file(path: Path, group: str) -> Iterator[socket.socket]:
    """A socket file for the owner and one group. That of a server that has ended is replaced."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        if _is_left_over(path):
            path.unlink()
        before = os.umask(0o777 & ~SOCKET_MODE)
        try:
            listener.bind(str(path))
        finally:
            os.umask(before)
        try:
            if group:
                os.chown(path, -1, _group(group))
            path.chmod(SOCKET_MODE)
            listener.listen(WAITING)
            yield listener
        finally:
            with suppress(FileNotFoundError):
                path.unlink()


def _is_left_over(path: Path) -> bool:
    """Whether there is a socket file on which nobody listens."""
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            return False
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(str(path))
            except ConnectionRefusedError:
                return True
    return False


def _group(name: str) -> int:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        raise HzmetricsError(f"there is no group {name}, which [http] group names") from None

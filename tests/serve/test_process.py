"""The process: what it refuses to start without, how it listens, and how it ends."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from hzmetrics.cli import main
from tests.serve.running import BEARER, token_file

pytestmark = pytest.mark.integration

Refusal = Callable[[Path], str]

HANDING_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.argv[2], sys.argv[2:])
"""
"""A program that becomes another one with a socket handed over, as systemd does it."""


def write(folder: Path, **keys: str) -> Path:
    """A configuration with these keys in `[http]`."""
    file = folder / "hzmetrics.conf"
    file.touch(0o600)
    section = "".join(f"{key} = {value}\n" for key, value in keys.items())
    file.write_text(f"[hub]\nsite = nano\n[http]\n{section}")
    return file


def command(file: Path) -> list[str]:
    return [sys.executable, "-m", "hzmetrics", "-c", str(file), "serve"]


@pytest.fixture
def refusal(capsys: pytest.CaptureFixture[str]) -> Refusal:
    """What a server that does not start says."""

    def said(file: Path) -> str:
        assert main(["-c", str(file), "serve"]) == 2
        printed = capsys.readouterr()
        assert printed.out == "" and "Traceback" not in printed.err
        return printed.err

    return said


@contextmanager
def process(file: Path, before: tuple[str, ...] = (), **more: object) -> Iterator[subprocess.Popen[str]]:
    started = subprocess.Popen([*before, *command(file)], stderr=subprocess.PIPE, text=True, **more)  # type: ignore[call-overload]
    try:
        yield started
    finally:
        with suppress(ProcessLookupError):
            started.kill()
        started.communicate()


def is_up(started: subprocess.Popen[str]) -> str:
    """The line that tells where it listens."""
    assert started.stderr
    line = started.stderr.readline()
    assert "serve: listening on" in line, line + started.stderr.read()
    return line


def test_it_does_not_start_without_a_way_to_know_administrators(tmp_path: Path, refusal: Refusal) -> None:
    assert "neither admin_token_file nor trusted_proxies" in refusal(write(tmp_path))
    assert "[http] admins: trusted_proxies name users" in refusal(write(tmp_path, trusted_proxies="unix"))


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"listen": "0.0.0.0:80"}, "[http] listen: '0.0.0.0:80' is not an address of this machine alone"),
        ({"listen": "8780"}, "[http] listen: '8780' is neither ADDRESS:PORT nor unix:PATH"),
        ({"listen": "unix:run/s"}, "[http] listen: 'unix:run/s': the path of the socket does not begin with /"),
        ({"base_path": "hub"}, "[http] base_path: 'hub' does not begin with /"),
        ({"trusted_proxies": "proxy"}, "[http] trusted_proxies: 'proxy' is not an IP address or network"),
        ({"metrics_allow_ips": "unix"}, "[http] metrics_allow_ips: 'unix' is not an IP address or network"),
        ({"admin_token_file": "/nowhere/token"}, "[http] admin_token_file: cannot read /nowhere/token"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(
    tmp_path: Path, refusal: Refusal, keys: dict[str, str], said: str
) -> None:
    file = write(tmp_path, **{"admin_token_file": token_file(tmp_path), **keys})
    line = next(number for number, text in enumerate(file.read_text().splitlines(), 1) if next(iter(keys)) in text)
    assert f"{file}:{line}: {said}" in refusal(file)


@pytest.mark.parametrize(("mode", "text", "said"), [(0o640, "x" * 40, "chmod 600"), (0o600, "short", "openssl rand")])
def test_a_token_must_be_secret_and_long(tmp_path: Path, refusal: Refusal, mode: int, text: str, said: str) -> None:
    path = Path(token_file(tmp_path, text))
    path.chmod(mode)
    assert said in refusal(write(tmp_path, admin_token_file=str(path)))


def test_without_the_extra_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fastapi.py").write_text("raise ModuleNotFoundError('no fastapi', name='fastapi')\n")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    done = subprocess.run(
        command(write(tmp_path, admin_token_file=token_file(tmp_path))), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert done.stderr.endswith("the server needs fastapi, which is not installed; run: pip install 'hzmetrics[web]'\n")
    page = [sys.executable, "-m", "hzmetrics", "-c", str(tmp_path / "hzmetrics.conf"), "activity", "page"]
    assert subprocess.run(page, capture_output=True, timeout=60).returncode == 0


def test_other_commands_import_nothing_of_it() -> None:
    program = "import sys; from hzmetrics.cli import main; main(['--help']); print(sorted(sys.modules))"
    listed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert "'click'" in listed and not any(f"'{name}'" in listed for name in ("fastapi", "uvicorn", "pydantic"))


def test_it_takes_the_socket_that_systemd_hands_over(tmp_path: Path) -> None:
    file = write(tmp_path, admin_token_file=token_file(tmp_path), listen="127.0.0.1:1")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        number = listener.fileno()
        first = (sys.executable, "-c", HANDING_OVER, str(number))
        with process(file, first, pass_fds=[number], env={**os.environ, "LISTEN_FDS": "1"}) as started:
            assert f"unix:{tmp_path / 's'}" in is_up(started)
            connection = http.client.HTTPConnection("localhost")
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.connect(str(tmp_path / "s"))
            connection.request("GET", "/api/activity", headers=BEARER)
            assert connection.getresponse().status == 200
            connection.close()


def test_a_socket_file_of_a_dead_server_is_replaced_and_that_of_a_living_one_is_not(tmp_path: Path) -> None:
    file = write(tmp_path, admin_token_file=token_file(tmp_path), listen=f"unix:{tmp_path / 's'}")
    with process(file) as first:
        is_up(first)
        done = subprocess.run(command(file), capture_output=True, text=True, timeout=60)
        assert done.returncode == 1 and "Address already in use" in done.stderr
        first.kill()
        first.wait()
    with process(file) as second:
        is_up(second)
        second.send_signal(signal.SIGTERM)
        assert second.wait(20) == 0
    assert not (tmp_path / "s").exists()

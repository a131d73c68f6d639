"""A real JupyterHub with its proxy: users log in, one works, one is idle, one has stopped its server.

Hub, proxy and notebook servers are installed from PyPI and npm into an environment of their own, once, under the cache
directory of the user who runs the tests.
"""

from __future__ import annotations

import contextlib
import http.cookiejar
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import filelock
import pytest

from hzmetrics.errors import HzmetricsError
from hzmetrics.users.jupyterhub import JupyterHubSource
from hzmetrics.users.settings import JupyterHub
from hzmetrics.users.user import User
from tests.conftest import TestHub
from tests.users.invented import listed

pytestmark = [pytest.mark.slow, pytest.mark.integration]

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hzmetrics-tests" / "jupyterhub"
PYTHON_PACKAGES = ("jupyterhub==5.*", "jupyter-server==2.*")
NODE_PACKAGE = "configurable-http-proxy"
TOKEN = "an-invented-token-for-tests"
EXTRAS = 240
"""Users that never log in, so that there is more than one page."""

CONFIGURATION = """
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_port = {hub_port}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.ConfigurableHTTPProxy.command = {proxy!r}
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.Authenticator.delete_invalid_users = False
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {homes!r}
c.Spawner.cmd = [{single!r}]
c.Spawner.args = ["--allow-root"]
c.Spawner.default_url = "/api"
c.JupyterHub.last_activity_interval = 5
c.JupyterHub.db_url = "sqlite:///{root}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = "{root}/cookie_secret"
c.JupyterHub.load_groups = {{"many": {{"users": [f"extra{{number:03d}}" for number in range({extras})]}}}}
c.JupyterHub.services = [{{"name": "metrics", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [
    {{"name": "metrics", "services": ["metrics"], "scopes": ["list:users", "read:users:activity", "read:servers"]}},
]
"""


@dataclass
class Running:
    """A JupyterHub that runs."""

    url: str

    @property
    def api(self) -> str:
        return f"{self.url}/hub/api"

    def source(self, now: int, token: str = TOKEN) -> JupyterHubSource:
        hub = JupyterHub(self.api, token, Path("/nowhere"), "", "", cull_timeout=3600)
        return JupyterHubSource(hub, now, frozenset({"extra000"}))

    def users(self, now: int, token: str = TOKEN) -> dict[str, User]:
        return listed(self.source(now, token).users())


class Browser:
    """One user's browser."""

    def __init__(self, hub: Running, name: str) -> None:
        self.hub, self.name = hub, name
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def log_in(self) -> None:
        page = self.opener.open(f"{self.hub.url}/hub/login", timeout=30).read().decode()
        xsrf = re.search(r'name="_xsrf" value="([^"]+)"', page)
        form = {"username": self.name, "password": "any", **({"_xsrf": xsrf[1]} if xsrf else {})}
        data = urllib.parse.urlencode(form).encode()
        # the answer leads on to the spawning of a server, which may still be pending
        with contextlib.suppress(urllib.error.HTTPError):
            self.opener.open(f"{self.hub.url}/hub/login?next=%2Fhub%2Fhome", data, timeout=60).read()

    def work(self, moment: int) -> None:
        """Let the Hub know of work on this user's server."""
        last = {"last_activity": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))}
        self.api("POST", f"users/{self.name}/activity", {**last, "servers": {"": last}})

    def api(self, method: str, path: str, body: object = None) -> int:
        xsrf = next((one.value or "" for one in self.jar if one.name == "_xsrf" and one.path == "/hub/"), "")
        request = urllib.request.Request(
            f"{self.hub.api}/{path}",
            None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"X-XSRFToken": xsrf, "Referer": f"{self.hub.url}/hub/home", "Content-Type": "application/json"},
        )
        with self.opener.open(request, timeout=60) as answer:
            return int(answer.status)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def programs() -> Path:
    """The environment with hub and proxy; made when it is not there yet."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("npm is not installed: JupyterHub's proxy cannot be had")
    CACHE.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(CACHE / "lock"):  # several test processes want it at the same time
        if not (CACHE / "complete").exists():
            install(npm)
            (CACHE / "complete").touch()
    return CACHE


def install(npm: str) -> None:
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(CACHE / "venv")],
        [str(CACHE / "venv/bin/pip"), "install", "--quiet", *PYTHON_PACKAGES],
        [npm, "install", "--silent", "--no-fund", "--no-audit", "--prefix", str(CACHE), NODE_PACKAGE],
    ):
        made = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if made.returncode:
            pytest.skip(f"JupyterHub cannot be installed: {' '.join(command[:4])}: {made.stderr.strip()[-300:]}")


@pytest.fixture(scope="module")
def jupyterhub(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with started(programs, tmp_path_factory.mktemp("jupyterhub")) as running:
        yield running


@contextlib.contextmanager
def started(programs: Path, root: Path, more: str = "") -> Iterator[Running]:
    """A JupyterHub with files in `root`; `more`: further lines of its configuration."""
    port = free_port()
    configuration = root / "jupyterhub_config.py"
    text = CONFIGURATION.format(
        port=port, hub_port=free_port(), proxy_port=free_port(), root=root, token=TOKEN, extras=EXTRAS,
        proxy=[str(programs / "node_modules/.bin/configurable-http-proxy")],
        homes=f"{root}/homes/{{username}}", single=str(programs / "venv/bin/jupyterhub-singleuser"),
    )  # fmt: skip
    configuration.write_text(text + more)
    environment = {**os.environ, "PATH": f"{programs / 'venv/bin'}:{os.environ['PATH']}", "HOME": str(root)}
    with (root / "log").open("w") as output:
        process = subprocess.Popen(
            [str(programs / "venv/bin/jupyterhub"), "-f", str(configuration)],
            cwd=root, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        running = Running(f"http://127.0.0.1:{port}")
        try:
            wait_until(lambda: answers(running.api), 300, lambda: (root / "log").read_text()[-2000:])
            yield running
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def answers(url: str) -> bool:
    try:
        return "version" in json.load(urllib.request.urlopen(url, timeout=5))
    except (OSError, ValueError):
        return False


def wait_until(condition, seconds: float, trouble=lambda: "") -> None:  # type: ignore[no-untyped-def]
    begun = time.monotonic()
    while not condition():
        if time.monotonic() - begun > seconds:
            raise AssertionError(f"waited {seconds} s in vain; {trouble()}")
        time.sleep(0.3)


def now() -> int:
    return int(time.time())


@pytest.fixture(scope="module")
def people(jupyterhub: Running) -> dict[str, Browser]:
    """Three who have logged in: ann and bob with a server each, cyd whose server was stopped."""
    browsers = {name: Browser(jupyterhub, name) for name in ("ann", "bob", "cyd")}
    for browser in browsers.values():
        browser.log_in()
        browser.api("POST", f"users/{browser.name}/server")
    wait_until(lambda: all(jupyterhub.users(now())[name].server_active for name in browsers), 90)
    browsers["cyd"].api("DELETE", "users/cyd/server")
    wait_until(lambda: not jupyterhub.users(now())["cyd"].server_active, 30)
    return browsers


def test_all_pages_are_read_and_the_ignored_left_out(jupyterhub: Running, people: dict[str, Browser]) -> None:
    users = jupyterhub.users(now())
    assert len(users) == EXTRAS - 1 + len(people)
    assert "extra000" not in users and f"extra{EXTRAS - 1}" in users


def test_states_of_servers(jupyterhub: Running, people: dict[str, Browser]) -> None:
    moment = now()
    users = jupyterhub.users(moment)
    assert {name: users[name].server_active for name in people} == {"ann": True, "bob": True, "cyd": False}
    assert jupyterhub.source(moment).presence().connected == {"ann", "bob"}
    bob = users["bob"]
    assert bob.last_activity is not None and abs(moment - bob.last_activity) < 170
    assert bob.time_remaining_seconds == max(0, 3600 - (moment - bob.last_activity))
    assert users["cyd"].last_activity is not None and users["cyd"].time_remaining_seconds is None
    assert users["extra001"].last_activity is None and not users["extra001"].server_active


def test_a_refused_token_is_told_in_words(jupyterhub: Running) -> None:
    with pytest.raises(HzmetricsError, match=r"status 403.*list:users"):
        jupyterhub.users(now(), token="wrong")


def test_tick_samples_the_hub(
    jupyterhub: Running, people: dict[str, Browser], hub: TestHub, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("JUPYTERHUB_API_URL", jupyterhub.api)
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", TOKEN)
    monkeypatch.setenv("JUPYTERHUB_IDLE_CULLER_ENABLED", "1")
    assert hub.run("activity", "sample", "--json") == 0
    total = EXTRAS + len(people)
    assert json.loads(capsys.readouterr().out) == {
        "success": True, "total": total, "active": 2, "inactive": 0, "offline": total - 2,
    }  # fmt: skip
    assert hub.run("active-users", "update") == 0
    assert hub.run("active-users", "show", "--json") == 0
    assert json.loads(capsys.readouterr().out)["active_users_1d"] == 3
    # fifty minutes on, ann still works; bob's server runs, but he has been idle all the time
    later = now() + 3000
    people["ann"].work(later - 60)
    monkeypatch.setenv("HZMETRICS_NOW", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(later)))
    monkeypatch.setenv("JUPYTERHUB_ACTIVITYMON_INACTIVE_AFTER", "15")
    assert hub.run("activity", "sample", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "success": True, "total": total, "active": 1, "inactive": 1, "offline": total - 2,
    }  # fmt: skip
    assert hub.run("activity", "show", "--json") == 0
    rows = {row["username"]: row for row in json.loads(capsys.readouterr().out)["users"]}
    assert list(rows)[:2] == ["ann", "bob"]
    assert rows["ann"]["recently_active"] and rows["ann"]["activity_score"] == 100
    assert rows["bob"]["server_active"] and not rows["bob"]["recently_active"]
    assert rows["bob"]["activity_score"] == pytest.approx(50, abs=1)
    assert 0 < rows["bob"]["time_remaining_seconds"] < 86_400
    assert not rows["cyd"]["server_active"] and rows["cyd"]["sample_count"] == 2

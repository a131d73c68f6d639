"""The server as a service of a real JupyterHub, with real logins in a real browser."""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.users.test_jupyterhub import TOKEN, free_port, programs, started, wait_until  # noqa: F401

pytestmark = [pytest.mark.slow, pytest.mark.integration, pytest.mark.browser]

SERVICE = """
c.Authenticator.admin_users = {{"ann"}}
c.JupyterHub.services.append({{
    "name": "usage", "url": "http://127.0.0.1:{port}", "oauth_no_confirm": True, "environment": {environment!r},
    "command": [{python!r}, "-m", "hzmetrics", "-c", {configuration!r}, "serve"],
}})
c.JupyterHub.load_roles += [
    {{"name": "user", "scopes": ["self", "access:services!service=usage"]}},
    {{"name": "limited", "services": ["metrics"], "scopes": ["list:users", "read:users:activity", "read:servers"]}},
]
c.JupyterHub.api_tokens = {{"an-invented-token-of-ann": "ann"}}
"""


@pytest.fixture(scope="module")
def usage(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:  # noqa: F811
    """The address of the service. The JupyterHub starts it, and gives it its prefix, address and token."""
    root = tmp_path_factory.mktemp("service")
    configuration = root / "hzmetrics.conf"
    configuration.touch(0o600)
    configuration.write_text("[hub]\nsite = nano\n[activity]\nsource = logs\n")
    environment = {
        "PYTHONPATH": str(Path(__file__).parents[2]), "HZMETRICS_HOME": str(root / "home"),
        "HZMETRICS_LOG": str(root / "serve.log"), "HZMETRICS_LOG_ROOT": str(root / "logs"),
    }  # fmt: skip
    more = SERVICE.format(
        port=free_port(), environment=environment, python=sys.executable, configuration=str(configuration)
    )
    with started(programs, root, more) as hub:
        address = f"{hub.url}/services/usage"
        log = root / "serve.log"
        wait_until(
            lambda: log.exists() and "listening" in log.read_text(), 60, lambda: (root / "log").read_text()[-3000:]
        )
        yield address


@pytest.fixture
def page(chromium: str) -> Iterator[Page]:
    with sync_playwright() as play:
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser: Browser = play.chromium.launch(executable_path=chromium, args=options)
        yield browser.new_page()
        browser.close()


def log_in(page: Page, address: str, name: str) -> None:
    """Ask for a page, and log in at the Hub, to which that leads."""
    page.goto(f"{address}/activity")
    page.wait_for_selector("#username_input")
    page.fill("#username_input", name)
    page.fill("#password_input", "any")
    page.click("#login_submit")


def test_an_administrator_logs_in_at_the_hub(usage: str, page: Page) -> None:
    log_in(page, usage, "ann")
    expect(page.locator("#badge")).to_have_text("0 users (0 active, 0 idle, 0 offline)", timeout=30_000)
    assert page.url == f"{usage}/activity"
    page.get_by_role("button", name="Reset").click()
    page.get_by_role("button", name="Delete all samples").click()
    expect(page.locator("#trouble")).to_be_hidden()
    page.get_by_role("link", name="Operations").click()
    expect(page.locator("#health")).not_to_be_empty(timeout=30_000)
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
    kept = cookies["hzmetrics-token"]
    assert (kept["httpOnly"], kept["sameSite"], kept["path"]) == (True, "Lax", "/services/usage/")
    assert "hzmetrics-login" not in cookies


def test_a_user_of_the_hub_is_no_administrator(usage: str, page: Page) -> None:
    log_in(page, usage, "bob")
    page.wait_for_url(f"{usage}/**")
    expect(page.locator("body")).to_contain_text("you are not an administrator", timeout=30_000)


def status(address: str, token: str) -> int:
    request = urllib.request.Request(f"{address}/api/activity", headers={"Authorization": f"token {token}"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        assert json.load(error)["error"]["status"] == error.code
        return error.code


def test_tokens_of_the_hub_are_asked_of_the_hub(usage: str) -> None:
    assert status(usage, "an-invented-token-of-ann") == 200
    assert status(usage, TOKEN) == 403  # a service that may not do as much
    assert status(usage, "unknown") == 401
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{usage}/api/activity", timeout=30)


def test_a_login_that_was_not_begun_here_is_refused(usage: str) -> None:
    for query in ("code=x&state=y", "code=x&state="):
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(f"{usage}/oauth_callback?{query}", timeout=30)

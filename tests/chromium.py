"""A browser for tests of pages, and a page in it on which nothing may go wrong."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page, Request, sync_playwright

OWN = ("file:", "http://127.0.0.1")
"""How the addresses begin that a page may ask for."""


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser of this machine."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    pytest.skip("no Chromium on this machine (make test installs it)")


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as play:
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        opened = play.chromium.launch(executable_path=chromium, args=options)
        yield opened
        opened.close()


@contextmanager
def quiet(browser: Browser, **options: Any) -> Iterator[Page]:
    """A page on which nothing is said on the console, fails, or is asked of another host."""
    trouble: list[str] = []

    def fail(request: Request) -> None:
        if not _is_aborted(request):
            trouble.append(f"failed: {request.url}")

    def ask(request: Request) -> None:
        if not request.url.startswith(OWN):
            trouble.append(request.url)

    def dismiss(dialog: Dialog) -> None:
        trouble.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    context = browser.new_context(**options)
    page = context.new_page()
    page.on("console", lambda message: trouble.append(message.text))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("requestfailed", fail)
    page.on("request", ask)
    page.on("dialog", dismiss)
    yield page
    context.close()
    assert trouble == []


def _is_aborted(request: Request) -> bool:
    """Whether the page was left before the answer came."""
    return request.failure == "net::ERR_ABORTED"

"""What is published of a path and of a user agent."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hzmetrics.publish.figures.names import browser_of, page_of, system_of


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("", "/"),
        ("/", "/"),
        ("/docs/install", "/docs/install"),
        ("/docs//install/", "/docs/install"),
        ("/caf%C3%A9", "/café"),
        ("/%FF", "/\ufffd"),
        ("/user/ann/settings", "/user/*"),
        ("/Members/1017", "/Members/*"),
        ("/en/profile/ann", "/en/profile/*"),
        ("/members/", "/members"),
        ("/~ann/cv", "/*"),
        ("/@ann", "/*"),
        ("/u%73er/ann", "/user/*"),
        ("/unsubscribe/ann@example.org/now", "/unsubscribe/*/now"),
        ("/unsubscribe/ann%2540example.org", "/unsubscribe/*"),
        ("/reset/9f86d081884c7d659a2feaa0c55ad015", "/reset/*"),
        ("/file/9f86d081-884c-7d65-9a2f-eaa0c55ad015.pdf", "/file/*"),
        ("/whois/192.0.2.17", "/whois/*"),
        ("/order/20261234567", "/order/*"),
        ("/call/+49-171-1234567", "/call/*"),
        ("/list/mail=ann", "/list/*"),
        ("/list%3Fmail%3Dann", "/list"),
        ("/2026/10/05/my-10-favourite-things-for-2024", "/2026/10/05/my-10-favourite-things-for-2024"),
    ],
)
def test_the_page_of_a_path(path: str, page: str) -> None:
    assert page_of(path) == page


@given(
    st.sampled_from(["ann@example.org", "192.0.2.17", "9f86d081884c7d659a2feaa0c55ad015"]),
    st.text(max_size=20),
    st.integers(0, 2),
    st.sampled_from(["/{}", "/a/{}/b", "/user/{}", "/a?x={}", "/{}#a"]),
)
def test_no_page_tells_of_anybody(secret: str, other: str, encodings: int, form: str) -> None:
    encoded = secret
    for _ in range(encodings):
        encoded = quote(encoded, safe="")
    page = page_of(form.format(encoded) + "/" + quote(other))
    assert secret not in page


@pytest.mark.parametrize(
    ("agent", "browser", "system"),
    [
        ("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox", "Ubuntu"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/17.5 Mobile/15E148 Safari/604.1",
            "Mobile Safari",
            "iOS",
        ),
        ("ann@example.org", "", ""),
        ("", "", ""),
    ],
)
def test_browsers_and_systems(agent: str, browser: str, system: str) -> None:
    assert (browser_of(agent), system_of(agent)) == (browser, system)


def test_hostile_agents_take_no_time() -> None:
    for text in ("(" * 255, "Mozilla/5.0 (" + ";" * 240, "a b" * 85, "\x00" * 255):
        assert browser_of(text) == system_of(text) == ""

"""Addresses in a text that is shown (spec 67)."""

from __future__ import annotations

import pytest

from hzmetrics.logs.shortened import shortened


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.17", "192.0.2.0"),
        ("x192.0.2.17:443, 198.51.100.4x", "x192.0.2.0:443, 198.51.100.0x"),
        ("[2001:db8:1:2::7]:443", "[2001:db8:1::]:443"),
        ("2001:db8:1:2:3:4:5:6%eth0", "2001:db8:1::%eth0"),
        ("client:2001:DB8::7, fe80::1", "client:2001:DB8::, fe80::"),
        ("::ffff:192.0.2.17 :ffff:192.0.2.17", ":: :ffff:192.0.2.0"),
        ("04/Mar/2025:08:00:00 +0000 2025-03-04T08:00:00.123+01:00", None),
        ("GET /a HTTP/1.1 Chrome/124.0.6367.60", None),
    ],
)
def test_addresses_are_shortened_and_all_else_stays(text: str, expected: str | None) -> None:
    assert shortened([text]) == [text if expected is None else expected]


def test_long_texts_take_no_longer_than_their_length() -> None:
    for text in ("a" * 1_000_000, "1." * 500_000, "f:" * 500_000, "a:" + "b" * 1_000_000):
        assert len(shortened([text])[0]) <= len(text)

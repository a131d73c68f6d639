"""What is said of lines that could not be read, and what would make them readable."""

from __future__ import annotations

import pytest

from hzmetrics.logs import remedy
from hzmetrics.logs.account import Account
from hzmetrics.logs.formats import FORMATS, HUB_AUTH
from hzmetrics.logs.settings import LogSettings

HUB_LINE = FORMATS["hub"].example
COMBINED_LINE = FORMATS["combined"].example


def test_an_account_in_words() -> None:
    account = Account(lines=1002, examples=["\x1b[31mx" + "y" * 300])
    account.formats["combined"] = 8
    assert str(account) == r"994 of 1,002 lines could not be read; first: \x1b[31mx" + "y" * 194
    assert account.is_mostly_unread()
    assert not account.is_mostly_unread(100)
    assert str(Account()) == "there are no lines"
    assert str(Account(lines=10, comments=2, formats=account.formats)) == "all 8 lines could be read"


def test_accounts_add_up() -> None:
    total = Account(lines=2, examples=["a"])
    total.add(Account(lines=5, comments=1, zones=1, examples=["b", "c", "d"]))
    assert (total.lines, total.comments, total.zones, total.examples) == (7, 1, 1, ["a", "b", "c"])


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "own"])
def test_every_format_is_nearest_to_its_own_example(name: str) -> None:
    assert remedy.nearest([FORMATS[name].example]) is FORMATS[name]


def test_the_nearest_format_of_lines_that_are_nearly_right() -> None:
    assert remedy.nearest([COMBINED_LINE.replace("192.0.2.1", "-").replace("HTTP/1.1", "")]) is FORMATS["combined"]
    assert (
        remedy.nearest([COMBINED_LINE.replace("03/Mar", "31/Feb"), COMBINED_LINE, "{", "garbage"])
        is FORMATS["combined"]
    )
    assert remedy.nearest(['{"a": 1']) is FORMATS["json"]
    assert remedy.nearest([HUB_AUTH.example.replace("192.0.2.1", "a.example")]) is HUB_AUTH
    assert remedy.nearest(["an essay, of which no server knows anything"]) is None
    assert remedy.nearest([]) is None


@pytest.mark.parametrize(
    ("line", "settings", "said"),
    [
        (COMBINED_LINE, LogSettings(), "set [logs] format = auto"),
        (HUB_LINE, LogSettings(format="combined"), "set [logs] format = hub"),
        (
            HUB_LINE.replace("192.0.2.1", "2001:db8::1"),
            LogSettings(format="auto"),
            "add the corrections zones and ipv6",
        ),
        (HUB_AUTH.example, LogSettings(), "is it an auth log under the name of an access log?"),
        ("nothing at all", LogSettings(format="auto"), "set [logs] format to a definition of the lines"),
    ],
)
def test_what_to_set_for_an_access_log(line: str, settings: LogSettings, said: str) -> None:
    assert said in remedy.of_access_log(Account(lines=1, examples=[line]), settings)


def test_zones_that_only_a_correction_reads_are_named() -> None:
    account = Account(lines=100, zones=90, examples=[HUB_LINE.replace("-0500", "+0100")])
    assert "the correction zones" in remedy.of_access_log(account, LogSettings())


def test_an_access_log_under_the_name_of_an_auth_log() -> None:
    assert "is it an access log" in remedy.of_auth_log(Account(lines=1, examples=[COMBINED_LINE]))
    assert HUB_AUTH.example in remedy.of_auth_log(Account(lines=1, examples=["x"]))


def test_blank_lines_are_unread_and_do_not_decide_whether_a_log_is_mostly_unread() -> None:
    account = Account(lines=2)
    account.formats["combined"] = 2
    account.add_blank(3)
    assert str(account) == "3 of 5 lines could not be read (blank or longer than 1 MiB: 3)"
    assert (account.unread, account.texts, account.is_mostly_unread()) == (3, 2, False)
    total = Account()
    total.add(account)
    assert str(total) == str(account)

"""Operators' regular expressions are those of RE2."""

from __future__ import annotations

import time

import pyarrow as pa
import pytest

from hzmetrics.logs.patterns import Pattern


@pytest.mark.parametrize(
    ("text", "construct"),
    [
        ("(", "missing )"), ("x(?=y)", "(?="), ("(?<!x)y", "(?<"), (r"(x)\1", r"\1"), ("x++", "++"),
        ("x{2000}", "{2000}"), ("(?(1)x)", "(?("),
    ],
)  # fmt: skip
def test_the_construct_that_cannot_be_taken_is_named(text: str, construct: str) -> None:
    with pytest.raises(ValueError) as error:
        Pattern(text).check()
    assert str(error.value).startswith(f"{text!r} is not a regular expression of RE2: ")
    assert construct in str(error.value)


def test_a_missing_group_is_named() -> None:
    with pytest.raises(ValueError, match="has no group named a, c"):
        Pattern("(?P<b>x)", groups=("a", "b", "c")).check()


@pytest.mark.parametrize(
    ("text", "searched", "found"),
    [
        (r"(x|y)/(?P<a>\w+)(\.(md|py))?$", "/y/name.md", "name"),
        (r"[()](?P<a>.)", "a(b", "b"),
        (r"[])(](?P<a>.)", "]b", "b"),
        (r"[^](](?P<a>.)", "](xb", "b"),
        (r"[[:alpha:](](?P<a>\d)", "(1", "1"),
        (r"\((?P<a>.)\)(z)*", "(b)", "b"),
        (r"\Q(a)(\E(?P<a>.)", "(a)(b", "b"),
        (r"(?:x)(?P<a>.)(?i:Z)", "xbz", "b"),
        (r"(?<a>.)!", "b!", "b"),
    ],
)
def test_groups_without_a_name_do_no_harm(text: str, searched: str, found: str) -> None:
    pattern = Pattern(text, groups=("a",))
    pattern.check()
    assert pattern.extract(pa.array([searched, ""])).to_pylist() == [{"a": found}, None]


def test_a_beginning_is_that_of_the_text() -> None:
    texts = pa.array(["ab", "ba", "c\na", "b"])
    assert Pattern("a|b").begins(texts).to_pylist() == [True, True, False, True]
    assert Pattern("(?m)^a").begins(texts).to_pylist() == [True, False, False, False]


def test_no_text_takes_long() -> None:
    begun = time.process_time()
    assert Pattern("^(a+)+$").is_in(pa.array(["a" * 60_000 + "b"])).to_pylist() == [False]
    assert time.process_time() - begun < 2

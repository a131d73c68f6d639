"""Bad signature files name the row; levels at their edges (spec 84 §4, §6)."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hzmetrics.errors import ConfigurationError
from hzmetrics.events.levels import Rules, evaluate
from hzmetrics.events.signatures import BUILT_IN, load, parse


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("a\tauth\t-\tx", "4 columns"),
        ("a\tnowhere\t-\tx\t-", "source 'nowhere'"),
        ("a\tauth\t-\t(\t-", r"'\(' is not a regular expression of RE2: missing \)"),
        ("a\tauth\t-\tx(?=y)\t-", r"not a regular expression of RE2: invalid perl operator: \(\?="),
        ("a\tauth\t-\tx\t20x", "status '20x'"),
        ("a\tauth\t-\tx\t399-200", "status '399-200' ends"),
        ("\tauth\t-\tx\t-", "name is empty"),
    ],
)
def test_a_bad_row_is_named(row: str, problem: str, tmp_path: Path) -> None:
    file = tmp_path / "signatures.tsv"
    file.write_text(f" # comment\n\ngood\tauth\t-\tx\t-\n{row}\n")
    with pytest.raises(ConfigurationError, match=f"row 4: .*{problem}") as caught:
        load(file).check()
    assert str(file) in str(caught.value)


def test_the_first_that_fits_names_the_event() -> None:
    table = parse(BUILT_IN.splitlines(), "built-in")
    assert table.name("auth", "", "login", 0) == "successful_logins"
    assert table.name("auth", "", "relogin", 0) is None
    assert table.name("jupyterhub", "post", "/hub/login?next=/", 503) == "failed_logins"
    assert table.name("access", "GET", "/login", 200) is None


@given(
    st.lists(st.tuples(st.integers(0, 900), st.sampled_from("abc")), max_size=120),
    st.integers(10, 90),
    st.integers(10, 90),
)
def test_evaluation_passes_over_nothing(events: list[tuple[int, str]], window: int, interval: int) -> None:
    rules = Rules({"a": 3, "b": 2}, window, interval)
    events.sort()
    expected, previous = [], 0
    for when in range(interval, 1200, interval):
        counts = Counter(name for time, name in events if when - window <= time < when)
        level = min(2, (counts["a"] > 3) + (counts["b"] > 2))
        previous = 1 if previous == 2 and level == 0 else level
        if previous:
            expected.append((when, previous, dict(counts)))
    found = evaluate(events, 0, 1199 // interval * interval, 0, rules)
    assert [(one.when, one.level, dict(one.counts)) for one in found] == expected

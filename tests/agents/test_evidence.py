"""The rules by which an agent is a person's or a machine's, each shown by its examples."""

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from hzmetrics.agents.evidence import LISTED, MACHINES, PEOPLE, Rule, edition, listed, machines, people, table
from hzmetrics.agents.judging import are_machines, verdicts

pytestmark = pytest.mark.slow

OURS = [rule for kind in (*MACHINES, *PEOPLE) for rule in table(kind)]

PEOPLE_OF_THE_LIST = {r"AP3A\.240617\.008", "MetaIAB Facebook"}
"""Patterns of the list that take people for machines: a build of Android, and Facebook's browser."""


@pytest.mark.parametrize("rule", OURS, ids=[f"{rule.kind} {rule.name}" for rule in OURS])
def test_a_rule_is_shown_by_its_examples(rule: Rule) -> None:
    assert rule.examples
    examples = pa.array(rule.examples)
    assert pc.match_substring_regex(examples, rule.pattern).to_pylist() == [True] * len(examples)
    assert dict(zip(rule.examples, are_machines(examples).to_pylist(), strict=True)) == dict.fromkeys(
        rule.examples, rule.kind in MACHINES
    )


def test_the_list_is_taken_whole() -> None:
    from crawleruseragents import CRAWLER_USER_AGENTS_DATA

    assert [rule.name for rule in listed()] == [entry["pattern"] for entry in CRAWLER_USER_AGENTS_DATA]
    refused = []
    for rule in listed():
        try:
            pc.match_substring_regex(pa.array([""]), rule.pattern)
        except pa.ArrowInvalid:
            refused.append(rule.name)
    assert refused == [], "RE2 cannot take these"


def test_the_list_s_examples_are_machines_with_few_exceptions() -> None:
    shown = [(rule.name, example) for rule in listed() for example in rule.examples]
    verdict = are_machines(pa.array([example for _, example in shown])).to_pylist()
    wrong = {name for (name, _), is_machine in zip(shown, verdict, strict=True) if not is_machine}
    assert wrong == PEOPLE_OF_THE_LIST


def test_every_rule_has_a_name_of_its_own_in_its_table() -> None:
    for kind in (*MACHINES, *PEOPLE):
        names = [rule.name for rule in table(kind)]
        assert len(names) == len(set(names))


def test_the_verdict_says_which_rule_and_which_text() -> None:
    agents = [
        "curl/8.5.0",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
        "Mozilla/5.0 (Linux; Android 14; K) Chrome/124.0.0.0 NAVER(inapp; search; 2000; 12.8.5)",
        "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        "Mozilla/5.0 (compatible; Adventurer)",
        "",
        None,
        "(unheard of)",
    ]
    found = verdicts(pa.array(agents))
    assert list(
        zip(*(found[name].to_pylist() for name in ("is_machine", "kind", "rule", "evidence")), strict=True)
    ) == [
        (True, "library", "curl", "curl"),
        (True, "model", "OpenAI", "GPTBot"),
        (False, "person", "NAVER", "NAVER(inapp; search; 2000; 12.8.5)"),
        (False, "browser", "the platform", "Mozilla/5.0 (X11; Linux x86_64"),
        (True, LISTED, "Adventurer", "Adventurer"),
        (True, "named", "no agent", ""),
        (False, None, None, None),
        (False, None, None, None),
    ]
    assert found["is_machine"].to_pylist() == are_machines(pa.array(agents)).to_pylist()


@pytest.mark.slow
def test_verdicts_and_the_quick_answer_agree_on_every_example() -> None:
    agents = pa.array([example for rule in (*machines(), *people()) for example in rule.examples])
    found = verdicts(agents)
    assert found["is_machine"].to_pylist() == are_machines(agents).to_pylist()
    assert all(rule for rule, is_machine in zip(found["rule"].to_pylist(), found["is_machine"].to_pylist(), strict=True)
               if is_machine)  # fmt: skip


HOSTILE = [
    "a" * 65536, "Mozilla/5.0 " * 5000, "Android 5; " * 6000, "(compatible; " * 5000, "instagram 1" * 6000,
    "[fban/" * 10000, "\\" * 65536, "\x00" * 65536, "é" * 32768, " " * 65536, "spider" * 10000,
]  # fmt: skip


def test_no_agent_takes_long() -> None:
    """Patterns that backtrack would take days over these."""
    agents = pa.array(HOSTILE * 5)
    assert len(are_machines(agents)) == len(verdicts(agents)) == len(agents)


def test_the_edition_names_package_version_and_patterns() -> None:
    assert edition().startswith("crawler-user-agents 1.")
    assert f"({len(listed())} patterns)" in edition()

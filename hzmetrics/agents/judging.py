"""Which user agents are machines', whole columns at a time and in time linear in their length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby

import pyarrow as pa
import pyarrow.compute as pc

from hzmetrics.agents.evidence import PEOPLE, Rule, any_of, machines, people, table

SIZE = 2_500
"""Characters of patterns that are evaluated as one: the automaton of many more does not fit RE2's memory."""

NO_AGENT = Rule("named", "no agent", r"^[\s-]*$", ("", "-"))
"""The agent was logged, and is empty. That a format has no agent at all is another thing: null, not a text."""

REASON = pa.struct([("kind", pa.string()), ("rule", pa.string()), ("evidence", pa.string())])


def are_machines(agents: pa.Array) -> pa.Array:
    """Whether each agent is a machine's. Nothing is known of null, an agent that was not logged: false."""
    rest = _telling(agents)
    found = pa.array([False] * len(rest.dictionary), pa.bool_())
    for rules in _groups(machines()):
        found = pc.or_(found, pc.match_substring_regex(rest.dictionary, any_of(rules)))
    without = pc.match_substring_regex(agents, NO_AGENT.pattern)
    return pc.fill_null(pc.or_(without, found.take(rest.indices)), False)


def verdicts(agents: pa.Array) -> pa.Table:
    """What each agent counts as and why: `agent`, `is_machine`, `kind`, `rule` and `evidence`, the text it is known by.

    The last three are null where no rule knows anything in the agent.
    """
    rest = _telling(agents)
    reasons = _first_reasons(rest.dictionary, machines()).take(rest.indices)
    reasons = pc.coalesce(_first_reasons(agents, (NO_AGENT,)), reasons)
    is_machine = pc.is_valid(reasons)
    reasons = pc.coalesce(reasons, _first_reasons(agents, people()))
    names = [field.name for field in REASON]
    columns = {name: pc.struct_field(reasons, [place]) for place, name in enumerate(names)}
    return pa.table({"agent": agents, "is_machine": is_machine, **columns})


def _telling(agents: pa.Array) -> pa.DictionaryArray:
    """What of each agent can be evidence of a machine; far fewer texts than agents."""
    for kind in reversed(PEOPLE):  # what browsers say first: most agents differ in nothing else
        texts = agents.dictionary_encode() if isinstance(agents, pa.StringArray) else agents
        rest = texts.dictionary
        for rules in _groups(table(kind)):
            rest = pc.replace_substring_regex(rest, any_of(rules), " ")
        rest = rest.dictionary_encode()
        agents = pa.DictionaryArray.from_arrays(rest.indices.take(texts.indices), rest.dictionary)
    return agents


def _first_reasons(texts: pa.Array, rules: tuple[Rule, ...]) -> pa.Array:
    """Of each text, what the first rules that find something say; null if none does."""
    reasons = pa.nulls(len(texts), REASON)
    for group in _groups(rules):
        reasons = pc.coalesce(reasons, _reasons(texts, group))
    return reasons


def _reasons(texts: pa.Array, rules: Sequence[Rule]) -> pa.Array:
    """Of each text, what the rules that are evaluated as one say."""
    found = pc.struct_field(pc.extract_regex(texts, f"(?P<evidence>{any_of(rules)})"), [0]).dictionary_encode()
    if not len(found.dictionary):
        return pa.nulls(len(texts), REASON)
    of_rule = pa.nulls(len(found.dictionary), pa.int64())
    for place, rule in enumerate(rules):
        is_this = pc.match_substring_regex(found.dictionary, f"^(?:{rule.pattern})$")
        of_rule = pc.coalesce(of_rule, pc.if_else(is_this, place, None))
    reasons = [
        {"kind": rules[place].kind, "rule": rules[place].name, "evidence": evidence}
        for place, evidence in zip(of_rule.to_pylist(), found.dictionary.to_pylist(), strict=True)
    ]
    return pa.array(reasons, REASON).take(found.indices)


@cache
def _groups(rules: tuple[Rule, ...]) -> tuple[tuple[Rule, ...], ...]:
    """Rules of a kind that are evaluated as one pattern each."""
    return tuple(group for _, kind in groupby(rules, lambda rule: rule.kind) for group in _of_size(list(kind)))


def _of_size(rules: Sequence[Rule]) -> Iterator[tuple[Rule, ...]]:
    group: list[Rule] = []
    size = 0
    for rule in rules:
        if group and size + len(rule.pattern) > SIZE:
            yield tuple(group)
            group, size = [], 0
        group.append(rule)
        size += len(rule.pattern)
    yield tuple(group)

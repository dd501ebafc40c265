"""How much one rule may hold: every batch is tried on all of it, and a reload reads all of it."""

from __future__ import annotations

from agent.detection.condition.tree import Match, Network, Node, Number, Regex, Text, TimePart, leaves

MOST_VALUES = 100_000
"""Values of one rule, listed in it or in files of values; a look-up in so many takes a tenth of a second a batch."""

MOST_PATTERNS = 2_000
"""Values that are tried one by one: expressions, wildcards, beginnings, ends, numbers, networks; so many take up to a
quarter of a second a batch.
"""

PATTERNS = frozenset({"re", "startswith", "endswith", "cidr"})
"""Modifiers that make such values."""

HINT = "put addresses, networks and user agents into a file under enrich.indicators; make several rules of others"


def too_much(values: int, patterns: int = 0) -> str:
    """What is wrong with a rule that holds so many, or nothing."""
    if values > MOST_VALUES:
        return f"the rule holds {values:,} values, more than {MOST_VALUES:,}"
    if patterns > MOST_PATTERNS:
        what = "expressions, wildcards, beginnings, ends, numbers and networks"
        return f"the rule holds {patterns:,} {what}, more than {MOST_PATTERNS:,}"
    return ""


def too_large(condition: Node) -> str:
    """What is wrong with the size of a condition, or nothing."""
    values = patterns = 0
    for leaf in leaves(condition):
        count, one_by_one = _size(leaf)
        values += count
        patterns += count if one_by_one else 0
    return too_much(values, patterns)


def _size(leaf: Match) -> tuple[int, bool]:
    match leaf.test:
        case Text(how, values):
            return len(values), how not in ("equals", "contains")
        case Regex(patterns):
            return len(patterns), True
        case Network(ranges):
            return -(-len(ranges) // 2), True  # each of IPv4 is there in its IPv6 form as well
        case Number() | TimePart():
            return 1, True
        case _:
            return 1, False

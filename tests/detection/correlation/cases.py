"""Every type and operator of correlations as a rule's author writes it, and as the obvious evaluator takes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tests.detection.correlation.naive import Spec

STEPS = ("a", "b", "c")

BASES = "".join(
    f"""
title: Rule {step}
name: {step}
logsource: {{product: salesforce, service: event_log_file}}
detection: {{sel: {{KIND: {step}}}, condition: sel}}
---"""
    for step in STEPS
)

CHILD = """
title: Child
name: child
correlation:
  type: event_count
  rules: [a, b]
  group-by: [USER_ID]
  timespan: 10m
  condition: {gte: 3}
---"""
COUNT_OF_THREE = Spec("event_count", ("a", "b"), lambda n: n >= 3)
UNHEARD = """
title: Unheard
name: child
correlation:
  type: temporal
  rules: [a, b]
  group-by: [USER_ID]
  timespan: 10m
  condition: a and not b
---"""
A_WITHOUT_B = Spec("temporal", ("a", "b"), terms=((("a",), ("b",)),), waits=True)


Case = tuple[str, Spec]
"""Documents behind `BASES`, and what they mean."""

Terms = Sequence[tuple[Sequence[str], Sequence[str]]]
"""Steps wanted and steps absent of each way in which an expression can hold."""


def correlation(
    kind: str, condition: str = "", rules: str = "[a, b, c]", ending: str = "", group: str = "[USER_ID]"
) -> str:
    """The document of a correlation named Tried."""
    condition_line = f"  condition: {condition}\n" if condition else ""
    by = f"  group-by: {group}\n" if group else ""
    return f"""
title: Tried
id: 6f0d3a43-6b2f-4d34-9f3c-0f6d3f6a7c20
name: tried
correlation:
  type: {kind}
  rules: {rules}
{by}  timespan: 10m
{condition_line}{ending}"""


def number(kind: str, condition: str, holds: Callable[[float], bool], **spec: Any) -> Case:
    """A correlation of all three rules with a numeric condition, such as `{gte: 3}`; `spec`: what else of `Spec`."""
    text = condition if kind in ("event_count", "temporal", "temporal_ordered") else f"{{field: VALUE, {condition[1:]}"
    field = "VALUE" if kind.startswith("value") else ""
    waits = spec.pop("waits", False)
    return correlation(kind, text), Spec(kind, STEPS, holds, field=field, waits=waits, **spec)


def words(kind: str, expression: str, terms: Terms, *, waits: bool = False) -> Case:
    """A correlation of the rules that an expression names."""
    steps = tuple(
        step for step in STEPS if "them" in expression or step in expression.replace("(", " ").replace(")", " ").split()
    )
    return correlation(kind, expression, rules=f"[{', '.join(steps)}]"), Spec(kind, steps, terms=terms, waits=waits)


CASES: dict[str, Case] = {
    "count gte": number("event_count", "{gte: 3}", lambda n: n >= 3),
    "count gt": number("event_count", "{gt: 2}", lambda n: n > 2),
    "count lt": number("event_count", "{lt: 2}", lambda n: n < 2, lowest=True, waits=True),
    "count lte": number("event_count", "{lte: 2}", lambda n: n <= 2, lowest=True, waits=True),
    "count eq": number("event_count", "{eq: 2}", lambda n: n == 2, waits=True),
    "count neq": number("event_count", "{neq: 2}", lambda n: n != 2, waits=True),
    "count range": number("event_count", "{gt: 1, lte: 3}", lambda n: 1 < n <= 3, waits=True),
    "values gte": number("value_count", "{gte: 3}", lambda n: n >= 3),
    "values lt": number("value_count", "{lt: 2}", lambda n: n < 2, lowest=True, waits=True),
    "values range": number("value_count", "{gte: 2, lt: 4}", lambda n: 2 <= n < 4, waits=True),
    "sum gte": number("value_sum", "{gte: 9}", lambda n: n >= 9),
    "sum gt": number("value_sum", "{gt: 8.5}", lambda n: n > 8.5),
    "sum range": number("value_sum", "{gte: 4, lte: 9}", lambda n: 4 <= n <= 9, waits=True),
    "average gte": number("value_avg", "{gte: 3.5}", lambda n: n >= 3.5, waits=True),
    "average lt": number("value_avg", "{lt: 2}", lambda n: n < 2, lowest=True, waits=True),
    "median gt": number("value_median", "{gt: 3}", lambda n: n > 3, waits=True),
    "median eq": number("value_median", "{eq: 2.5}", lambda n: n == 2.5, waits=True),
    "percentile": (
        correlation("value_percentile", "{field: VALUE, percentile: 90, gte: 4.2}"),
        Spec("value_percentile", STEPS, lambda n: n >= 4.2, field="VALUE", percentile=90, waits=True),
    ),
    "temporal": (correlation("temporal"), Spec("temporal", STEPS, lambda n: n >= 3)),
    "temporal two": number("temporal", "{gte: 2}", lambda n: n >= 2),
    "temporal eq": number("temporal", "{eq: 2}", lambda n: n == 2, waits=True),
    "temporal words": words("temporal", "a and (b or c)", ((("a", "b"), ()), (("a", "c"), ()))),
    "temporal one of": words("temporal", "1 of them", ((("a",), ()), (("b",), ()), (("c",), ()))),
    "temporal all of": words("temporal", "all of them", ((("a", "b", "c"), ()),)),
    "temporal not": words("temporal", "a and not b", ((("a",), ("b",)),), waits=True),
    "temporal not two": words("temporal", "a and not (b and c)", ((("a",), ("b",)), (("a",), ("c",))), waits=True),
    "temporal not or": words(
        "temporal", "(a and not b) or (a and c)", ((("a",), ("b",)), (("a", "c"), ())), waits=True
    ),
    "ordered": (correlation("temporal_ordered"), Spec("temporal_ordered", STEPS, lambda n: n >= 3)),
    "ordered two": number("temporal_ordered", "{gte: 2}", lambda n: n >= 2),
    "ordered again": (
        correlation("temporal_ordered", rules="[a, b, a]"),
        Spec("temporal_ordered", ("a", "b", "a"), lambda n: n >= 3),
    ),
    "ordered range": number("temporal_ordered", "{gte: 1, lt: 3}", lambda n: 1 <= n < 3, waits=True),
    "ordered words": words("temporal_ordered", "a and c or b and c", ((("a", "c"), ()), (("b", "c"), ()))),
    "ordered not": words("temporal_ordered", "a and b and not c", ((("a", "b"), ("c",)),), waits=True),
    "no group": (
        correlation("event_count", "{gte: 5}", group=""),
        Spec("event_count", STEPS, lambda n: n >= 5, group_by=()),
    ),
    "two groups": (
        correlation("event_count", "{gte: 2}", group="[USER_ID, CLIENT_IP]"),
        Spec("event_count", STEPS, lambda n: n >= 2, group_by=("USER_ID", "CLIENT_IP")),
    ),
    "aliases": (
        correlation(
            "event_count",
            "{gte: 3}",
            group="[who]",
            ending="  aliases: {who: {a: USER_ID, b: CLIENT_IP, c: USER_ID}}\n",
        ),
        Spec(
            "event_count",
            STEPS,
            lambda n: n >= 3,
            group_by=("who",),
            aliases={"who": {"a": "USER_ID", "b": "CLIENT_IP", "c": "USER_ID"}},
        ),
    ),
    "quiet": (
        correlation("event_count", "{gte: 2}", ending="leakline: {quiet: 30m}\n"),
        Spec("event_count", STEPS, lambda n: n >= 2, quiet=30),
    ),
}
CHAINS: dict[str, tuple[str, Spec, Spec]] = {
    "burst, then": (
        CHILD + correlation("temporal_ordered", rules="[child, c]"),
        COUNT_OF_THREE,
        Spec("temporal_ordered", ("child", "c"), lambda n: n >= 2),
    ),
    "bursts of several": (
        CHILD + correlation("value_count", "{field: USER_ID, gte: 2}", rules="[child]", group="[CLIENT_IP]"),
        COUNT_OF_THREE,
        Spec("value_count", ("child",), lambda n: n >= 2, group_by=("CLIENT_IP",), field="USER_ID"),
    ),
    "no burst": (
        CHILD + correlation("temporal", "c and not child", rules="[child, c]"),
        COUNT_OF_THREE,
        Spec("temporal", ("child", "c"), terms=((("c",), ("child",)),), waits=True),
    ),
    "silence, then": (
        UNHEARD + correlation("temporal_ordered", rules="[child, c]"),
        A_WITHOUT_B,
        Spec("temporal_ordered", ("child", "c"), lambda n: n >= 2),
    ),
    "silences": (
        UNHEARD + correlation("event_count", "{gte: 2, lte: 3}", rules="[child]"),
        A_WITHOUT_B,
        Spec("event_count", ("child",), lambda n: 2 <= n <= 3, waits=True),
    ),
}

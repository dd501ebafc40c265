"""What a rule asks that a query language has no words for, or that its backend would turn into another question in silence."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import partial
from ipaddress import ip_address

from agent.detection.authoring.pysigma_pipeline import EventSchema, Target
from agent.detection.condition.tree import Match, Node, Regex, Text, TimePart, leaves
from agent.detection.sigma.log_source import ALIASES


def unsupported(
    node: Node,
    types: Collection[str] | None,
    schema: EventSchema,
    target: Target,
    *,
    lists: bool,
    service: str | None = None,
) -> str:
    """Why the condition cannot be asked; empty if it can.

    `types`: the event types it is about, if it says so; `lists`: whether the language compares fields of several values;
    `service`: that of its log source.
    """
    services = {service, *ALIASES.get(service, ())} if service else set[str]()
    fields = partial(schema.fields, types=types, services=services)
    return next((why for leaf in leaves(node) for why in _of_leaf(leaf, fields, schema, target, lists=lists)), "")


def _of_leaf(
    leaf: Match, fields: Callable[[str], Collection[str]], schema: EventSchema, target: Target, *, lists: bool
) -> Iterator[str]:
    if isinstance(leaf.test, TimePart):
        yield f"the {leaf.test.part} of a time is dropped by the backend"
    if leaf.field is None:
        return
    for name in fields(leaf.field):
        if not lists and name in schema.lists:
            yield f"{name} may hold several values, which the language does not compare"
        kind = schema.kinds.get(name, "text")
        if target == "elastic" and not _fits(leaf.test, kind):
            yield f"{name} is not text there ({kind}), and the rule compares it as text"


def _fits(test: object, kind: str) -> bool:
    """Whether a field that is indexed as this kind of value can be asked."""
    if kind == "text" or not isinstance(test, Text | Regex):
        return True
    if isinstance(test, Regex) or test.how != "equals":
        return False
    return all(_is_one(value, kind) for value in test.values)


def _is_one(text: str, kind: str) -> bool:
    if kind == "boolean":
        return text in ("true", "false")
    try:
        if kind == "address":
            ip_address(text)
        elif kind in ("integer", "decimal"):
            float(text)
    except ValueError:
        return False
    return True

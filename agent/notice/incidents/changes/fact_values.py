"""What is known of an incident: facts that laws ask for, and those that a notice has to contain (GDPR Art. 33(3))."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from agent.notice.declared import NotDeclarable, number_value, pair, truth_value
from agent.notice.incidents.changes import free_text
from agent.notice.incidents.changes.refusal import require_whole
from agent.notice.incidents.incident import Fact, Incident
from agent.notice.regimes.model import RegimePack

Kind = Literal["count", "truth", "text"]

OWN: Mapping[str, Kind] = {
    "description": "text",
    "data_categories": "text",
    "person_categories": "text",
    "persons_affected": "count",
    "records_affected": "count",
    "encrypted": "truth",
    "likely_consequences": "text",
    "measures_taken": "text",
    "measures_proposed": "text",
    "contact_point": "text",
    "root_cause": "text",
    "cross_border": "truth",
}
"""What notices contain, whether or not a regime of the pack decides by it."""

RESIDENTS = re.compile(r"residents_[a-z]{2}(_[a-z]{2,3})?")
"""How many of the persons live where: `residents_de`, `residents_us_ny`."""

LARGEST = 10_000_000_000
"""More persons than there are: a number above was mistyped."""


def values(texts: Sequence[str], pack: RegimePack) -> dict[str, float | bool | str]:
    """`NAME=VALUE` each. Raises NotDeclarable for an unknown name, a value of another kind, and two values for one fact; and
    NotAllowed for a text that is too long.
    """
    kinds = {**{name: _kind(truth) for name, truth in pack.facts().items()}, **OWN}
    found: dict[str, float | bool | str] = {}
    for text in texts:
        name, value = pair(text, "persons_affected=1200")
        kind = kinds.get(name) or ("count" if RESIDENTS.fullmatch(name) else None)
        if kind is None:
            near = difflib.get_close_matches(name, kinds, n=3) or sorted(kinds)
            raise NotDeclarable(f"{name[:60]!r} is not a fact", hint=f"write one of {', '.join(near)}, or residents_XX")
        if name in found:
            raise NotDeclarable(f"{name} is given twice", hint="give each fact one value")
        found[name] = _value(name, value, kind)
    return found


def with_facts(
    incident: Incident, declared: Mapping[str, float | bool | str], by: str, now: datetime, *, basis: str = ""
) -> Incident:
    """Of an ended one too: its place in the register may lack something. Raises NotAllowed."""
    require_whole(incident)
    basis = free_text.text(basis, "a basis", needed=False)
    facts = {name: Fact(value, by, now, basis) for name, value in declared.items()}
    return replace(incident, facts={**incident.facts, **facts})


def _kind(truth: bool) -> Kind:
    return "truth" if truth else "count"


def _value(name: str, value: str, kind: Kind) -> float | bool | str:
    if kind == "text":
        return free_text.text(value, name)
    if kind == "truth":
        return truth_value(name, value)
    number = number_value(name, value)
    if not number.is_integer() or number > LARGEST:
        raise NotDeclarable(f"{value[:40]!r} is not a number of {name}", hint="write a whole number from 0 on")
    return number

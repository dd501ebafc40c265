"""A pack of regimes: which laws bind whom, from when on, and until when. Keys are those of the file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import Any

from agent.changes.classes.change_class import ChangeClass
from agent.changes.classes.containers import Entries, Group, Members, NamedList
from agent.changes.classes.deadline import deadline_class
from agent.changes.classes.directions import (
    Direction,
    ValueChange,
    any_is_neutral,
    any_weakens,
    larger_weakens,
    only_to,
    removal_weakens,
)
from agent.changes.classes.fact_test import scope_class, variants_class
from agent.changes.classes.line import Line
from agent.changes.classes.magnitude import on
from agent.changes.classes.tables.notice import EARLIEST

TEXT = "It is a text that changes no date."
DECIDED = "By this text a person decides whether and when a duty applies."

BINDS = frozenset({"in_force", "future", "contractual"})
"""Statuses with which a regime binds, from its day on; with `pending` and `proposed` it does not."""


def status(change: ValueChange) -> ChangeClass:
    before, after = str(change.before) in BINDS, str(change.after) in BINDS
    if before == after:
        return "neutral"
    return "strengthen" if after else "weaken"


def day(value: Any) -> float | None:
    """Its number; what has no day began long ago."""
    if value is None:
        return -math.inf
    try:
        return float(date.fromisoformat(value).toordinal())
    except (TypeError, ValueError):
        return None


def _lines(prefix: str, keys: Sequence[str], judge: Direction, reason: str) -> list[Line]:
    return [Line(f"{prefix}.{key}", judge, reason) for key in keys]


DUTY = "regimes[].obligations[]"

DUTIES: Sequence[Line] = (
    Line("regimes[].obligations", NamedList(name="id"), "Each one is a person or an authority to notify."),
    *_lines(DUTY, ("id", "stage", "track"), any_weakens, "By it clocks that run find their obligation."),
    *_lines(DUTY, ("recipient", "recipient_name"), any_weakens, "Another recipient is notified in place of this one."),
    Line(f"{DUTY}.role", any_weakens, "The obligation binds only who has this role."),
    Line(f"{DUTY}.anchor", only_to(EARLIEST), "Only the detection needs no person and cannot come later."),
    Line(f"{DUTY}.deadline", deadline_class, "The longer the term, the later the notice."),
    Line(f"{DUTY}.later_readings", any_is_neutral, "It is information: alarms follow the strict date."),
    Line(f"{DUTY}.applies", scope_class, "Where the test does not hold, there is no duty."),
    Line(f"{DUTY}.condition", any_weakens, DECIDED),
    Line(f"{DUTY}.variants", variants_class, "Where its condition holds, the other term counts."),
    Line(f"{DUTY}.note", any_is_neutral, TEXT),
)

REGIMES: Sequence[Line] = (
    Line("regimes", NamedList(name="id"), "Each one is a law, a rule or a contract that asks for notices."),
    Line("regimes[].id", any_weakens, "By it clocks that run find their regime."),
    *_lines(
        "regimes[]",
        ("name", "instrument", "article", "confidence", "register", "notes", "sources"),
        any_is_neutral,
        TEXT,
    ),
    Line("regimes[].jurisdictions", Members(), "It binds who is in one of them."),
    Line("regimes[].zone", any_weakens, "Where days end can move a date by a day."),
    Line("regimes[].status", status, "A regime that is only proposed or pending does not bind."),
    Line("regimes[].effective_from", larger_weakens(day), "Before this day it does not bind."),
    Line("regimes[].roles", Members(), "It binds who has one of these roles."),
    Line(
        "regimes[].sectors",
        Members(empty_is_all="weaken"),
        "With sectors it binds who is in one of them, else by role.",
    ),
    Line("regimes[].template", larger_weakens(on), "A template binds no organisation."),
    *_lines("regimes[]", ("threshold", "phased", "weekend_rule", "late_rule", "delay_allowed"), any_weakens, DECIDED),
    Line(
        "regimes[].exceptions", Members(added="weaken", removed="strengthen"), "An exception is a reason not to notify."
    ),
    Line("regimes[].content", Members(), "Without it drafts are complete that the law calls incomplete."),
)

LINES: Sequence[Line] = (
    Line("schema", any_weakens, "Another form could be read in another way."),
    Line("pack", Group(), "It says which pack this is."),
    Line("pack.id", any_weakens, "It is another pack, not a newer one."),
    *_lines("pack", ("version", "compiled_on", "review_by"), any_is_neutral, "It says how new the pack is."),
    Line("presumed_anchors", Entries(), "An anchor that is presumed needs no person."),
    Line("presumed_anchors.*", only_to(EARLIEST), "An anchor that is presumed needs no person."),
    Line("anchors", Entries(), "Terms count from anchors."),
    Line(
        "anchors.*", removal_weakens, "A text explains the anchor; without the anchor contracts count from another one."
    ),
    Line("no_shadow", Members(added="weaken", removed="strengthen"), "From these anchors no strict date is counted."),
    Line("role_aliases", Entries(), "By it a role of the settings is found in laws that call it otherwise."),
    Line("role_aliases.*", Members(), "By it a role of the settings is found in laws that call it otherwise."),
    *REGIMES,
    *DUTIES,
)

"""When something happened that a period counts from, as people declare and correct it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from agent.notice.deadlines import DETECTED
from agent.notice.declared import EVENT, check_order
from agent.notice.incidents.changes import free_text
from agent.notice.incidents.changes.handling import triaged
from agent.notice.incidents.changes.refusal import NotAllowed, require_open
from agent.notice.incidents.incident import Anchor, Decision, Incident, State

AWARE, SUSPECTED = "aware", "suspected"

CLOCKS_APART = timedelta(minutes=5)
"""By how much the clock of whoever declares may be ahead of ours."""

UNJUDGED: frozenset[State] = frozenset({"candidate", "triage", "suspected"})


@dataclass(frozen=True, slots=True)
class AnchorMove:
    """What a declaration changes about one anchor."""

    name: str
    before: Anchor | None
    after: Anchor

    @property
    def is_later(self) -> bool:
        return self.before is not None and self.after.time > self.before.time


def moves(before: Incident, after: Incident) -> list[AnchorMove]:
    """Anchors of `after` that are not those of `before`."""
    return [
        AnchorMove(name, before.anchors.get(name), anchor)
        for name, anchor in after.anchors.items()
        if anchor != before.anchors.get(name)
    ]


def anchored(
    incident: Incident, declared: Mapping[str, datetime], by: str, now: datetime, *, basis: str = "", clocks: bool
) -> Incident:
    """The incident with these anchors (the pack's names, UTC). `aware` confirms it; all but the event begin its clocks, where
    clocks run at all (`clocks`).

    Raises NotAllowed, and NotDeclarable for times that contradict each other.
    """
    require_open(incident)
    basis = free_text.text(basis, "a basis", needed=False)
    for name, time in declared.items():
        _check(incident, name, time, now, basis)
    check_order({name: anchor.time for name, anchor in incident.anchors.items()} | dict(declared))
    anchors = {name: Anchor(time, by, now, basis) for name, time in declared.items()}
    changed = replace(incident, anchors={**incident.anchors, **anchors})
    if declared.keys() <= {EVENT}:
        return changed
    state = _state(changed.state, declared)
    if state != changed.state:
        decision = Decision(state, now, by, f"{AWARE if state == 'confirmed' else SUSPECTED} was declared")
        changed = replace(changed, state=state, decisions=(*changed.decisions, decision))
    changed = triaged(changed, by, now, f"{', '.join(sorted(declared))} was declared", clocks=clocks)
    return replace(changed, has_clocks=changed.has_clocks or clocks)


def _state(state: State, declared: Mapping[str, datetime]) -> State:
    if state in UNJUDGED and AWARE in declared:
        return "confirmed"
    return "suspected" if state in ("candidate", "triage") and SUSPECTED in declared else state


def _check(incident: Incident, name: str, time: datetime, now: datetime, basis: str) -> None:
    if name == DETECTED:
        hint = f"it is {incident.detected_at.isoformat()}; declare `discovered`, `noticed` or `aware`"
        raise NotAllowed(f"{DETECTED} is when Leakline raised the first alert, and is not declared", hint=hint)
    if time > now + CLOCKS_APART:
        hint = "declare what has happened"
        raise NotAllowed(f"{name} ({time.isoformat()}) is in the future: it is {now.isoformat()} now", hint=hint)
    before = incident.anchors.get(name)
    if before is not None and time > before.time and not basis:
        message = f"{name} would move from {before.time.isoformat()} to the later {time.isoformat()}"
        raise NotAllowed(message, hint="say on what grounds with --basis; it is recorded")

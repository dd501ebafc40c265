"""What an incident is judged to be. An end needs a reason; both ends that say that there is nothing to notify keep their place in
the register.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Literal, get_args

from agent.notice.incidents.changes import free_text
from agent.notice.incidents.changes.anchoring import AWARE, UNJUDGED, anchored
from agent.notice.incidents.changes.handling import triaged
from agent.notice.incidents.changes.refusal import NotAllowed, require_open, require_whole
from agent.notice.incidents.incident import ENDS, Decision, Incident, State

Judgement = Literal["suspected", "confirmed", "contained", "notified", "not-a-breach", "not-notifiable", "reopened"]
JUDGEMENTS: tuple[Judgement, ...] = get_args(Judgement)

REASONED: frozenset[Judgement] = frozenset({"not-a-breach", "not-notifiable"})


def decided(
    incident: Incident, judgement: Judgement, by: str, now: datetime, *, reason: str = "", clocks: bool
) -> Incident:
    """`clocks`: whether clocks run at all. Raises NotAllowed for a step that is not possible, or that needs a reason."""
    reason = free_text.text(reason, f"a reason for {judgement}", needed=judgement in REASONED, option="--reason")
    if judgement == "reopened":
        return _reopened(incident, by, now, reason, clocks=clocks)
    require_open(incident)
    _check_step(incident, judgement)
    if judgement == "confirmed" and AWARE not in incident.anchors:
        # Who decides that it is a breach is aware of it, at the latest now: the anchor decides the state too.
        return anchored(incident, {AWARE: now}, by, now, basis=reason or "decided as confirmed", clocks=clocks)
    changed = incident if judgement in ENDS else triaged(incident, by, now, f"decided as {judgement}", clocks=clocks)
    return _with_state(changed, judgement, by, now, reason)


def _check_step(incident: Incident, judgement: Judgement) -> None:
    if incident.state == judgement:
        raise NotAllowed(f"{incident.id} is {judgement} already", hint="`leakline incidents show` has its decisions")
    unjudged = incident.state in UNJUDGED
    if judgement in ("contained", "notified") and unjudged:
        hint = "decide `confirmed` before: what is due counts from the time of awareness"
        raise NotAllowed(f"{incident.id} is not confirmed, so it cannot be {judgement}", hint=hint)
    if judgement == "suspected" and not unjudged:
        hint = "if it is not one after all, decide `not-a-breach` with a reason"
        raise NotAllowed(f"{incident.id} is {incident.state}: it is not merely suspected any more", hint=hint)
    if judgement == "confirmed" and not unjudged:
        raise NotAllowed(f"{incident.id} is {incident.state}, and so confirmed already", hint="nothing is to be done")


def _reopened(incident: Incident, by: str, now: datetime, reason: str, *, clocks: bool) -> Incident:
    """As it was before it ended, with all its anchors: no date is later than it was. A candidate is taken up."""
    require_whole(incident)
    if incident.is_open:
        raise NotAllowed(f"{incident.id} is open", hint="decide what it is")
    states = [decision.state for decision in incident.decisions if decision.state not in ENDS]
    last: State = states[-1] if states and states[-1] != "candidate" else "triage"
    reopened = replace(incident, has_clocks=incident.has_clocks or clocks, snoozed_until=None)
    return _with_state(reopened, last, by, now, f"reopened: {reason}" if reason else "reopened")


def _with_state(incident: Incident, state: State, by: str, now: datetime, reason: str) -> Incident:
    return replace(incident, state=state, decisions=(*incident.decisions, Decision(state, now, by, reason)))

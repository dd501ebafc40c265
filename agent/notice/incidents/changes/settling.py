"""How an obligation ends: sent with a receipt, not applicable with a reason and an approver, or late with a reason."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, get_args

from agent.notice.clock import Clock
from agent.notice.incidents.changes import free_text
from agent.notice.incidents.changes.anchoring import CLOCKS_APART
from agent.notice.incidents.changes.refusal import NotAllowed, require_open
from agent.notice.incidents.incident import Incident, Settlement
from agent.notice.regimes.model import RegimePack

End = Literal["sent", "not-applicable", "late"]
SETTLEMENT_ENDS: tuple[End, ...] = get_args(End)


@dataclass(frozen=True, slots=True)
class Statement:
    """What a person says of an obligation."""

    end: End
    at: datetime | None = None
    """When it was sent; None: now."""
    receipt: str = ""
    reason: str = ""
    approver: str = ""


def settled(
    incident: Incident, obligation: str, statement: Statement, by: str, now: datetime, clock: Clock | None = None
) -> Incident:
    """`obligation`: `regime/obligation`; `clock`: its own, where it has one. Raises NotAllowed."""
    if incident.state != "not-notifiable":  # contracts of one go on, and have to come to an end
        require_open(incident)
    settlement = Settlement(
        end=statement.end,
        at=now if statement.at is None else statement.at,
        by=by,
        recorded_at=now,
        receipt=free_text.name(statement.receipt, "a receipt", needed=statement.end == "sent", option="--receipt"),
        reason=free_text.text(statement.reason, "a reason", needed=statement.end != "sent", option="--reason"),
        approver=free_text.name(
            statement.approver, "an approver", needed=statement.end == "not-applicable", option="--approver"
        ),
    )
    _check_time(incident, settlement, now, clock)
    before = incident.settlements.get(obligation)
    if before is not None:
        _check_correction(obligation, before, settlement)
    return replace(incident, settlements={**incident.settlements, obligation: settlement})


def obligation_named(text: str, clocks: Sequence[Clock], pack: RegimePack) -> str:
    """The obligation that is meant: one of the incident's clocks, or any of the pack. Raises NotAllowed."""
    own = sorted(clock.id for clock in clocks)
    known = own + [f"{regime.id}/{duty.id}" for regime in pack.regimes for duty in regime.obligations]
    if text in known:
        return text
    near = difflib.get_close_matches(text, own or known, n=3) or own[:5] or known[:1]
    hint = f"write it as REGIME/OBLIGATION, such as {' or '.join(near)}"
    raise NotAllowed(f"{text[:80]!r} is not an obligation", hint=hint)


def _check_time(incident: Incident, settlement: Settlement, now: datetime, clock: Clock | None) -> None:
    at = settlement.at
    if at > now + CLOCKS_APART:
        message = f"{at.isoformat()} is in the future: it is {now.isoformat()} now"
        raise NotAllowed(message, hint="record what was sent, once it was")
    if settlement.end == "late":
        due = clock.due or clock.shadow_due if clock else None  # the strict date passes before it is late by law
        if clock is not None and due is None:
            hint = "nothing is late before it has a date; if it need not be sent, it is not-applicable"
            raise NotAllowed(f"it waits for {clock.anchor} and has no date yet", hint=hint)
        if due is not None and due > now:
            raise NotAllowed(f"it is due before {due.isoformat()}, so it is not late yet", hint="send it in time")
    if settlement.end != "sent":
        return
    if at < incident.first_event:
        message = f"{at.isoformat()} is before the first event ({incident.first_event.isoformat()})"
        raise NotAllowed(message, hint="one of the two is wrong")
    anchor = incident.anchors.get(clock.anchor) if clock else None
    if clock is not None and anchor is not None and at < anchor.time:
        message = f"it was sent ({at.isoformat()}) before {clock.anchor} ({anchor.time.isoformat()})"
        raise NotAllowed(message, hint="one of the two is wrong; correct the anchor, or the time")


def _check_correction(obligation: str, before: Settlement, after: Settlement) -> None:
    """What is recorded as sent starts the periods of later stages: to move it, or to take it back, needs a reason."""
    if before.end != "sent" or after.reason or (after.end == "sent" and after.at <= before.at):
        return
    message = f"{obligation} is recorded as sent at {before.at.isoformat()}"
    raise NotAllowed(message, hint="to record a later time, say why with --reason")

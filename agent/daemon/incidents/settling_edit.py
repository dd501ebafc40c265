"""The edit by which an obligation of an incident ends: of a decision, and of a notice that was sent."""

from __future__ import annotations

from dataclasses import replace

from agent.daemon.incidents.incident_edit import Edit, Editing
from agent.daemon.incidents.incident_list import clocks_of
from agent.daemon.incidents.second_person import first_word, noted, used
from agent.name import DRILLS
from agent.notice.incidents.changes.refusal import NotAllowed
from agent.notice.incidents.changes.settling import Statement, obligation_named, settled
from agent.notice.incidents.incident import Incident
from agent.notice.regimes.model import RegimePack


def settling_edit(editing: Editing, before: Incident, obligation: str, statement: Statement, pack: RegimePack) -> Edit:
    """`obligation`: as a person writes it. Raises NotAllowed."""
    if statement.end == "sent":
        require_recipient(editing, before)
    clocks = clocks_of(editing.desk, before.id)
    named = obligation_named(str(obligation), clocks, pack)
    clock = next((clock for clock in clocks if clock.id == named), None)
    if editing.needs_second and statement.end == "not-applicable":
        word = first_word(editing, before, named)
        if word is None:
            settled(before, named, replace(statement, approver="a second person"), editing.by, editing.now, clock)
            return noted(editing, before, named, statement.reason)
        statement = replace(statement, approver=word.by)
        used(editing, before, named)
    after = settled(before, named, statement, editing.by, editing.now, clock)
    of, known = after.settlements[named], before.settlements.get(named)
    data = {
        "obligation": named,
        "end": of.end,
        "at": of.at.isoformat(),
        "receipt": of.receipt,
        "approver": of.approver,
        "before": {"end": known.end, "at": known.at.isoformat()} if known else None,
    }
    said = f"has {named} recorded as {of.end} by {editing.by}"
    return Edit(after, "incident-obligation-settled", said, data, {"reason": of.reason}, reckon=True)


def require_recipient(editing: Editing, incident: Incident) -> None:
    """Raises NotAllowed for a drill in the running pipeline: a record of a notice to an authority would be untrue."""
    if editing.desk.shard == DRILLS:
        hint = "its notices have no recipient; it is closed with the drill"
        raise NotAllowed(f"{incident.id} is of a drill, of which nothing is sent", hint=hint)

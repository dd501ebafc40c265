"""Requests about who looks after an incident: acknowledge, assign, comment, snooze. None stops a clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.daemon.incidents.incident_edit import Edit, Editing, IncidentEdits, moment
from agent.duration import parse_duration
from agent.errors import LeaklineError
from agent.notice.incidents.changes import handling
from agent.notice.incidents.incident import Incident
from agent.notice.settings import NoticeSettings

MOST_SAID = 200
"""Characters of a comment in the event about it; the incident has the rest."""


class HandlingRequests:
    """Each may be called from any thread."""

    def __init__(self, edits: IncidentEdits) -> None:
        self._edits = edits

    def acknowledge(self, number: str, by: str) -> dict[str, Any]:
        """Somebody looks at an incident; a candidate is taken up by that."""
        return self._edits.edit(number, by, acknowledgement)

    def assign(self, number: str, person: str, by: str) -> dict[str, Any]:
        """Say who looks after an incident."""

        def make(editing: Editing, before: Incident) -> Edit:
            after = handling.assigned(before, str(person))
            personal = {"assignee": after.assignee, "before": before.assignee}
            said = f"is assigned to {after.assignee} by {editing.by}"
            return Edit(after, "incident-assigned", said, personal=personal)

        return self._edits.edit(number, by, make)

    def comment(self, number: str, text: str, by: str) -> dict[str, Any]:
        """Note something about an incident."""

        def make(editing: Editing, before: Incident) -> Edit:
            after = handling.commented(before, str(text), editing.by, editing.now)
            said = f"has a comment of {editing.by}: {after.comments[-1].text[:MOST_SAID]}"
            return Edit(after, "incident-commented", said, personal={"text": after.comments[-1].text})

        return self._edits.edit(number, by, make)

    def snooze(self, number: str, by: str, until: str = "", span: str = "", zone: str = "") -> dict[str, Any]:
        """Put an incident aside, until a time or for a span of time."""

        def make(editing: Editing, before: Incident) -> Edit:
            if bool(until) == bool(span):
                raise LeaklineError("say how long", hint="write --for 2h, or --until TIME")
            end = moment("until", until, zone, editing.desk) if until else editing.now + _span(span)
            longest = (editing.desk.settings or NoticeSettings()).longest_snooze
            after = handling.snoozed(before, end, editing.now, longest)
            said = f"is put aside until {end:%Y-%m-%d %H:%M} UTC by {editing.by}; its clocks run on"
            return Edit(after, "incident-snoozed", said, {"until": end.isoformat()}, reckon=True)

        return self._edits.edit(number, by, make)


def acknowledgement(
    editing: Editing, before: Incident, data: Mapping[str, Any] | None = None, personal: Mapping[str, Any] | None = None
) -> Edit:
    """`data`, `personal`: what else the record says of how it came. Raises NotAllowed."""
    after = handling.acknowledged(before, editing.by, editing.now, clocks=editing.clocks_run)
    taken_up = " and taken up" if before.state != after.state else ""
    said = f"is acknowledged{taken_up} by {editing.by}"
    known = {"clocks": after.has_clocks, **(data or {})}
    return Edit(after, "incident-acknowledged", said, known, personal or {}, reckon=after.state != before.state)


def _span(text: str) -> Any:
    try:
        return parse_duration(str(text))
    except ValueError as error:
        raise LeaklineError(str(error)) from error

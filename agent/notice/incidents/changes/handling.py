"""Who looks after an incident, and what they note. None of it stops a clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from agent.duration import written
from agent.notice.incidents.changes import free_text
from agent.notice.incidents.changes.refusal import NotAllowed, require_open, require_whole
from agent.notice.incidents.incident import MOST_COMMENTS, Comment, Decision, Incident


def acknowledged(incident: Incident, by: str, now: datetime, *, clocks: bool) -> Incident:
    """Somebody looks at it. A candidate becomes more than that, and where clocks run at all (`clocks`), its own begin.

    Raises NotAllowed for one that is acknowledged or has ended.
    """
    require_open(incident)
    if incident.acknowledged_at is not None:
        when = f"{incident.acknowledged_at:%Y-%m-%d %H:%M} UTC"
        message = f"{incident.id} was acknowledged by {incident.acknowledged_by} at {when}"
        raise NotAllowed(message, hint="take it over with `leakline incidents assign`")
    seen = replace(incident, acknowledged_by=by, acknowledged_at=now)
    return triaged(seen, by, now, "acknowledged", clocks=clocks)


def triaged(incident: Incident, by: str, now: datetime, reason: str, *, clocks: bool) -> Incident:
    """A candidate that a person takes up; any other incident as it is."""
    if incident.state != "candidate":
        return incident
    decisions = (*incident.decisions, Decision("triage", now, by, reason))
    return replace(incident, state="triage", has_clocks=incident.has_clocks or clocks, decisions=decisions)


def assigned(incident: Incident, person: str) -> Incident:
    """Raises NotAllowed."""
    require_open(incident)
    return replace(incident, assignee=free_text.name(person, "the name of a person"))


def commented(incident: Incident, text: str, by: str, now: datetime) -> Incident:
    """Of more than `MOST_COMMENTS` the newest stay with the incident; the trail has all. An ended one can be commented too.

    Raises NotAllowed.
    """
    require_whole(incident)
    comment = Comment(now, by, free_text.text(text, "a comment"))
    return replace(incident, comments=(*incident.comments, comment)[-MOST_COMMENTS:])


def snoozed(incident: Incident, until: datetime, now: datetime, longest: timedelta) -> Incident:
    """Put aside for a while, at most `longest`. Raises NotAllowed."""
    require_open(incident)
    if until <= now:
        raise NotAllowed(f"{until.isoformat()} is over", hint="write a time that comes, or `--for 2h`")
    if until - now > longest:
        hint = "it is set by `notice.longest_snooze`, and no snooze stops a clock"
        raise NotAllowed(f"{incident.id} can be put aside for {written(longest)} at most", hint=hint)
    return replace(incident, snoozed_until=until)

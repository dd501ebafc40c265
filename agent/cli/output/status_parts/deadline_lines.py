"""Deadlines in lines, for people: what is left, whose it is, and both dates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rich.text import Text

from agent.status.deadlines import NEXT, Deadline
from agent.status_document import StatusDocument
from agent.terminal import words

NOT_ADVICE = "This is not legal advice."

SHOWN = 3
"""Deadlines that `status` shows; `clocks list` has all."""

SOON = timedelta(hours=24).total_seconds()


def deadline_lines(status: StatusDocument) -> Iterator[Text]:
    """Of the status document: the next few."""
    if not status.deadlines:
        return
    for deadline in status.deadlines[:SHOWN]:
        yield words("deadline ") + head(deadline, several_orgs=len(status.orgs) > 1)
    rest = len(status.deadlines) - SHOWN
    if rest > 0:
        count = f"{rest} or more" if len(status.deadlines) == NEXT else f"{rest}"
        yield words(f"{count} further deadlines (leakline clocks list). {NOT_ADVICE}")
    else:
        yield words(NOT_ADVICE)


def head(deadline: Deadline, *, several_orgs: bool) -> Text:
    """`2 d 4 h left: eu-gdpr-33/sa of inc-…`, red where it is late and yellow where a day is left."""
    org = f" of {deadline.org}" if several_orgs and deadline.org else ""
    drill = " (drill)" if deadline.origin == "drill" else ""
    what = f"{deadline.regime}/{deadline.obligation}, {deadline.incident}{org}{drill}"
    seconds = deadline.left_seconds
    if seconds is None:
        ended = f" {_local(deadline.ended_at, deadline.zone)}" if deadline.ended_at else ""
        state = f"{deadline.state}{ended}" if deadline.state != "waiting" else f"waits for {deadline.anchor}"
        return words(f"{state}: {what}")
    style = "red" if seconds <= 0 else "yellow" if seconds < SOON else "default"
    return words(left(seconds), f"bold {style}") + words(f": {what}", "default")


def details(deadline: Deadline) -> Iterator[Text]:
    """Who is to be told, both dates, and on what they rest."""
    level = f", {deadline.level}" if deadline.level else ""
    whose = f", {deadline.assignee}" if deadline.assignee else ", unassigned"
    yield words(f"to {deadline.recipient}; {deadline.incident_state}{level}{whose}")
    for due, how in ((deadline.due, _anchored(deadline)), (deadline.shadow_due, "from the detection (strict)")):
        if due is not None:
            yield words(f"before {_local(due, deadline.zone)}, {how}")
    notes = [
        "a target of our own: the law names no number" if deadline.policy else "",
        f"planned before {_local(deadline.planned_due, deadline.zone)}" if _is_moved(deadline) else "",
        f"receipt {deadline.receipt}" if deadline.receipt else "",
        deadline.reason,
    ]
    if said := "; ".join(filter(None, notes)):
        yield words(said)


def left(seconds: float) -> str:
    """In the two largest units, cut: nobody should believe that there is more time than there is."""
    minutes = int(abs(seconds) // 60)
    days, hours = minutes // 1440, minutes // 60 % 24
    span = f"{days} d {hours} h" if days else f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
    return f"{span} left" if seconds > 0 else f"{span} over"


def _anchored(deadline: Deadline) -> str:
    return f"from {deadline.anchor}{', which is presumed' if deadline.presumed else ''}"


def _is_moved(deadline: Deadline) -> bool:
    return deadline.planned_due is not None and deadline.planned_due not in (deadline.due, deadline.shadow_due)


def _local(time: datetime | None, zone: str) -> str:
    return f"{time.astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M} {zone}" if time is not None else ""

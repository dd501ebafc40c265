"""What is not allowed to be done to an incident."""

from __future__ import annotations

from agent.errors import LeaklineError
from agent.notice.incidents.incident import Incident


class NotAllowed(LeaklineError):
    """The incident stays as it was; the text says why, and what to do instead."""


def require_open(incident: Incident) -> None:
    """Raises NotAllowed for an incident that has ended."""
    require_whole(incident)
    if not incident.is_open:
        hint = f"reopen it with `leakline incidents decide {incident.id} reopened`"
        raise NotAllowed(f"{incident.id} has ended as {incident.state}", hint=hint)


def require_whole(incident: Incident) -> None:
    """Raises NotAllowed for one that is part of another now."""
    if incident.state == "merged":
        raise NotAllowed(f"{incident.id} was merged into {incident.merged_into}", hint="name that one")

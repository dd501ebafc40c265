"""The clocks of an incident as they are stored, and what becomes of them where they are damaged."""

from __future__ import annotations

from agent.notice.clock import CLOCKS, Clock, decode, encode
from agent.notice.incidents.desk import IncidentChange
from agent.notice.incidents.growth import BY
from agent.notice.incidents.incident import Incident
from agent.source import Recall

DAMAGED = "clocks-damaged"


def stored_clocks(recall: Recall, change: IncidentChange, incident: Incident) -> list[Clock]:
    """None where they cannot be read: all that they were reckoned from lies in the incident, and they begin anew. That is said."""
    try:
        return decode(recall(CLOCKS + incident.id))
    except ValueError as error:
        change.apply({CLOCKS + incident.id: encode([])})
        message = f"{incident.id}: the stored clocks could not be read and are reckoned again from what is known of the incident"
        change.tell(incident, DAMAGED, message, by=BY, data={"error": type(error).__name__})
        return []

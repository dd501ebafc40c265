"""Links in messages: what makes them, and what they do; nothing where the listener has no `public_url`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from agent.daemon.control.gate import Gate
from agent.daemon.incidents.incident_edit import IncidentEdits
from agent.daemon.notice.link_acknowledgements import LinkAcknowledgements
from agent.notice.incidents.desk import IncidentDesk
from agent.notice.links.link import Links
from agent.notice.links.link_key import LinkKey
from agent.notice.settings import NoticeSettings


@dataclass(frozen=True)
class LinkParts:
    """Of one daemon."""

    links: Links
    """Where a message leads."""
    acknowledgements: LinkAcknowledgements | None
    """What is served; None where links lead nowhere."""


def build_link_parts(
    settings: NoticeSettings | None,
    public_url: str | None,
    desk: Callable[[], IncidentDesk],
    edits: IncidentEdits,
    now: Callable[[], datetime],
    gate: Gate,
) -> LinkParts:
    """Nothing is read or stored yet. `public_url`: of the inbound listener; `desk`: of the process's own shard; `gate`: who
    may do what.
    """
    known = settings or NoticeSettings()
    key = LinkKey(desk)
    people = [person.name for person in known.people]
    served = LinkAcknowledgements(key, edits, people, now, gate) if public_url else None
    return LinkParts(Links(public_url, key, known.links_expire_after), served)

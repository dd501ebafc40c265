"""What was exchanged with a service that keeps incidents of its own, PagerDuty: a key for each that it knows and that has not ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import TypeAdapter

from agent.notice.incidents.desk import IncidentChange
from agent.store.state import StateRecall

EXCHANGED = "pagerduty/"
"""Keys under `keys.RESPONSE`: `channel/incident`, from the first message that was accepted to the end of the incident there."""


@dataclass(frozen=True, slots=True)
class Exchanged:
    """About one incident."""

    said: Literal["", "acknowledged", "resolved"] = ""
    """What the service was told. `resolved` was stored by earlier versions alone: the key ends then."""
    heard_at: datetime | None = None
    """When the acknowledgement there was made that was taken last: it is taken once."""


_ADAPTER = TypeAdapter(Exchanged)


def known_there(recall: StateRecall, channel: str) -> Iterator[str]:
    """Ids of incidents."""
    prefix = f"{EXCHANGED}{channel}/"
    for key in recall.keys(prefix):
        yield key.removeprefix(prefix)


def exchanged(recall: StateRecall, channel: str, incident: str) -> Exchanged | None:
    """None for an incident that the service does not know, or does not know any more."""
    data = recall(_key(channel, incident))
    try:
        return _ADAPTER.validate_json(data) if data is not None else None
    except ValueError:  # damaged: the worst is that the service is told again
        return Exchanged()


def became_known(change: IncidentChange, channel: str, incident: str) -> None:
    """A message about it was accepted there."""
    known = exchanged(change.recall, channel, incident)
    if known is None or known.said == "resolved":
        keep(change, channel, incident, Exchanged())


def keep(change: IncidentChange, channel: str, incident: str, known: Exchanged) -> Exchanged:
    change.apply({_key(channel, incident): _ADAPTER.dump_json(known)})
    return known


def forget(change: IncidentChange, channel: str, incident: str) -> None:
    """It has ended there."""
    change.apply({_key(channel, incident): None})


def _key(channel: str, incident: str) -> str:
    return f"{EXCHANGED}{channel}/{incident}"

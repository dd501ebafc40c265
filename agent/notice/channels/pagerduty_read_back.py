"""Who acknowledged in PagerDuty, by its REST API (https://developer.pagerduty.com/api-reference, "List incidents")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote

from agent.notice.channels.http_client import HttpClient, refusal
from agent.notice.channels.wording import one_line

ACCEPT = "application/vnd.pagerduty+json;version=2"
LONGEST_NAME = 100
"""Characters."""
MOST_AT_A_TIME = 60
"""Incidents that are asked for in a row: the API allows 960 requests a minute for all that a key is used for."""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """By a person, in PagerDuty."""

    by: str
    """The name that PagerDuty has."""
    at: datetime | None
    """By PagerDuty's clock; None where it said none."""


class ReadsBack(Protocol):
    """What asks for one incident (`PagerDuty`)."""

    @property
    def name(self) -> str: ...

    def acknowledgement(self, incident: str) -> Acknowledgement | None: ...


def acknowledgements(channel: ReadsBack, incidents: Sequence[str]) -> dict[str, Acknowledgement]:
    """Those of the incidents, by their ids here, that a person has acknowledged there. Raises NotAccepted, SettingsError."""
    found = {number: channel.acknowledgement(number) for number in incidents[:MOST_AT_A_TIME]}
    return {number: acknowledgement for number, acknowledgement in found.items() if acknowledgement is not None}


def ask(http: HttpClient, url: str, token: str, dedup_key: str) -> Acknowledgement | None:
    """Of the incident with a key, which is unique among those of the account's open ones. Raises NotAccepted, SettingsError."""
    headers = {"Authorization": f"Token token={token}", "Accept": ACCEPT}
    address = f"{url}/incidents?incident_key={quote(dedup_key, safe='')}&date_range=all"
    answer = http.get(address, headers)
    if answer.status != 200:
        refused = answer.status in (401, 403)
        hint = "write a key of the REST API that may read as `api_token`" if refused else ""
        raise refusal("PagerDuty's REST API", answer, hint=hint)
    return latest((answer.json() or {}).get("incidents"))


def latest(incidents: object) -> Acknowledgement | None:
    """The first word of a person about any of the incidents as the API lists them."""
    known = incidents if isinstance(incidents, list) else []
    found = [word for incident in known if isinstance(incident, dict) for word in _words(incident)]
    return min(found, key=lambda word: word.at.timestamp() if word.at else 0.0) if found else None


def _words(incident: Mapping[str, Any]) -> list[Acknowledgement]:
    """Acknowledgements of people; of one that is resolved, who did that, for then the list of the others is empty."""
    entries = incident.get("acknowledgements")
    words = [
        (entry.get("acknowledger"), entry.get("at"))
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, dict)
    ]
    if incident.get("status") == "resolved":
        words.append((incident.get("last_status_change_by"), incident.get("last_status_change_at")))
    return [
        Acknowledgement(name, _moment(at))
        for who, at in words
        if isinstance(who, dict) and who.get("type") in ("user", "user_reference")
        if (name := one_line(str(who.get("summary", "")))[:LONGEST_NAME])
    ]


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else None

"""What the events of an incident let one estimate: facts that are marked as estimated, each with the query that counts it in the
SIEM. What a person has stated is never overwritten, and nothing that must be done depends on an estimate.

Queries are KQL (Lucene takes them too, but for the ranges) over the names that events have in ECS JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from agent.notice.incidents.evidence import ADDRESS, MOST_TRACES, NAME, OBJECT, USER, most_rows, rows_of
from agent.notice.incidents.incident import Fact, Incident

BY = "leakline"

_FIELDS: Mapping[str, str] = {
    "user": "user.id",
    "name": "leakline.login_name",
    "app": "leakline.app",
    "session": "leakline.session",
}
"""Kinds of links to the fields of events that have their values."""


def facts_of(incident: Incident, now: datetime) -> Mapping[str, Fact]:
    """The incident's facts with those that its alerts let one estimate; what is as before keeps its time."""
    facts = dict(incident.facts)
    for name, value, basis, query in _estimates(incident):
        before = facts.get(name)
        if before is None or (before.estimated and (before.query != query or before.value != value)):
            facts[name] = Fact(value, BY, now, basis, estimated=True, query=query)
    return facts


def _estimates(incident: Incident) -> Iterator[tuple[str, float | str, str, str]]:
    """Name, value, basis and query."""
    first, last = _time(incident.first_event), _time(incident.last_event)
    alerts = f'leakline.incident.id : "{incident.id}" and event.kind : "alert"'
    events = f'{_who(incident)} and @timestamp >= "{first}" and @timestamp <= "{last}"'
    if rows := most_rows(incident.rules.values()):
        most = max(incident.rules.items(), key=lambda pair: (rows_of(pair[1]), pair[0]))[1].name
        basis = (
            f'rows that the alerts of "{most}" measured; of all rules the one with most, because rules overlap.'
            " The query finds the events; the sum of their leakline.rows is the number to compare"
        )
        yield "records_affected", float(rows), basis, f"{events} and leakline.rows > 0"
    users = max(len(incident.traces.get(kind, ())) for kind in (USER, NAME))
    if users:
        yield "users_involved", float(users), _count("users", "user.id", users), alerts
    if addresses := incident.traces.get(ADDRESS):
        yield "addresses", ", ".join(addresses), _listed("addresses", "source.ip", len(addresses)), events
    if objects := incident.traces.get(OBJECT):
        yield "objects", ", ".join(objects), _listed("objects", "salesforce.entity_name", len(objects)), events
    yield "period", f"{first} to {last}", "from the first to the last event that an alert is about", alerts


def _who(incident: Incident) -> str:
    """The query for the events of those whom it is about."""
    org = f"organization.id : {_quoted(incident.org)} and " if incident.org else ""
    for kind, field in _FIELDS.items():
        if values := [link[len(kind) + 1 :] for link in incident.links if link.startswith(f"{kind}:")]:
            return f"{org}{field} : {_any(values)}"
    addresses = incident.traces.get(ADDRESS, ())
    return f"{org}source.ip : {_any(addresses)}" if addresses else f'{org}event.kind : "event"'


def _any(values: Sequence[str]) -> str:
    return _quoted(values[0]) if len(values) == 1 else f"({' or '.join(map(_quoted, values))})"


def _count(what: str, field: str, number: int) -> str:
    return (
        f"different {what} that the alerts name{_at_least(number)}; the query finds the alerts, {field} has the {what}"
    )


def _listed(what: str, field: str, number: int) -> str:
    return f"{what} that the alerts name{_at_least(number)}; the query finds the events, {field} has the {what}"


def _at_least(number: int) -> str:
    return f", of which not more than {MOST_TRACES} are kept" if number >= MOST_TRACES else ""


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[: -len("+00:00")] + "Z"

"""Whether incidents, alerts, the trail and what was sent tell one story, whatever happened in between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.notice.incidents import book
from agent.notice.incidents.incident import Incident, decode
from agent.signing.signed_note import NoteVerifier
from agent.store import keys
from agent.store.state import State, StateRecall
from agent.trail.checkpointer import newest_checkpoint, signing_keys
from agent.trail.record import TrailRecord, read
from agent.trail.shard_trail import ShardTrail
from agent.trail.signing_key import origin_of
from agent.trail.verify import verify

OPENED, CLOSED = "incident-opened", "incident-closed"
"""Types of records, and actions of events, of an incident that is new; one that is a duplicate is closed at once."""


@dataclass(frozen=True, slots=True)
class SentRow:
    """A row of the alerts lane."""

    id: str
    """`event.id`."""
    action: str
    is_alert: bool
    identity: str
    """The same for all that is said of an alert."""
    incident: str

    @classmethod
    def of(cls, cells: Mapping[str, Any]) -> SentRow:
        """`cells`: by dotted names."""
        id_ = str(cells["event.id"])
        return cls(
            id_,
            str(cells.get("event.action") or ""),
            cells.get("event.kind") == "alert",
            str(cells.get("leakline.alert.id") or id_),
            str(cells.get("leakline.incident.id") or ""),
        )

    @classmethod
    def of_document(cls, document: Mapping[str, Any]) -> SentRow:
        """`document`: nested, as destinations have it."""
        names = ("event.id", "event.action", "event.kind", "leakline.alert.id", "leakline.incident.id")
        return cls.of({name: _at(document, name.split(".")) for name in names})


@dataclass(slots=True)
class KeptIncidents:
    """What a shard has of incidents."""

    incidents: dict[str, Incident]
    records: list[TrailRecord]
    """Of its trail."""
    open_keys: set[str]
    linked: set[str] = field(default_factory=set)
    """Incidents to which links lead."""

    @classmethod
    def of(cls, state: State) -> KeptIncidents:
        recall = StateRecall(state, keys.RESPONSE.prefix)
        ids = [key.removeprefix(book.INCIDENT) for key in recall.keys(book.INCIDENT)]
        kept = book.IncidentBook(recall)
        entries = [entry for key in recall.keys(book.LINK) for entry in kept.entries(key.removeprefix(book.LINK))]
        return cls(
            {number: decode(recall(book.INCIDENT + number) or b"") for number in ids},
            [read(line) for line in ShardTrail(state).lines()],
            set(recall.keys(book.OPEN)),
            {entry.incident for entry in entries},
        )

    def members(self) -> dict[str, tuple[int, int]]:
        """Of each incident, alerts and later words about them."""
        return {number: (incident.alerts, incident.revisions) for number, incident in self.incidents.items()}


def differences(rows: Iterable[SentRow], kept: KeptIncidents) -> list[str]:
    """What does not fit, in words; nothing where all is well. `rows`: what was sent; the same may come several times."""
    by_id = {row.id: row for row in rows}
    return [*_of_alerts(by_id, kept), *_of_records(by_id, kept), *_of_events(by_id, kept), *_of_keys(kept)]


def _of_alerts(by_id: Mapping[str, SentRow], kept: KeptIncidents) -> Iterable[str]:
    words, alerts = Counter[str](), dict[str, set[str]]()
    for row in (row for row in by_id.values() if row.is_alert):
        if row.incident not in kept.incidents:
            yield f"alert {row.id} names the incident {row.incident!r}, which is not there"
        words[row.incident] += 1
        if row.action == "alert-raised":
            alerts.setdefault(row.incident, set()).add(row.identity)
    for number, incident in kept.incidents.items():
        sent = len(alerts.get(number, ())), words[number]
        if (incident.alerts, incident.alerts + incident.revisions) != sent:
            yield f"{number} counts {incident.alerts} alerts and {incident.revisions} later words; sent: {sent}"
    if sum(incident.alerts for incident in kept.incidents.values()) != len(set().union(*alerts.values(), ())):
        yield "the alerts of all incidents are not all alerts"


def _of_records(by_id: Mapping[str, SentRow], kept: KeptIncidents) -> Iterable[str]:
    of_batches = [record for record in kept.records if "added" in record.data]
    added = Counter(id_ for record in of_batches for id_ in record.data["added"])
    alerts = {row.id for row in by_id.values() if row.is_alert}
    if added != Counter(alerts):
        yield f"records and alerts differ: {sorted(added.keys() ^ alerts)[:5]}, {added.most_common(3)}"
    first = {record.object: record.type for record in reversed(of_batches)}
    if {number for number, type_ in first.items() if type_ in (OPENED, CLOSED)} != kept.incidents.keys():
        yield f"records do not begin with the opening: {sorted(first.keys() ^ kept.incidents.keys())[:5]}"
    opened = Counter(record.object for record in of_batches if record.type == OPENED)
    if opened and max(opened.values()) > 1:
        yield f"records of an opening: {opened.most_common(3)}"
    for record in {record.object: record for record in of_batches}.values():
        incident = kept.incidents.get(record.object)
        if incident is None or record.data["alerts"] != incident.alerts:
            yield f"the newest record of {record.object} has {record.data['alerts']} alerts"


def _of_events(by_id: Mapping[str, SentRow], kept: KeptIncidents) -> Iterable[str]:
    opened = Counter(row.incident for row in by_id.values() if row.action == OPENED)
    recorded = Counter(record.object for record in kept.records if record.type == OPENED)
    if opened != recorded:
        yield f"openings: {opened.most_common(3)} announced, {recorded.most_common(3)} recorded"


def _of_keys(kept: KeptIncidents) -> Iterable[str]:
    is_open = {book.open_key(incident) for incident in kept.incidents.values() if incident.is_open}
    if kept.open_keys != is_open:
        yield f"keys of open incidents: {sorted(kept.open_keys ^ is_open)[:5]}"
    if not kept.linked <= kept.incidents.keys():
        yield f"links lead nowhere: {sorted(kept.linked - kept.incidents.keys())[:5]}"


def trail_findings(states: Mapping[str, State]) -> Sequence[str]:
    """What is wrong with the trail of these shards, by their own newest checkpoint."""
    process = states[keys.PROCESS]
    newest = newest_checkpoint(process)
    chains = {name: ShardTrail(state).lines for name, state in states.items()}
    known = [NoteVerifier.parse(key) for key in signing_keys(process)]
    report = verify(chains, [newest["note"]] if newest else [], known, origin_of(process.id))
    return [f"{finding.chain}/{finding.seq}: {finding.message}" for finding in report.findings]


def _at(document: Any, path: Sequence[str]) -> Any:
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document


def changes_of(kept: KeptIncidents, action: str) -> Counter[str]:
    """How often the trail has a change of this type, by the incident's id."""
    return Counter(record.object for record in kept.records if record.type == action)

"""Which incident an alert belongs to: the open one that is about the same user, session or app within a span of time, else a new
one.

Where several fit, it joins the one whose evidence is oldest, which is detected first as a rule, so that its clocks end first: what
the clock said when they were detected does not count, for a replay has another. It joins a candidate only where there is nothing
else, and an alert from which clocks begin does not join a candidate with evidence from longer ago than the span, a habit perhaps: it
opens another, which names the candidate as related. A later word about an alert stays with the incident that has the alert, also if
that has ended; anything else opens another, which names the ended one as related. An alert about an event of an incident belongs to
that incident, so that no incident is ever about itself. No alert joins an incident whose notices are out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from agent.notice.incidents.alert_places import place_key
from agent.notice.incidents.book import BookChange, IncidentBook, LinkEntry, link_key, with_entry
from agent.notice.incidents.incident import Incident
from agent.notice.incidents.incident_alert import INCIDENT, IncidentAlert

MOST_RELATED = 10


class Grouping:
    """Of one batch: what it reads it reads through what the batch has changed so far."""

    def __init__(self, book: IncidentBook, within: timedelta) -> None:
        self._book = book
        self._within = int(within.total_seconds() * 1000)
        self.change = BookChange()

    def incident(self, number: str) -> Incident | None:
        """As the batch has left it so far."""
        changed = self.change.incidents.get(number)
        return changed[1] if changed else self._book.incident(number)

    def readable(self, number: str) -> Incident | None:
        """The same, None also for one that is damaged."""
        changed = self.change.incidents.get(number)
        return changed[1] if changed else self._book.readable(number)

    def found(self, alert: IncidentAlert, *, serious: bool = False) -> tuple[Incident | None, list[str]]:
        """The incident that the alert joins, None for a new one; and others that it would fit.

        `serious`: the alert makes more than a candidate of its incident.
        """
        if (number := alert.cells.get(INCIDENT)) and (about := self.readable(number)):
            return about, []
        near = list(self._near(alert))
        if alert.is_revision and (having := self._having(alert)):
            near = [having, *(known for known in near if known.id != having.id)]
            if not any(alert.identity in known.alert_ids for known in near[1:]):
                return having, [known.id for known in near[1:]][:MOST_RELATED]
        joined = min(self._fitting(near, alert, serious=serious), key=_oldest_evidence, default=None)
        related = [known.id for known in near if joined is None or known.id != joined.id]
        return joined, related[:MOST_RELATED]

    def place(self, alert: IncidentAlert, incident: Incident) -> None:
        """Later words about the alert belong to this incident."""
        self.change.places[place_key(alert)] = incident.id

    def _having(self, alert: IncidentAlert) -> Incident | None:
        """The incident that has the alert, or the one that it was merged into."""
        key = place_key(alert)
        incident = self.readable(self.change.places.get(key) or self._book.place(key))
        while incident is not None and incident.merged_into:
            incident = self.readable(incident.merged_into)
        return incident

    def _fitting(self, near: Sequence[Incident], alert: IncidentAlert, *, serious: bool) -> Sequence[Incident]:
        """Those of the incidents near an alert that have it already, else those that it can join."""
        # A part that was split off may have taken its alert with it.
        if has_it := [known for known in near if alert.identity in known.alert_ids]:
            return [known for known in has_it if known.is_open] or has_it
        open_ones = [known for known in near if known.is_open and not (serious and self._is_habit(known, alert))]
        if not alert.is_revision:
            # Whoever was notified was told of what was known then: what comes after that is judged by itself.
            return [known for known in open_ones if known.state != "notified"]
        # Not every incident has the ids of all of its alerts: a later word is then most likely about one of the same rule.
        of_rule = [known for known in near if alert.rule in known.rules]
        return [known for known in of_rule if known.is_open] or open_ones or of_rule

    def put(self, before: Incident | None, after: Incident, *, reckon: bool = False) -> None:
        """An incident as it is from now on, which its links lead to."""
        known = self.change.incidents.get(after.id)
        self.change.incidents[after.id] = (known[0] if known else before), after
        if reckon:
            self.change.reckon.add(after.id)
        entry = LinkEntry(after.id, milliseconds(after.first_event), milliseconds(after.last_event))
        for link in after.links:
            key = link_key(after.origin, link)
            self.change.links[key] = with_entry(self._entries(key), entry)

    def forget_links(self, incident: Incident) -> None:
        """No alert joins it any more, and none names it as related."""
        for link in incident.links:
            key = link_key(incident.origin, link)
            entries = self._entries(key)
            if left := tuple(entry for entry in entries if entry.incident != incident.id):
                self.change.links[key] = left
            elif entries:
                self.change.links[key] = ()

    def settle(self, after: Incident) -> None:
        """An incident that the batch has put, with what is thought of it; its links and times are the same."""
        before, put = self.change.incidents[after.id]
        self.change.incidents[after.id] = before, after
        if after.has_clocks and not put.has_clocks:
            self.change.reckon.add(after.id)

    def _is_habit(self, known: Incident, alert: IncidentAlert) -> bool:
        """Whether it is a candidate that was there long before: its clocks would begin in the past, and be late at once, for
        what was harmless then.
        """
        return known.state == "candidate" and milliseconds(known.first_event) + self._within < milliseconds(alert.start)

    def _near(self, alert: IncidentAlert) -> Iterator[Incident]:
        """Incidents that one of the alert's links leads to, whose evidence is near enough to the alert's."""
        seen = set[str]()
        begin, end = milliseconds(alert.start) - self._within, milliseconds(alert.end) + self._within
        for link in alert.links:
            for entry in self._entries(link_key(alert.origin, link)):
                if entry.incident in seen or entry.last < begin or entry.first > end:
                    continue
                seen.add(entry.incident)
                incident = self.readable(entry.incident)
                while incident is not None and incident.merged_into:
                    incident = self.readable(incident.merged_into)
                if incident is not None and incident.id not in seen - {entry.incident}:
                    seen.add(incident.id)
                    yield incident

    def _entries(self, key: str) -> tuple[LinkEntry, ...]:
        changed = self.change.links.get(key)
        return changed if changed is not None else self._book.entries(key)


def incident_id(alert: IncidentAlert) -> str:
    """From the org, the origin and the alert that opens it."""
    text = f"{alert.org}\n{alert.origin}\n{alert.identity}"
    return f"inc-{hashlib.blake2b(text.encode(), digest_size=6).hexdigest()}"


def milliseconds(time: datetime) -> int:
    return int(time.timestamp() * 1000)


def _oldest_evidence(incident: Incident) -> tuple[bool, datetime, datetime, str]:
    """Candidates last: the evidence belongs to what people look at. Of two with the same, as after a split, the part that was split
    off comes after what it was part of. When alerts open an incident does not count, for that is when their batch was detected.
    """
    split_at = incident.opened_at if incident.split_from else incident.first_event
    return incident.state == "candidate", incident.first_event, split_at, incident.id

"""Requests that say which alerts are one incident: merge and split."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agent.daemon.incidents.incident_edit import Edit, Editing, IncidentEdits, texts
from agent.notice.incidents.changes.anchoring import moves
from agent.notice.incidents.changes.joining import merged, undecided
from agent.notice.incidents.changes.refusal import NotAllowed
from agent.notice.incidents.changes.splitting import Part, split
from agent.notice.incidents.incident import Incident

MOST_MERGED = 50
"""Incidents that one request merges."""


class GroupingRequests:
    """Each may be called from any thread."""

    def __init__(self, edits: IncidentEdits) -> None:
        self._edits = edits

    def merge(self, numbers: Sequence[str], into: str, by: str) -> dict[str, Any]:
        """Make several incidents one."""
        desk, target = self._edits.finder.find(into)
        found = [self._edits.finder.find(number) for number in texts(numbers, "the incidents to merge")]
        if len(found) > MOST_MERGED:
            raise NotAllowed(f"{len(found)} incidents are too many at once", hint=f"merge at most {MOST_MERGED}")
        for other, number in found:
            if other.shard != desk.shard:
                message = (
                    f"{number} is of {other.shard or 'Leakline itself'}, {target} of {desk.shard or 'Leakline itself'}"
                )
                raise NotAllowed(message, hint="incidents of different orgs stay apart: each org has its own trail")

        def make(editing: Editing) -> tuple[Incident, str]:
            before, joining = editing.incident(target), [editing.incident(number) for _, number in found]
            after, ended = merged(before, joining, editing.by, editing.now)
            ids = [other.id for other in ended]
            for other, end in zip(joining, ended, strict=True):
                edit = Edit(end, "incident-merged", f"is part of {target} now", {"into": target}, reckon=True)
                editing.put(other, edit)
            said = f"has the alerts of {', '.join(ids)} now, {after.alerts:,} in all, merged by {editing.by}"
            undone = undecided(before, joining, after)
            if undone:
                said = f"{said}; to be stated or decided again, because it was so of a part alone: {', '.join(undone)}"
            data = {
                "merged": ids,
                "undecided": undone,
                "alerts": after.alerts,
                "anchors": {move.name: move.after.time.isoformat() for move in moves(before, after)},
                "settled": sorted(after.settlements.keys() - before.settlements.keys()),
            }
            # The one that stays is stored last: of the incidents that a link leads to it is the newest then.
            return editing.put(
                before, Edit(after, "incident-grown-by-merge", said, data, reckon=True)
            ), f"{target} {said}"

        return self._edits.edit_all(desk, by, make, critical=True)

    def split(self, number: str, by: str, alerts: Sequence[str] = (), rule: str = "") -> dict[str, Any]:
        """Make some alerts of an incident one of their own."""
        desk, id_ = self._edits.finder.find(number)
        part = Part(str(rule), texts(alerts, "the alerts") if alerts else ())

        def make(editing: Editing) -> tuple[Incident, str]:
            before = editing.incident(id_)
            stays, child = split(before, part, editing.by, editing.now)
            if editing.change.incident(child.id) is not None:
                raise NotAllowed(f"these alerts were split off as {child.id}", hint="merge it back before")
            said = f"has {counted_alerts(child)}, split from {id_} by {editing.by}"
            data = {"from": id_, "alerts": child.alerts, "rules": sorted(child.rules), "ids": list(child.alert_ids)}
            editing.put(
                before,
                Edit(stays, "incident-parted", f"has lost {child.id}, {counted_alerts(child)}", data, reckon=True),
            )
            return editing.put(None, Edit(child, "incident-split", said, data, reckon=True)), f"{child.id} {said}"

        return self._edits.edit_all(desk, by, make, critical=True)


def counted_alerts(incident: Incident) -> str:
    return f"{incident.alerts:,} alert{'s' if incident.alerts != 1 else ''}"

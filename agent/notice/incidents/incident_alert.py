"""Alerts as incidents see them: a few values of each row of a frame of alerts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from agent.detection.sigma.rule import Level
from agent.notice.incidents.incident import Origin

HISTORY, DRILL = "leakline.alert.history", "leakline.drill.id"
"""Columns that say from where an alert is."""

INCIDENT = "leakline.incident.id"
"""Of an alert that a rule raises about an event of an incident or its clocks: that incident."""

LONGEST_TEXT = 300
"""Characters of a name that are kept: those that Salesforce allows are shorter, but whoever makes up a row does not keep to that, and
an incident is written whole with each of its alerts.
"""

COLUMNS = (
    *("event.id", "event.action", "@timestamp", "event.start", "event.end", "organization.id"),
    *("rule.id", "rule.name", "rule.category", "leakline.rule.level", HISTORY, DRILL),
    *("leakline.alert.id", "leakline.alert.count", "leakline.alert.actor", INCIDENT),
    *("user.id", "user.name", "leakline.session", "leakline.app", "leakline.app_approved", "leakline.app_imitates"),
    *("source.ip", "leakline.measure.field", "leakline.measure.value", "leakline.rows"),
    *("leakline.user_is_guest", "leakline.user_is_integration", "leakline.user_leaving", "leakline.user_left"),
    *("leakline.any_ip_anonymizer", "leakline.ip_expected_for_user", "leakline.indicator.value"),
    *("related.user", "related.ip", "salesforce.entity_name", "salesforce.queriedentities"),
    *("leakline.setup.object", "leakline.inbound.object"),
)
"""What is looked at; an alert need not have any of them but `event.id` and `@timestamp`."""


@dataclass(frozen=True, slots=True)
class IncidentAlert:
    """One row of a frame of alerts."""

    row: int
    """Its place in the frame."""
    id: str
    """`event.id`: of a revision its own."""
    identity: str
    """The same for all that is said of an alert."""
    is_revision: bool
    """Whether something was said of the alert before."""
    raised_at: datetime
    start: datetime
    end: datetime
    """Event times of its evidence."""
    org: str
    origin: Origin
    rule: str
    rule_name: str
    category: str
    level: Level
    matches: int
    actor: str
    links: Sequence[str]
    """`kind:value`, the surest first."""
    cells: Mapping[str, Any]
    """Its cells of `COLUMNS` that have a value."""


def incident_alerts(frame: pl.DataFrame) -> list[IncidentAlert]:
    """All alerts of a shaped frame, by the times of their evidence and then their ids: so they open and join incidents in the
    same order, however batches were cut.
    """
    if not frame.height:
        return []
    known = [name for name in COLUMNS if name in frame.columns]
    # Column by column: a `select` alone takes as long as ten alerts.
    rows = zip(*(frame.get_column(name).to_list() for name in known), strict=True)
    found = [
        _alert(number, {name: cell for name, cell in zip(known, row, strict=True) if cell is not None})
        for number, row in enumerate(rows)
    ]
    return sorted(found, key=lambda alert: (alert.start, alert.id))


def _alert(number: int, cells: Mapping[str, Any]) -> IncidentAlert:
    raised = cells["@timestamp"]
    start = cells.get("event.start", raised)
    action, name = cells.get("event.action", ""), str(cells.get("user.name", ""))
    return IncidentAlert(
        row=number,
        id=cells["event.id"],
        identity=cells.get("leakline.alert.id", cells["event.id"]),
        is_revision=action != "alert-raised",
        raised_at=raised,
        start=start,
        end=max(start, cells.get("event.end", start)),
        org=str(cells.get("organization.id", "")),
        origin="drill" if cells.get(DRILL) else "history" if cells.get(HISTORY) else "live",
        rule=str(cells.get("rule.id", "")),
        rule_name=shortened(str(cells.get("rule.name", ""))),
        category=str(cells.get("rule.category", "")),
        level=cells.get("leakline.rule.level", "medium"),
        matches=int(cells.get("leakline.alert.count", 1)),
        actor=shortened(name or str(cells.get("leakline.alert.actor", "")) or str(cells.get("source.ip", ""))),
        links=[shortened(link) for link in _links(cells, name)],
        cells=cells,
    )


def shortened(text: str) -> str:
    """A text that is too long by its beginning and a digest: two that differ still do."""
    if len(text) <= LONGEST_TEXT:
        return text
    digest = hashlib.blake2b(text.encode(errors="replace"), digest_size=8).hexdigest()
    return f"{text[: LONGEST_TEXT - len(digest) - 1]}…{digest}"


def _links(cells: Mapping[str, Any], name: str) -> list[str]:
    """Whom the alert is about. An app joins what its users do only where nobody approved it, or where it imitates one: those
    that everybody uses would make one incident of the whole company.
    """
    found = []
    if user := cells.get("user.id"):
        found.append(f"user:{user}")
    if name:
        found.append(f"name:{name.lower()}")
    if session := cells.get("leakline.session"):
        found.append(f"session:{session}")
    suspicious = cells.get("leakline.app_approved") is False or bool(cells.get("leakline.app_imitates"))
    if (app := cells.get("leakline.app")) and (suspicious or not found):
        found.append(f"app:{app}")
    if not found:
        actor = cells.get("leakline.alert.actor") or cells.get("source.ip")
        found.append(f"actor:{actor}" if actor else f"rule:{cells.get('rule.id', '')}")
    return found

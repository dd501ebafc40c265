"""What trail and events say of changes of settings: in the transaction that makes them true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from agent.changes.change import SettingsChange
from agent.changes.classes.change_class import Difference
from agent.changes.record import DATASET
from agent.notice.incidents.desk import IncidentChange
from agent.own_event import EventValue

MOST_PATHS = 50
"""Of the paths that an event names; the record of the trail has all, with what they were before and after."""


def tell(
    writing: IncidentChange,
    change: SettingsChange,
    action: str,
    message: str,
    *,
    by: str,
    data: Mapping[str, Any] | None = None,
    personal: Mapping[str, Any] | None = None,
) -> None:
    """A record and an event about a change. `action`: a kebab-case verb phrase; `by`: who did it, or `leakline`; `data`,
    `personal`: of the record, besides what is said of every change.
    """
    about: dict[str, Any] = {
        "class": change.change_class,
        "way": change.way,
        "base_sha256": change.base,
        "outcome_sha256": change.outcome,
        "proposed_by": change.by,
        "paths": [found.path for found in change.differences],
        **(data or {}),
    }
    if change.lasts is not None:
        about["lasts_seconds"] = change.lasts.total_seconds()
    fields: dict[str, EventValue] = {
        "event.dataset": DATASET,
        "leakline.change.id": change.number,
        "leakline.change.class": change.change_class,
        "leakline.change.way": change.way,
        "leakline.change.paths": paths(change.differences),
        "leakline.change.sha256": change.outcome,
    }
    writing.announce(action, message, about=change.number, by=by, data=about, personal=personal, fields=fields)


def paths(differences: Sequence[Difference]) -> str:
    """As events name them; never what stands there."""
    named = ", ".join(found.path for found in differences[:MOST_PATHS])
    left_out = len(differences) - MOST_PATHS
    return f"{named} and {left_out} more" if left_out > 0 else named


def values(change: SettingsChange) -> dict[str, Any]:
    """What was and what is to be: names and addresses of people are among it, so that it can be erased."""
    return {
        "reason": change.reason,
        "ticket": change.ticket,
        "differences": [asdict(found) for found in change.differences],
    }

"""What trail and events say of changes of settings: in the transaction that makes them true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from agent.changes.change import SettingsChange
from agent.changes.classes.change_class import GRAVITY, Difference
from agent.changes.record import DATASET
from agent.notice.incidents.desk import IncidentChange
from agent.own_event import EventValue

MOST_PATHS = 50
"""Of the paths that an event names; the record of the trail has more, with what they were before and after."""
MOST_NAMED = 10
"""Of the paths in a sentence that people read."""
MOST_RECORDED = 1_000
"""Of the differences in a record, the gravest first; the change itself, which is kept for ever, has all."""


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
        "paths": [found.path for found in _recorded(change)],
        "differences": len(change.differences),
        **(data or {}),
    }
    if change.lasts is not None:
        about["lasts_seconds"] = change.lasts.total_seconds()
    fields: dict[str, EventValue] = {
        "event.dataset": DATASET,
        "leakline.settings.change": change.number,
        "leakline.settings.class": change.change_class,
        "leakline.settings.way": change.way,
        "leakline.settings.paths": paths(change.differences),
        "leakline.settings.sha256": change.outcome,
    }
    writing.announce(action, message, about=change.number, by=by, data=about, personal=personal, fields=fields)


def paths(differences: Sequence[Difference]) -> str:
    """As events name them; never what stands there."""
    named = ", ".join(found.path for found in differences[:MOST_PATHS])
    left_out = len(differences) - MOST_PATHS
    return f"{named} and {left_out} more" if left_out > 0 else named


def named(differences: Sequence[Difference]) -> str:
    """Their paths, as a sentence names them."""
    left_out = len(differences) - MOST_NAMED
    rest = f" and {left_out} more" if left_out > 0 else ""
    return "; ".join(found.path for found in differences[:MOST_NAMED]) + rest


def values(change: SettingsChange) -> dict[str, Any]:
    """What was and what is to be: names and addresses of people are among it, so that it can be erased."""
    return {
        "reason": change.reason,
        "ticket": change.ticket,
        "differences": [asdict(found) for found in _recorded(change)],
    }


def _recorded(change: SettingsChange) -> Sequence[Difference]:
    if len(change.differences) <= MOST_RECORDED:
        return change.differences
    return sorted(change.differences, key=lambda found: -GRAVITY.index(found.change_class))[:MOST_RECORDED]

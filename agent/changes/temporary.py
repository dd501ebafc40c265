"""Settings that are in force for a time: what comes back when they end, and what people had agreed on before the glass was broken.

Changes for a time may be made on one another and end in any order. None may leave behind what was approved for a time only, or not
at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from agent.changes.book import InForce, changes
from agent.changes.change import SettingsChange
from agent.store.state import StateRecall


def lasting_after(change: SettingsChange, base: InForce) -> str:
    """What `InForce.lasting` is once the change is in force on `base`: empty where the change itself lasts."""
    return (base.lasting or base.sha256) if change.lasts is not None else ""


def in_force_after(recall: StateRecall, known: InForce, ended: SettingsChange, now: datetime) -> InForce:
    """What comes back when a change for a time ends that brought what is in force: the newest below it that still has time, else what
    lasts. Raises DamagedBook.
    """
    for below in _below(recall, known.lasting, ended.base):
        if below.number != ended.number and _runs(below, now):
            return InForce(below.outcome, now, below.number, ended.outcome, known.lasting)
    return InForce(known.lasting or ended.base, now, ended.number, ended.outcome)


def agreed(recall: StateRecall, known: InForce, now: datetime) -> str:
    """SHA-256 of the settings in force that were approved: by their permissions votes count, so that nobody gives themselves voters by
    breaking the glass. Raises DamagedBook.
    """
    for below in _below(recall, known.lasting, known.sha256):
        if below.way != "break-glass" and _runs(below, now):
            return below.outcome
    return known.lasting or known.sha256


def _below(recall: StateRecall, lasting: str, sha256: str) -> Iterator[SettingsChange]:
    """Changes for a time, the one that leads to `sha256` first, then the one that this was made on, down to what lasts."""
    if not lasting:
        return
    made = {
        change.outcome: change
        for change in changes(recall)
        if change.kind == "settings" and change.lasts is not None and change.applied_at is not None
    }
    while sha256 != lasting and sha256 in made:
        change = made.pop(sha256)  # each once: whatever the book says, it ends
        yield change
        sha256 = change.base


def _runs(change: SettingsChange, now: datetime) -> bool:
    return change.state == "applied" and change.reverts_at is not None and now < change.reverts_at

"""Which governed settings a start finds: the first ones are the baseline, and later ones that no person had to approve are recorded."""

from __future__ import annotations

from agent.changes import book
from agent.changes.classes.comparisons.governed import differences
from agent.changes.record import DATASET
from agent.config.governed import governed_document
from agent.config.settings import Settings
from agent.daemon.changes.booked_settings import document_as_now
from agent.daemon.changes.change_record import tell, values
from agent.daemon.changes.change_writer import readable
from agent.daemon.changes.own_change import own_change
from agent.notice.incidents.desk import IncidentChange, IncidentDesk

FILE = "the settings file"
"""Who made a change that no person proposed: whoever could write the file."""


def record_settings(desk: IncidentDesk, settings: Settings) -> None:
    """`desk`: of the process's own shard; `settings`: those in force. Raises LeaklineError for a damaged book."""
    document = governed_document(settings)
    with readable(), desk.changing() as writing:
        known = book.in_force(writing.recall)
        if known is None:
            _record_baseline(writing, document)
        elif (before := book.content(writing.recall, known.sha256)).get("permissions") is None:
            _record_difference(writing, known, document_as_now(settings, before), document)


def _record_baseline(writing: IncidentChange, document: book.GovernedDocument) -> None:
    sha256 = book.digest(document)
    writing.apply({**book.stored_content(document), **book.stored_in_force(book.InForce(sha256, writing.now))})
    said = f"the governed settings of this start are the baseline: {sha256[:12]}"
    fields = {"event.dataset": DATASET, "leakline.settings.sha256": sha256}
    data = {"outcome_sha256": sha256, "permissions": document.get("permissions") is not None}
    writing.announce("settings-baseline", said, about="settings", data=data, fields=fields)


def _record_difference(
    writing: IncidentChange, known: book.InForce, before: book.GovernedDocument, document: book.GovernedDocument
) -> None:
    found = differences(before, document)
    if not found:
        return
    change = own_change(
        writing,
        "settings",
        "one-pair-of-eyes",
        found,
        by=FILE,
        reason="the file was edited",
        base=known.sha256,
        outcome=book.digest(document),
    )
    in_force = book.InForce(change.outcome, writing.now, change.number, known.sha256)
    writing.apply({**book.stored_content(document), **book.stored_in_force(in_force), **book.stored_change(change)})
    said = f"{change.number}: the settings file differs from the settings before, and is in force; no person had to approve it"
    tell(writing, change, "change-applied", said, by="leakline", personal=values(change))

"""Which governed settings a start finds: the first ones are the baseline, and later ones that no person had to approve are recorded."""

from __future__ import annotations

from agent.changes import book
from agent.changes.change import SettingsChange
from agent.changes.classes.change_class import gravest
from agent.changes.classes.comparisons.governed import differences
from agent.changes.record import DATASET
from agent.config.governed import governed_document
from agent.config.settings import Settings
from agent.daemon.changes.booked_settings import document_as_now
from agent.daemon.changes.change_record import tell, values
from agent.daemon.changes.change_writer import readable
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
    number, counted = book.next_number(writing.recall, writing.now)
    change = SettingsChange(
        number,
        FILE,
        writing.now,
        "the file was edited",
        "",
        known.sha256,
        book.digest(document),
        gravest(found),
        found,
        "one-pair-of-eyes",
        writing.now,
        state="applied",
        applied_at=writing.now,
    )
    in_force = book.InForce(change.outcome, writing.now, number, known.sha256)
    writing.apply(
        {
            **counted,
            **book.stored_content(document),
            **book.stored_in_force(in_force),
            **book.stored_change(change),
        }
    )
    said = f"{number}: the settings file differs from the settings before, and is in force; no person had to approve it"
    tell(writing, change, "change-applied", said, by="leakline", personal=values(change))

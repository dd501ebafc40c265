"""Packs of regimes against the one that is approved: the first one is the baseline, a newer one by which no duty is weaker is recorded
and in force, and of one that weakens a request is made, while the approved one stays in force (`agent.assembly.notice.pack_choice`).

Without permissions a newer pack counts at once: it is signed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from agent.assembly.notice.pack_choice import pack_document
from agent.changes import book, pack_book
from agent.changes.change import SettingsChange, Way
from agent.changes.classes.change_class import Difference
from agent.changes.classes.comparisons.regime_pack import pack_differences
from agent.daemon.changes.change_record import named, paths, tell, values
from agent.daemon.changes.change_writer import ChangeWriter, readable
from agent.daemon.changes.own_change import own_change
from agent.notice.incidents.desk import IncidentChange, IncidentDesk
from agent.notice.regimes.choice import PackChoice
from agent.notice.regimes.pack import SignedPack
from agent.store.problems import Problems
from agent.store.state import StateRecall

SIGNED = "the signed pack"
"""Who made a change that no person proposed: whoever holds the key. No login name has spaces."""
KIND, SUBJECT = "pack-differs", "regimes"


class PackWatch:
    """Of one daemon. Safe for threads."""

    def __init__(self, desk: Callable[[], IncidentDesk], problems: Problems, writer: ChangeWriter) -> None:
        """`desk`, `problems`: of the process's own shard."""
        self._desk = desk
        self._problems = problems
        self._writer = writer
        self._choice: PackChoice | None = None
        self._lock = threading.Lock()

    def is_approved(self, sha256: str) -> bool:
        """Whether people approved a pack although it weakens. `sha256`: of its file."""
        return pack_book.is_approved(self._desk().recall, sha256)

    def note(self, choice: PackChoice) -> None:
        """What was chosen at the start or at a reload. Raises LeaklineError for a damaged book."""
        with self._lock:
            self._choice = choice
        self.look()

    def look(self) -> None:
        """To be called about once a minute too: a request that has expired is made again. Raises LeaklineError."""
        with self._lock:
            choice = self._choice
        if choice is None:
            return
        if not choice.waiting:
            self._problems.over(KIND, SUBJECT, "the pack of regimes is as it was approved")
        with readable():
            in_force, newer = _document(choice.signed), [_document(signed) for signed in choice.waiting]
            outcomes = {book.digest(document) for document in newer}
            stale = [change for change in _of_packs(self._desk().recall, "open") if change.outcome not in outcomes]
            known = pack_book.in_force(self._desk().recall)
            is_known = known is not None and known.sha256 == book.digest(in_force)
            if is_known and not stale and not newer:
                return
            with self._desk().changing() as writing:
                for change in stale:
                    self._writer.end(writing, change, "void", "leakline", "the pack does not wait any more")
                if not is_known:
                    _record(writing, choice.signed, in_force)
                for signed, document in zip(choice.waiting, newer, strict=True):
                    self._ask(writing, signed, in_force, document)

    def _ask(
        self, writing: IncidentChange, signed: SignedPack, before: book.GovernedDocument, after: book.GovernedDocument
    ) -> None:
        """Once for the same pack: what was rejected is not asked again."""
        found = _differences(before, after)
        weaker = [difference for difference in found if difference.change_class == "weaken"]
        said = f"{_called(signed)} weakens, and waits for approval, with all that it strengthens: {named(weaker)}"
        fields = {"leakline.settings.paths": paths(weaker), "leakline.settings.class": "weaken"}
        self._problems.report(KIND, SUBJECT, said, fields=fields)
        base, outcome = book.digest(before), book.digest(after)
        asked = (*_of_packs(writing.recall, "open"), *_of_packs(writing.recall, "rejected"))
        if any((change.base, change.outcome) == (base, outcome) for change in asked):
            return
        change = _change(writing, found, before, after, f"{_called(signed)} is newer, and weakens", "votes")
        writing.apply(book.stored_change(change))
        said = f"{SIGNED} proposes {change.number}, which weakens"
        tell(writing, change, "change-proposed", said, by="leakline", personal=values(change))


def _record(writing: IncidentChange, signed: SignedPack, document: book.GovernedDocument) -> None:
    """The pack in force: the first one without a word, for the record of the start names it."""
    known, sha256 = pack_book.in_force(writing.recall), book.digest(document)
    before = book.content(writing.recall, known.sha256) if known is not None else document
    in_force = book.InForce(sha256, writing.now, before=known.sha256 if known is not None else "")
    if pack_book.file_of(before) == pack_book.file_of(
        document
    ):  # at most another version of Leakline reads the same file
        writing.apply({**book.stored_content(document), **pack_book.stored_in_force(in_force)})
        return
    found = _differences(before, document)
    change = _change(writing, found, before, document, f"{_called(signed)} is in force", "upgrade")
    writing.apply({**book.stored_change(change), **pack_book.stored_in_force(in_force)})
    said = f"{change.number}: {_called(signed)} is in force; it was signed, and no person had to approve it"
    tell(writing, change, "change-applied", said, by="leakline", personal=values(change))


def _change(
    writing: IncidentChange,
    found: list[Difference],
    before: book.GovernedDocument,
    after: book.GovernedDocument,
    reason: str,
    way: Way,
) -> SettingsChange:
    """With what it leads to and comes from, stored; the change itself is not yet."""
    writing.apply({**book.stored_content(before), **book.stored_content(after)})
    base, outcome = book.digest(before), book.digest(after)
    return own_change(writing, "pack", way, found, by=SIGNED, reason=reason, base=base, outcome=outcome)


def _of_packs(recall: StateRecall, state: str) -> Sequence[SettingsChange]:
    return [change for change in book.changes(recall) if change.kind == "pack" and change.state == state]


def _document(signed: SignedPack) -> book.GovernedDocument:
    return pack_book.document(pack_document(signed), signed.sha256)


def _differences(before: book.GovernedDocument, after: book.GovernedDocument) -> list[Difference]:
    return pack_differences(pack_book.pack_of(before), pack_book.pack_of(after))


def _called(signed: SignedPack) -> str:
    return f"the pack of regimes {signed.pack.pack.id} {signed.pack.pack.version}"

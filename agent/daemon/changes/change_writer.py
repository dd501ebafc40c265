"""What becomes of a change, step by step, inside the transaction of an act: stored, recorded, announced."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from agent.changes import book, pack_book, rule_book
from agent.changes.change import Kind, SettingsChange, State, Vote
from agent.changes.temporary import in_force_after, lasting_after
from agent.changes.voting import RolesOf, standing
from agent.daemon.changes.change_record import tell
from agent.errors import LeaklineError
from agent.notice.incidents.desk import IncidentChange
from agent.store.state import StateRecall

BREAK_GLASS = "break-glass-open"

_IN_FORCE: Mapping[Kind, str] = {
    "settings": book.IN_FORCE,
    "rules": rule_book.IN_FORCE,
    "pack": pack_book.IN_FORCE,
}
"""Keys of what is in force."""

_OTHER: Mapping[Kind, str] = {
    "settings": "other settings have",
    "rules": "other rules have",
    "pack": "another pack has",
}


class ChangeRefused(LeaklineError):
    """A change, or a vote, that cannot be."""


class ChangeWriter:
    """Of one daemon."""

    def __init__(self, roles_of: RolesOf, restart: Callable[[str], None]) -> None:
        """See `ChangeDesk`."""
        self._roles_of = roles_of
        self._restart = restart

    def voted(self, writing: IncidentChange, change: SettingsChange, vote: Vote) -> SettingsChange:
        change = replace(change, votes=(*change.votes, vote))
        stand = standing(change, self._roles_of)
        what = "approves" if vote.approves else "rejects"
        said = f"{vote.by} {what} {change.number}"
        said += f"; it needs {stand.missing}" if vote.approves and stand.missing else ""
        writing.apply(book.stored_change(change))
        action = "change-approved" if vote.approves else "change-rejected"
        data = {"vote_outcome_sha256": vote.outcome, "roles": sorted(self._roles_of(vote.by)), "missing": stand.missing}
        tell(writing, change, action, said, by=vote.by, data=data, personal={"reason": vote.reason})
        if not vote.approves:
            return self.end(writing, change, "rejected", vote.by, vote.reason, announce=False)
        return change if stand.missing else self.apply(writing, change, self._base(writing, change), vote.by)

    def apply(self, writing: IncidentChange, change: SettingsChange, base: book.InForce, by: str) -> SettingsChange:
        reverts = writing.now + change.lasts if change.lasts is not None else None
        change = replace(change, state="applied", applied_at=writing.now, reverts_at=reverts)
        known = book.InForce(change.outcome, writing.now, change.number, base.sha256, lasting_after(change, base))
        writing.apply({**_stored_in_force(writing.recall, change, known), **book.stored_change(change)})
        until = f" until {reverts.isoformat(timespec='minutes')}" if reverts is not None else ""
        said = f"{change.number} of {change.by} is in force{until}"
        if change.way == "break-glass":
            said = f"{change.by} broke the glass: {change.number} is in force without approval{until}"
            writing.problems.report(BREAK_GLASS, change.number, said)
        tell(
            writing,
            change,
            "change-applied",
            said,
            by=by,
            data={"approved_by": list(standing(change, self._roles_of).approved_by)},
        )
        self._restart(said)
        return change

    def revert(self, writing: IncidentChange, change: SettingsChange, by: str) -> SettingsChange:
        """The settings before it are in force again, unless others have come since (see `agent.changes.temporary`)."""
        known = self.in_force(writing)
        is_in_force = known.sha256 == change.outcome and known.change == change.number
        reason = "its time is over" if by == "leakline" else f"{by} ended it"
        if is_in_force:
            before = in_force_after(writing.recall, known, change, writing.now)
            writing.apply(book.stored_in_force(before))
            self._restart(f"{change.number} is over")
        else:
            reason += "; other settings have come into force since, and stay"
        if change.way == "break-glass":
            writing.problems.over(BREAK_GLASS, change.number, f"{change.number} is over: {reason}")
        return self.end(writing, change, "reverted", by, reason)

    def end(
        self,
        writing: IncidentChange,
        change: SettingsChange,
        state: State,
        by: str,
        reason: str,
        *,
        announce: bool = True,
    ) -> SettingsChange:
        change = replace(change, state=state, ended_at=writing.now, ended_by=by, ended_reason=reason)
        writing.apply(book.stored_change(change))
        if announce:
            said = f"{change.number} is {state}" + (f": {reason}" if reason else "")
            tell(writing, change, f"change-{state}", said, by=by)
        return change

    def still_open(self, writing: IncidentChange, number: str) -> tuple[SettingsChange, str]:
        """The change, and why nothing can be done with it any more; what has expired meanwhile is ended by that."""
        change = known_change(writing.recall, number)
        if change.is_settled:
            return change, f"{change.number} is {change.state} already"
        if writing.now >= change.expires_at:
            change = self.end(writing, change, "expired", "leakline", "its time ended before it was approved")
            return change, f"{change.number} has expired; propose it again"
        if self._base(writing, change).sha256 != change.base:
            reason = f"{_OTHER[change.kind]} come into force since it was proposed"
            return self.end(
                writing, change, "void", "leakline", reason
            ), f"{change.number} is void: {reason}; propose it again"
        return change, ""

    def _base(self, writing: IncidentChange, change: SettingsChange) -> book.InForce:
        """What is in force of what the change is about."""
        known = book.in_force(writing.recall, _IN_FORCE[change.kind])
        if known is None:
            raise ChangeRefused("nothing of that kind is recorded as in force yet; restart Leakline")
        return known

    def in_force(self, writing: IncidentChange) -> book.InForce:
        """Raises ChangeRefused before there are any."""
        known = book.in_force(writing.recall)
        if known is None:
            raise ChangeRefused("no settings are recorded as in force yet; restart Leakline")
        return known


def _stored_in_force(recall: StateRecall, change: SettingsChange, known: book.InForce) -> dict[str, bytes]:
    stored = book.stored_in_force(known, _IN_FORCE[change.kind])
    if change.kind == "pack":
        stored |= pack_book.stored_approval(pack_book.file_of(book.content(recall, change.outcome)))
    return stored


def known_change(recall: StateRecall, number: str) -> SettingsChange:
    """Raises LeaklineError."""
    with readable():
        found = book.change(recall, str(number).strip().upper())
    if found is None:
        raise ChangeRefused(f"there is no change {str(number)[:40]}", hint="`leakline changes list` has their numbers")
    return found


@contextmanager
def readable() -> Iterator[None]:
    """Raises LeaklineError for a book that is damaged."""
    try:
        yield
    except book.DamagedBook as error:
        raise LeaklineError(
            str(error), hint="put back a backup of the state directory; nothing is changed until then"
        ) from error

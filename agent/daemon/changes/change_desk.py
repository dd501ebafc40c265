"""Where people change governed settings: each act is one transaction with its record in the trail and its event.

The daemon is restarted in place for settings that come into force: everything is built from them anew, and nothing is lost by
that, as nothing is by any stop.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from agent.changes import book, pack_book, rule_book
from agent.changes.change import LONGEST_TEXT, OPEN_FOR, SettingsChange, Vote
from agent.changes.classes.change_class import gravest
from agent.changes.classes.comparisons.regime_pack import pack_differences
from agent.changes.classes.rule_set import rule_differences
from agent.changes.voting import LEAST_APPROVERS, RolesOf, Standing, standing
from agent.config.governed import governed_document, with_governed
from agent.config.settings import Settings
from agent.daemon.changes.booked_settings import differences_from
from agent.daemon.changes.change_record import tell, values
from agent.daemon.changes.change_writer import ChangeRefused, ChangeWriter, known_change, readable
from agent.daemon.changes.proposal import Proposal, require_recordable, require_text, require_time
from agent.errors import SettingsError
from agent.notice.incidents.desk import IncidentChange, IncidentDesk
from agent.permissions.principal import Principal, members
from agent.permissions.roles import APPROVING


class ChangeDesk:
    """Of one daemon. Safe for threads: whoever writes holds the lock of the process's shard."""

    def __init__(
        self,
        desk: Callable[[], IncidentDesk],
        settings: Callable[[], Settings],
        roles_of: RolesOf,
        floors: Callable[[Settings], None],
        now: Callable[[], datetime],
        restart: Callable[[str], None],
        soon: Callable[[], None],
        people: Callable[[frozenset[str]], Collection[str]] = members,
    ) -> None:
        """`desk`: of the process's own shard; `settings`: in force; `floors`: raises SettingsError for what is weaker than law;
        `restart`: the daemon is to begin anew, for a reason; `soon`: the trail's checkpoint is to follow soon;
        `people`: who is in any of these groups.
        """
        self._desk = desk
        self._settings = settings
        self._roles_of = roles_of
        self._floors = floors
        self._now = now
        self._soon = soon
        self._people = people
        self._writer = ChangeWriter(roles_of, restart)

    # Asking

    def changes(self) -> list[SettingsChange]:
        """All, the oldest first."""
        with readable():
            return list(book.changes(self._desk().recall))

    def change(self, number: str) -> SettingsChange:
        """Raises LeaklineError."""
        return known_change(self._desk().recall, number)

    def standing(self, change: SettingsChange) -> Standing:
        """Who has approved it, and what it still needs."""
        return standing(change, self._roles_of)

    def document(self, change: SettingsChange) -> dict[str, Any]:
        """The governed settings that it leads to, or the set of rules, or the pack. Raises LeaklineError."""
        with readable():
            if change.kind == "rules":
                return rule_book.document(rule_book.rules(self._desk().recall, change.outcome))
            return book.content(self._desk().recall, change.outcome)

    # Acting

    def propose(self, caller: Principal, proposal: Proposal) -> SettingsChange:
        """As it is stored. Raises ChangeRefused, SettingsError for settings that cannot be."""
        self._require_permissions()
        require_text(proposal)
        require_time(proposal)
        settings = with_governed(self._settings(), proposal.document)
        outcome = governed_document(settings)
        with self._writing() as writing:
            base = self._writer.in_force(writing)
            found = differences_from(writing.recall, self._settings(), base, outcome)
            if not found:
                raise ChangeRefused("these are the settings in force; there is nothing to change")
            number, counted = book.next_number(writing.recall, writing.now)
            change = SettingsChange(
                number,
                caller.name,
                writing.now,
                proposal.reason,
                proposal.ticket,
                base.sha256,
                book.digest(outcome),
                gravest(found),
                found,
                proposal.way,
                writing.now + OPEN_FOR,
                proposal.lasts,
            )
            require_recordable(change)
            writing.apply(counted)
            refusal = self._refusal(change, settings)
            if not refusal:
                writing.apply({**book.stored_content(outcome), **book.stored_change(change)})
                said = f"{caller.name} proposes {number}, which {_VERBS[change.change_class]}"
                tell(writing, change, "change-proposed", said, by=caller.name, personal=values(change))
                if proposal.way == "break-glass":
                    change = self._writer.apply(writing, change, base, caller.name)
            else:
                said = f"a change that {caller.name} proposes is refused: {refusal}"
                tell(writing, change, "change-refused", said, by=caller.name, personal=values(change))
        self._soon()
        if refusal:
            raise ChangeRefused(refusal, hint="nothing was changed; the attempt is recorded")
        return change

    def vote(self, caller: Principal, number: str, outcome: str, *, approves: bool, reason: str = "") -> SettingsChange:
        """`outcome`: the digest of the settings that the person saw, or its beginning of 12 characters at least. Raises ChangeRefused."""
        with self._writing() as writing:
            change, refusal = self._writer.still_open(writing, number)
            if not refusal:
                self._require_vote(writing, change, caller, outcome, approves=approves)
                vote = Vote(caller.name, writing.now, approves, change.outcome, str(reason)[:LONGEST_TEXT])
                change = self._writer.voted(writing, change, vote)
        self._soon()
        if refusal:
            raise ChangeRefused(refusal)
        return change

    def withdraw(self, caller: Principal, number: str) -> SettingsChange:
        """By who proposed it. Raises ChangeRefused."""
        with self._writing() as writing:
            change, refusal = self._writer.still_open(writing, number)
            if not refusal:
                if change.by != caller.name:
                    raise ChangeRefused(
                        f"{change.number} was proposed by {change.by}", hint="who proposed it can withdraw it"
                    )
                change = self._writer.end(writing, change, "withdrawn", caller.name, "")
        if refusal:
            raise ChangeRefused(refusal)
        return change

    def end(self, caller: Principal, number: str) -> SettingsChange:
        """End a break-glass change before its time. Raises ChangeRefused."""
        with self._writing() as writing:
            change = self.change(number)
            if change.way != "break-glass" or change.state != "applied":
                raise ChangeRefused(f"{change.number} is not a break-glass change in force")
            return self._writer.revert(writing, change, caller.name)

    def look(self) -> None:
        """Proposals that can no longer be approved, and changes that were for a time; to be called about once a minute."""
        with readable():
            known = book.in_force(self._desk().recall)
        base, now = known.sha256 if known is not None else "", self._now()
        due = [change.number for change in self.changes() if _is_due(change, base, now)]
        if not due:
            return
        with self._writing() as writing:
            for change in map(self.change, due):
                if not _is_due(change, base, now):  # somebody was faster
                    continue
                if change.state == "applied":
                    self._writer.revert(writing, change, "leakline")
                else:
                    self._writer.still_open(writing, change.number)

    # What is refused

    def _require_vote(
        self, writing: IncidentChange, change: SettingsChange, caller: Principal, outcome: str, *, approves: bool
    ) -> None:
        if APPROVING.isdisjoint(self._roles_of(caller.name)):
            raise ChangeRefused(
                f"{caller.name} has no vote: the role comes from settings that no person approved",
                hint="ask a person who had it before the glass was broken",
            )
        if caller.name == change.by and approves:
            raise ChangeRefused(
                f"{change.number} is {caller.name}'s own; a person other than who proposed it has to approve it"
            )
        if any(vote.by == caller.name for vote in change.votes):
            raise ChangeRefused(f"{caller.name} has voted on {change.number} already")
        if len(str(outcome)) < _SHORTEST_DIGEST or not change.outcome.startswith(str(outcome)):
            raise ChangeRefused(
                f"{change.number} leads to the settings {change.outcome[:12]}, and not to those that were looked at",
                hint=f"read `leakline changes show {change.number}` and vote on what it shows",
            )
        # The change is about the settings in force (else it is void); stored they may lack what a newer version added.
        if not self._is_as_stored(writing, change):
            raise ChangeRefused(f"what {change.number} does is shown otherwise than it was stored; propose it again")

    def _is_as_stored(self, writing: IncidentChange, change: SettingsChange) -> bool:
        recall = self._desk().recall
        if change.kind == "pack":
            before, after = (
                pack_book.pack_of(book.content(recall, sha256)) for sha256 in (change.base, change.outcome)
            )
            return pack_differences(before, after) == list(change.differences)
        if change.kind == "settings":
            known = self._writer.in_force(writing)
            found = differences_from(recall, self._settings(), known, self.document(change))
            return found == list(change.differences)
        base, outcome = rule_book.rules(recall, change.base), rule_book.rules(recall, change.outcome)
        found = rule_differences(base.marks, outcome.marks)  # with those of folders that the settings name no longer
        return all(difference in found for difference in change.differences)

    def _refusal(self, change: SettingsChange, settings: Settings) -> str:
        """Why it cannot even be proposed; empty where it can."""
        try:
            self._floors(settings)
        except SettingsError as error:
            return str(error)
        if too_few := self._too_few(settings):
            return too_few
        forbidden = [f"{found.path}: {found.why}" for found in change.differences if found.change_class == "forbidden"]
        return "; ".join(forbidden)

    def _too_few(self, settings: Settings) -> str:
        """Why nothing that weakens could be approved afterwards; empty where it could, or cannot now either."""
        before, after = (
            self._people(found.permissions.approving) if found.permissions is not None else ()
            for found in (self._settings(), settings)
        )
        if len(after) >= min(LEAST_APPROVERS, len(before)):
            return ""
        count = f"only {len(after)}" if after else "none"
        return f"permissions.groups: {count} of the people of this system could approve changes by them, and {LEAST_APPROVERS} have to"

    def _require_permissions(self) -> None:
        if self._settings().permissions is None:
            raise ChangeRefused(
                "permissions are not set, so that changes need no approval",
                hint="edit the settings file and restart: what differs is recorded as a change by one pair of eyes",
            )

    @contextmanager
    def _writing(self) -> Iterator[IncidentChange]:
        with readable(), self._desk().changing() as writing:
            yield writing


_SHORTEST_DIGEST = 12
_VERBS = {
    "neutral": "changes nothing of what protects",
    "strengthen": "strengthens",
    "weaken": "weakens",
    "forbidden": "cannot be",
}


def _is_due(change: SettingsChange, base: str, now: datetime) -> bool:
    """`base`: SHA-256 of the settings in force; proposals of rule files are looked after by `RuleWatch`."""
    if change.state == "applied":
        return change.reverts_at is not None and now >= change.reverts_at
    is_void = change.kind == "settings" and change.base != base
    return change.state == "open" and (is_void or now >= change.expires_at)

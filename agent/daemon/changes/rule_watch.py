"""Rule files against those that are approved: the first ones are recorded, later ones where nothing becomes weaker, and of the
others one request is made, while they stay as they were approved (`agent.assembly.rule_approval.approved_rules`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from agent.assembly.rule_approval.approved_rules import RuleStand
from agent.changes import book, rule_book
from agent.changes.change import SettingsChange, Way
from agent.changes.record import DATASET
from agent.daemon.changes.change_record import MOST_NAMED, named, paths, tell, values
from agent.daemon.changes.change_writer import ChangeWriter, readable
from agent.daemon.changes.own_change import own_change
from agent.notice.incidents.desk import IncidentChange, IncidentDesk
from agent.store.problems import Problems

RULE_FILES = "the rule files"
"""Who made a change that no person proposed: whoever could write them. No login name has spaces."""
KIND, SUBJECT = "rules-differ", "rules"


class RuleWatch:
    """Of one daemon."""

    def __init__(
        self,
        desk: Callable[[], IncidentDesk],
        stand: Callable[[], RuleStand | None],
        problems: Problems,
        writer: ChangeWriter,
    ) -> None:
        """`desk`: of the process's own shard; `stand`: of the rules in use."""
        self._desk = desk
        self._stand = stand
        self._problems = problems
        self._writer = writer

    def look(self) -> None:
        """To be called at the start, after each reload, and about once a minute. Raises LeaklineError."""
        stand = self._stand()
        if stand is None or not stand.held:
            self._problems.over(KIND, SUBJECT, "rules are as they were approved")
        outcome = rule_book.digest(stand.found) if stand is not None else ""
        with readable():
            stale = any(change.outcome != outcome for change in _open(self._desk()))
            if stand is None and not stale:
                return
            with self._desk().changing() as writing:
                for change in [found for found in _open(self._desk()) if found.outcome != outcome]:
                    self._writer.end(writing, change, "void", "leakline", "the rule files have changed since")
                if stand is not None:
                    self._record(writing, stand, outcome)

    def _record(self, writing: IncidentChange, stand: RuleStand, outcome: str) -> None:
        known = rule_book.in_force(writing.recall)
        if (known.sha256 if known is not None else "") != stand.base:
            return  # it is settled, and the next reload sees it
        if known is None:
            self._baseline(writing, stand, outcome)
        elif stand.held:
            self._ask(writing, stand, outcome)
        else:
            self._upgrade(writing, stand, outcome)

    def _baseline(self, writing: IncidentChange, stand: RuleStand, outcome: str) -> None:
        known = book.InForce(outcome, writing.now)
        writing.apply({**rule_book.stored_rules(stand.found, stand.contents), **rule_book.stored_in_force(known)})
        said = f"the rule files of this start are the baseline: {outcome[:12]}, with {len(stand.found.marks)} rules"
        fields = {"event.dataset": DATASET, "leakline.settings.sha256": outcome}
        data = {"outcome_sha256": outcome, "permissions": True}
        writing.announce("settings-baseline", said, about="rules", data=data, fields=fields)

    def _upgrade(self, writing: IncidentChange, stand: RuleStand, outcome: str) -> None:
        change = _change(writing, stand, outcome, "upgrade")
        known = book.InForce(outcome, writing.now, change.number, stand.base)
        writing.apply({**book.stored_change(change), **rule_book.stored_in_force(known)})
        said = f"{change.number}: the rule files have changed, no rule is weaker by that, and they are in force"
        tell(writing, change, "change-applied", said, by="leakline", personal=values(change))

    def _ask(self, writing: IncidentChange, stand: RuleStand, outcome: str) -> None:
        """Once for the same files: what was rejected is not asked again."""
        weaker = [found for found in stand.differences if found.change_class == "weaken"]
        said = f"rule files differ from the approved ones, which stay in force: {named(weaker)} (weaken); files: "
        said += ", ".join(stand.held[:MOST_NAMED])
        fields = {"leakline.settings.paths": paths(weaker), "leakline.settings.class": "weaken"}
        self._problems.report(KIND, SUBJECT, said, fields=fields)
        asked = (change for change in book.changes(writing.recall) if change.kind == "rules")
        if any(
            (change.base, change.outcome) == (stand.base, outcome) and change.state in ("open", "rejected")
            for change in asked
        ):
            return
        change = _change(writing, stand, outcome, "votes")
        writing.apply(book.stored_change(change))
        said = f"{RULE_FILES} propose {change.number}, which weakens"
        tell(writing, change, "change-proposed", said, by="leakline", personal=values(change))


def _open(desk: IncidentDesk) -> Iterator[SettingsChange]:
    return (change for change in book.changes(desk.recall) if change.kind == "rules" and change.state == "open")


def _change(writing: IncidentChange, stand: RuleStand, outcome: str, way: Way) -> SettingsChange:
    """With what it leads to, stored; the change itself is not yet."""
    writing.apply(rule_book.stored_rules(stand.found, stand.contents))
    reason = "the rule files differ from the approved ones"
    return own_change(
        writing, "rules", way, stand.differences, by=RULE_FILES, reason=reason, base=stand.base, outcome=outcome
    )

"""Requests that judge an incident: anchors, facts, decisions, obligations, its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agent.daemon.incidents.incident_edit import Edit, Editing, IncidentEdits, moment, place, texts
from agent.daemon.incidents.incident_list import reckoned_clocks
from agent.daemon.incidents.second_person import first_word, is_waiver, noted, used
from agent.daemon.incidents.settling_edit import settling_edit
from agent.errors import LeaklineError
from agent.notice import declared
from agent.notice.incidents import rule_verdict
from agent.notice.incidents.changes import fact_values
from agent.notice.incidents.changes.anchoring import AnchorMove, anchored, moves
from agent.notice.incidents.changes.closing import closed
from agent.notice.incidents.changes.deciding import JUDGEMENTS, decided
from agent.notice.incidents.changes.settling import SETTLEMENT_ENDS, Statement
from agent.notice.incidents.incident import Fact, Incident


class JudgingRequests:
    """Each may be called from any thread."""

    def __init__(self, edits: IncidentEdits) -> None:
        self._edits = edits

    def anchor(self, number: str, anchors: Sequence[str], by: str, basis: str = "", zone: str = "") -> dict[str, Any]:
        """Declare when something happened that periods count from."""

        def make(editing: Editing, before: Incident) -> Edit:
            written = texts(anchors, "an anchor as NAME=TIME")
            found = declared.anchors(written, self._edits.pack(), None, place(zone, editing.desk))
            clocks = editing.clocks_run
            after = anchored(before, found, editing.by, editing.now, basis=str(basis), clocks=clocks)
            return _anchor_edit(before, after, editing.by)

        return self._edits.edit(number, by, make, critical=True)

    def fact(self, number: str, facts: Sequence[str], by: str, basis: str = "") -> dict[str, Any]:
        """Record what is known of an incident."""

        def make(editing: Editing, before: Incident) -> Edit:
            found = fact_values.values(texts(facts, "a fact as NAME=VALUE"), self._edits.pack())
            after = fact_values.with_facts(before, found, editing.by, editing.now, basis=str(basis))
            numbers = {name: value for name, value in found.items() if not isinstance(value, str)}
            words = {name: value for name, value in found.items() if isinstance(value, str)}
            data = {"facts": numbers, "before": _values(before.facts, numbers), "words": sorted(words)}
            personal = {"facts": words, "before": _values(before.facts, words), "basis": str(basis)}
            said = f"has new facts of {editing.by}: {', '.join(sorted(found))}"
            return Edit(after, "incident-facts-recorded", said, data, personal, reckon=True)

        return self._edits.edit(number, by, make)

    def decide(
        self,
        number: str,
        decision: str,
        by: str,
        obligation: str = "",
        reason: str = "",
        at: str = "",
        receipt: str = "",
        approver: str = "",
        zone: str = "",
    ) -> dict[str, Any]:
        """Decide what an incident is, or how one of its obligations ended."""

        def make(editing: Editing, before: Incident) -> Edit:
            judgement = next((known for known in JUDGEMENTS if known == decision), None)
            end = next((known for known in SETTLEMENT_ENDS if known == decision), None)
            if judgement is None and end is None:
                hint = f"write one of {', '.join([*JUDGEMENTS, *SETTLEMENT_ENDS])}"
                raise LeaklineError(f"{str(decision)[:40]!r} is not a decision", hint=hint)
            if end is not None:
                if not obligation:
                    raise LeaklineError(f"say what is {end}", hint="write --obligation REGIME/OBLIGATION")
                when = moment("--at", at, zone, editing.desk) if at else None
                statement = Statement(end, when, str(receipt), str(reason), str(approver))
                return settling_edit(editing, before, obligation, statement, self._edits.pack())
            if judgement is None or obligation or at or receipt or approver:
                hint = f"an obligation is {', '.join(SETTLEMENT_ENDS)}"
                raise LeaklineError(f"{decision} is said of an incident, and has a reason alone", hint=hint)
            clocks = editing.clocks_run
            if is_waiver(editing, before, judgement):
                if first_word(editing, before, judgement) is None:
                    decided(before, judgement, editing.by, editing.now, reason=str(reason), clocks=clocks)
                    return noted(editing, before, judgement, str(reason))
                used(editing, before, judgement)
            after = decided(before, judgement, editing.by, editing.now, reason=str(reason), clocks=clocks)
            editing.change.apply(rule_verdict.decided(before, after, editing.desk.recall, editing.now, editing.by))
            said = f"is {after.state}, as {editing.by} decided"
            aware = moves(before, after)
            said += f"; aware is set to now, {editing.now:%Y-%m-%d %H:%M} UTC" if aware else ""
            data = {"decision": judgement, "before": before.state, "anchors": [_move(move) for move in aware]}
            action = "incident-reopened" if judgement == "reopened" else "incident-decided"
            return Edit(after, action, said, data, {"reason": str(reason)}, reckon=True)

        return self._edits.edit(number, by, make, critical=True)

    def close(self, number: str, reason: str, by: str) -> dict[str, Any]:
        """End an incident of which everything is done."""

        def make(editing: Editing, before: Incident) -> Edit:
            clocks = reckoned_clocks(editing.desk, before)
            after = closed(before, clocks, editing.by, editing.now, str(reason))
            data, personal = {"before": before.state}, {"reason": after.decisions[-1].reason}
            return Edit(after, "incident-closed", f"is closed by {editing.by}", data, personal, reckon=True)

        return self._edits.edit(number, by, make, critical=True)


def _anchor_edit(before: Incident, after: Incident, by: str) -> Edit:
    changed = moves(before, after)
    named = ", ".join(f"{_called(move)} at {move.after.time:%Y-%m-%d %H:%M} UTC" for move in changed)
    later = ", ".join(_called(move) for move in changed if move.is_later)
    said = f"has {named}, declared by {by}" + (f"; {later} is later than it was" if later else "")
    data = {"anchors": [_move(move) for move in changed], "before": before.state, "clocks": after.has_clocks}
    personal = {"basis": changed[0].after.basis if changed else ""}
    return Edit(after, "incident-anchored", said, data, personal, reckon=True)


def _called(move: AnchorMove) -> str:
    return declared.OCCURRED if move.name == declared.EVENT else move.name


def _move(move: AnchorMove) -> dict[str, Any]:
    before = move.before
    return {
        "name": move.name,
        "time": move.after.time.isoformat(),
        "before": before.time.isoformat() if before else None,
        "before_by": before.by if before else "",
        "before_presumed": bool(before and before.presumed),
        "later": move.is_later,
    }


def _values(facts: Any, names: Any) -> dict[str, Any]:
    """What these facts were."""
    return {name: fact.value for name, fact in facts.items() if name in names and isinstance(fact, Fact)}

"""Thousands of rules fit into the state, and so does the change in which all of them are missing."""

from __future__ import annotations

import hashlib

import pytest

from agent.assembly.rule_approval.approved_rules import RuleStand
from agent.changes import rule_book
from agent.changes.book import DamagedBook
from agent.changes.classes.rule_set import RuleMark, rule_differences
from agent.changes.rule_book import ApprovedRules
from agent.daemon.changes.change_writer import ChangeWriter
from agent.daemon.changes.rule_watch import RuleWatch
from agent.store.keys import RESPONSE
from tests.daemon.changes.change_state import ChangeState

RULES = 4_000


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def many() -> ApprovedRules:
    ids = [f"{digest_of(str(number))[:8]}-0f9e-4a63-a5a8-b6a8f5a5f001" for number in range(RULES)]
    names = {rule_id: f"/etc/leakline/rules/exports/{rule_id}.yml" for rule_id in ids}
    marks = {
        rule_id: RuleMark(
            f"rule_{rule_id[:8]}", "high", "stable", digest_of(f"{rule_id}text"), digest_of(f"{rule_id}d")
        )
        for rule_id in ids
    }
    return ApprovedRules(
        {name: digest_of(name)[:32] for name in names.values()}, marks, {rule_id: [names[rule_id]] for rule_id in ids}
    )


def test_all_of_them_can_go_missing(state: ChangeState) -> None:
    """The first set is the baseline; then one request is made of them all, and the daemon goes on."""
    rules, nothing = many(), ApprovedRules({}, {}, {})
    stand = RuleStand("", rules, {}, [], [])
    watch = RuleWatch(
        lambda: state.desk_alone,
        lambda: stand,
        state.stores.problems,
        ChangeWriter(state.roles_of, state.restarts.append),
    )
    watch.look()
    assert rule_book.rules(state.desk_alone.recall, rule_book.digest(rules)) == rules
    found = rule_differences(rules.marks, {})
    stand = RuleStand(rule_book.digest(rules), nothing, {}, found, list(rules.files))
    watch.look()
    (change,) = state.desk.changes()
    assert (len(change.differences), change.change_class) == (RULES, "weaken")
    assert state.vote("paul", change).state == "open"
    assert state.vote("olaf", change).state == "applied"


def test_a_set_that_was_changed_since_is_none(state: ChangeState) -> None:
    """Cut, or another one in its place."""
    rules = many()
    sha256 = rule_book.digest(rules)
    (stored,) = rule_book.stored_rules(rules, {}).values()
    for data in (stored[:-9], b"", b"{}", stored[:1]):
        with state.stores.state.transact() as transaction:
            transaction.apply(RESPONSE.prefix, {rule_book.SET + sha256: data})
        with pytest.raises(DamagedBook):
            rule_book.rules(state.desk_alone.recall, sha256)

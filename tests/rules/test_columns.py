"""Which columns the pack reads: what several event types spell differently under its computed name, and nothing excused
by what the sender writes.

An exception may be taken away at any time, and needs a reason as long as it is here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.detection import load
from agent.detection.authoring.lint_parties import COMPUTED, measured
from agent.detection.condition.tree import And, Match, Node, Not, Or
from agent.detection.sigma.rule import Rule

RULES = Path(__file__).parents[2] / "rules"
LOADED = tuple(load.load([RULES]))
DOCUMENTS = [
    document
    for path in load.files([RULES])
    if path.suffix == ".yml"
    for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))
]

READ = {
    "app_first_seen_call": "a list of approved apps may be written by hand, in either form",
    "browser_read": "asks for a call without any app",
    "campaign_address": "asks each column for a listed address",
}
"""Rules whose detection reads a column of addresses, users or apps itself."""

WRITTEN = (
    "USER_AGENT", "BROWSER_TYPE", "CLIENT_NAME", "CLIENT_INFO", "UserAgent", "Browser", "Client", "user_agent.",
    "CONNECTED_APP_NAME", "Application", "leakline.client_kind", "FORWARDED_FOR", "ForwardedFor", "related.ip",
    "HTTP_REFERER", "REFERRER", "http.request.referrer",
)  # fmt: skip
"""Beginnings of fields that the sender of a request writes as he likes."""

EXCUSED = {
    "session_used": "telephones; session_rotating_addresses has them",
    "travel_login": "telephones; impossible_travel_far has them",
    "persons_api_read": "telephones, which synchronise by themselves",
}
"""Rules that leave out rows by what the sender writes."""


def fields(node: Node, *, under: bool = False, negated: bool = False) -> Iterator[str]:
    """All fields of a condition, or those behind an odd number of `not`."""
    match node:
        case Match(str(name), _) if under or not negated:
            yield name
        case And(children) | Or(children):
            for child in children:
                yield from fields(child, under=under, negated=negated)
        case Not(child):
            yield from fields(child, under=not under, negated=negated)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document["name"])
def test_rules_group_by_and_count_computed_columns(document: dict[str, Any]) -> None:
    """Addresses, users, sessions, apps and the like have one name in all event types, which nobody steers."""
    assert [column for column in measured(document) if column in COMPUTED] == []


def test_no_rule_reads_what_a_proxy_is_said_to_forward() -> None:
    """X-Forwarded-For is the sender's to write: its addresses are in `related.ip`, for lists alone."""
    assert [
        rule.name for rule in LOADED for name in fields(rule.condition) if name.lower().startswith("forwarded")
    ] == []


@pytest.mark.parametrize("rule", LOADED, ids=lambda rule: rule.name)
def test_rules_read_addresses_users_and_apps_under_their_computed_names(rule: Rule) -> None:
    """So that a row that has them in another column is seen as well."""
    raw = {
        column
        for column, name in COMPUTED.items()
        if name in ("source.ip", "user.id", "leakline.app", "leakline.login_name")
    }
    read = {name for name in fields(rule.condition) if name in raw - {"related.ip", "user.name"}}
    assert not read or rule.name in READ


@pytest.mark.parametrize("rule", LOADED, ids=lambda rule: rule.name)
def test_nothing_is_excused_by_what_the_sender_writes(rule: Rule) -> None:
    """A user agent that says telephone costs nothing."""
    excused = [name for name in fields(rule.condition, negated=True) if name.startswith(WRITTEN)]
    assert not excused or rule.name in EXCUSED, excused


def test_the_exceptions_name_rules_that_are_there() -> None:
    """Those of rules that are gone are taken out."""
    names = {document["name"] for document in DOCUMENTS}
    assert READ.keys() | EXCUSED.keys() <= names

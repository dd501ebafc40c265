"""What `check` says of `permissions`: groups that are missing, and too few who approve."""

from __future__ import annotations

import grp
from typing import Any

import pytest

from agent.check.notice.permissions import examine_permissions
from agent.config.settings import parse
from tests.permissions.users import needs_users

OWN = {
    "orgs": [{"name": "a", "url": "https://a.example", "auth": {"type": "client_credentials", "client_id": "x", "client_secret": {"env": "S"}}}],
    "destinations": [{"type": "file", "directory": "/tmp/out"}],
}  # fmt: skip


def said(groups: dict[str, str] | None) -> list[tuple[bool, str]]:
    document: dict[str, Any] = {**OWN, **({"permissions": {"groups": groups}} if groups else {})}
    return [(finding.ok, finding.message) for finding in examine_permissions(parse(document))]


def test_groups_that_are_missing_are_named() -> None:
    """With what to write; nobody approves anything then."""
    missing, few = said({"no-such-admins": "admin", "no-such-dpo": "privacy"})
    assert missing == (
        False,
        "this machine does not have the groups no-such-admins, no-such-dpo: no person has their roles",
    )
    assert few[1] == "no person is in the groups that approve changes: nothing that weakens can be approved"


@needs_users
def test_two_approvers_are_enough() -> None:
    """And one is not."""
    assert said({"www-data": "admin", "mail": "privacy"})[-1][1].startswith("only mail is in the groups")
    assert said({"www-data": "admin", "mail": "privacy", "news": "approver"}) == [
        (True, "2 people can approve changes")
    ]


def test_without_permissions_nothing_is_said() -> None:
    """One pair of eyes is what the settings ask for."""
    assert said(None) == []
    with pytest.raises(KeyError):
        grp.getgrnam("no-such-dpo")

"""The settings `permissions`."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from agent.permissions.settings import PermissionSettings


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ({}, "at least 1 item"),
        ({"a": "admin"}, "no group has the role privacy"),
        ({"p": "privacy"}, "no group has the role admin"),
        ({"a": "admin", "p": "privacy", "s": "service"}, "viewer"),
        ({"a": "admin", "p": "root"}, "viewer"),
        ({"a b": "admin", "p": "privacy"}, "is not the name of a group"),
        ({"": "admin", "p": "privacy"}, "is not the name of a group"),
        ({"a\n": "admin", "p": "privacy"}, "is not the name of a group"),
    ],
)
def test_settings_that_nobody_could_change_again_are_refused(groups: dict[str, Any], said: str) -> None:
    """A mapping has somebody who proposes and somebody who approves what weakens, and names groups and roles that can be."""
    with pytest.raises(ValidationError, match=said):
        PermissionSettings(groups=groups)


def test_those_of_the_contract_are_taken() -> None:
    """As the issue writes them."""
    groups = {
        "leakline-admin": "admin",
        "leakline-privacy": "privacy",
        "leakline-soc": "responder",
        "leakline-audit": "auditor",
    }
    assert PermissionSettings(groups=groups).approving == {"leakline-privacy"}  # type: ignore[arg-type]

"""Whom alerts over many events are about."""

from __future__ import annotations

import pytest

from agent.detection.alert.user import user_of

SHORT, LONG = "005Hs000003T2I1", "005Hs000003T2I1AAI"


@pytest.mark.parametrize(
    ("users", "group", "number", "name"),
    [
        (["ann@example.com"], f"USER_ID={SHORT}", SHORT, "ann@example.com"),
        (["ann@example.com"], f"CLIENT_IP=192.0.2.1, user.id={LONG}", LONG, "ann@example.com"),
        ([SHORT], "CLIENT_IP=192.0.2.1", SHORT, None),
        ([SHORT], f"USER_ID={SHORT}, CLIENT_IP=192.0.2.1", SHORT, None),
        (["ann", "bob"], "CLIENT_IP=192.0.2.1", None, None),
        (["ann"], f"DELEGATED_USER_ID={SHORT}", None, "ann"),
        (["005"], "", None, "005"),
        ([], f"MY_USER_ID={SHORT}", None, None),
    ],
)
def test_ids_are_told_from_names(users: list[str], group: str, number: str | None, name: str | None) -> None:
    """An id stands where searches look for ids; the user an administrator signs in as is not who did it."""
    assert user_of(users, group) == {"user.id": number, "user.name": name}

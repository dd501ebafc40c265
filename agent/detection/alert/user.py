"""Whom an alert over many events is about: the id apart from the name."""

from __future__ import annotations

import re
from collections.abc import Sequence

_ID = r"005[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?"
_GROUPED = re.compile(rf"(?:^|, )(?:user\.id|USER_ID|USER_ID_DERIVED|UserId)=({_ID})(?:, |$)")


def only(names: Sequence[str]) -> str | None:
    """The one that is meant; None if there are several, or none."""
    return names[0] if len(names) == 1 else None


def user_of(users: Sequence[str], group: str) -> dict[str, str | None]:
    """`user.id` and `user.name`, as far as the alert is about one user; None where nothing is known.

    `users`: names of the users involved, or ids (`005` and 12 or 15 characters more) where rows said no name; `group`:
    `NAME=value, …`.
    """
    user = only(users)
    named = None if user is None or re.fullmatch(_ID, user) else user
    found = _GROUPED.search(group)
    return {"user.id": found[1] if found else user if named is None else None, "user.name": named}

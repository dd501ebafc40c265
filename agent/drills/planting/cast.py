"""Who acts in a drill: the staff of the simulated org under names that nobody takes for somebody's.

The person with the number 3 is `Drill User 3`, drill.user.3.TAG@drill.invalid; `.invalid` is nobody's domain (RFC 2606), and the
tag is the drill's, so that two drills share no username. Ids are made the drill's own later, with all others (`disguise`).
"""

from __future__ import annotations

from dataclasses import replace

from agent.simulator.world.staff import Staff
from agent.simulator.world.users import User

DOMAIN = "drill.invalid"
SEED = 7
"""Everything but who, when and from where is the same in each drill, so that what finds it once finds it always."""
PEOPLE = 60
"""The scenario with the most tries two dozen accounts."""

_WORDS = {"person": "User", "admin": "Admin", "integration": "Integration", "guest": "Guest"}


def drill_staff(tag: str) -> Staff:
    """The same people in each drill, but for their usernames, which have `tag` in them."""
    staff = Staff(SEED, PEOPLE)
    staff.users = [_renamed(user, tag) for user in staff.users]
    return staff


def username(word: str, number: int, tag: str) -> str:
    """Of a kind of account (`user`) and its number."""
    return f"drill.{word.lower()}.{number}.{tag}@{DOMAIN}"


def _renamed(user: User, tag: str) -> User:
    word = _WORDS[user.kind]
    login = username(word, user.number, tag)
    return replace(user, username=login, email=login, name=f"Drill {word} {user.number}")

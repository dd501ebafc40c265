"""Who is behind a connection: a user of the operating system, and the roles that the settings give to their groups."""

from __future__ import annotations

import grp
import os
import pwd
from dataclasses import dataclass

from agent.permissions.roles import ROLES, Role
from agent.permissions.settings import PermissionSettings

ROOT = 0


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who asks for something."""

    name: str
    """The login name; `uid 1234` where the system knows none."""
    roles: frozenset[Role]
    uid: int | None = None
    """None for who comes through the listener."""

    @property
    def titles(self) -> str:
        """The roles in words, for messages."""
        return ", ".join(role for role in ROLES if role in self.roles) or "no role"


def sender_principal(name: str) -> Principal:
    """A program that has proved by its credentials that it is this sender of the inbound listener."""
    return Principal(f"sender {name}", frozenset[Role]({"service"}))


def link_principal(name: str) -> Principal:
    """A person who holds a signed link of a message to them: it is good for handling incidents, and for nothing else."""
    return Principal(name, frozenset[Role]({"responder"}))


def user_principal(uid: int, settings: PermissionSettings | None, service: int | None = None) -> Principal:
    """`service`: the user id of the running service.

    The database of groups is asked each time, so that who is taken out of a group has lost its role at the next request, in
    sessions that are open too. Without settings everybody has every role. Whom the system does not know has none: nobody could be
    named as who proposed or approved. Root looks after the host, so it is an admin: it can
    propose, and approves and judges nothing. The service's own user is a program.
    """
    name = login_name(uid)
    if settings is None:
        return Principal(name, frozenset(ROLES), uid)
    roles: set[Role] = {settings.groups[group] for group in _groups(uid) if group in settings.groups}
    if uid == ROOT:
        roles |= {"admin", "service"}
    elif uid == (os.geteuid() if service is None else service):
        roles = {"service"}
    return Principal(name, frozenset(roles), uid)


def named_principal(name: str, settings: PermissionSettings | None) -> Principal:
    """Who has this login name; whom the system does not know has no role."""
    try:
        return user_principal(pwd.getpwnam(name).pw_uid, settings)
    except KeyError:
        return Principal(name, frozenset())


def login_name(uid: int) -> str:
    """As messages and records name a user."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def members(groups: frozenset[str]) -> frozenset[str]:
    """Login names of all who are in any of these groups of the system, by its database. Groups that there are not have none."""
    found = set[str]()
    ids = set[int]()
    for group in groups:
        try:
            entry = grp.getgrnam(group)
        except KeyError:
            continue
        ids.add(entry.gr_gid)
        found.update(entry.gr_mem)
    # A user's first group does not name its members.
    found.update(user.pw_name for user in pwd.getpwall() if user.pw_gid in ids)
    return frozenset(found)


def _groups(uid: int) -> set[str]:
    try:
        user = pwd.getpwuid(uid)
    except KeyError:
        return set()
    numbers = os.getgrouplist(user.pw_name, user.pw_gid)
    found = set[str]()
    for number in numbers:
        try:
            found.add(grp.getgrgid(number).gr_name)
        except KeyError:
            continue
    return found

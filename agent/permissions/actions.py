"""The table of role and action: everything that the control socket and the inbound listener can be asked for, and who may.

What stands in no row is allowed to nobody. A test holds that the table has each request of the daemon and no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agent.permissions.roles import PEOPLE, ROLES, Role

_ALL: frozenset[Role] = frozenset(ROLES)
_VIEWING: frozenset[Role] = PEOPLE
_READING: frozenset[Role] = frozenset({"auditor", "responder", "privacy"})
"""Those who see who is behind an incident."""
_LISTING: frozenset[Role] = frozenset({"auditor", "responder", "privacy", "approver", "admin"})
_HANDLING: frozenset[Role] = frozenset({"responder", "privacy"})
_RUNNING: frozenset[Role] = frozenset({"responder", "admin"})
_JUDGING: frozenset[Role] = frozenset({"privacy"})
_VOTING: frozenset[Role] = frozenset({"privacy", "approver"})
_ADMIN: frozenset[Role] = frozenset({"admin"})

ACTIONS: Mapping[str, frozenset[Role]] = {
    # What runs
    "status": _ALL,
    "reload": frozenset({"admin", "service"}),
    "acknowledge": _RUNNING,
    "backfill_status": _VIEWING,
    "backfill_cost": _ADMIN,
    "backfill_start": _ADMIN,
    "backfill_stop": _ADMIN,
    "dead_letters_list": frozenset({"auditor", "responder", "admin"}),
    "dead_letters_show": frozenset({"auditor", "responder", "admin"}),
    "dead_letters_replay": _RUNNING,
    "dead_letters_drop": _ADMIN,
    # Incidents: a viewer's list goes without what is personal (`masked`)
    "incidents_list": _VIEWING,
    "incidents_show": _READING,
    "incidents_acknowledge": _HANDLING,
    "incidents_assign": _HANDLING,
    "incidents_comment": _HANDLING,
    "incidents_snooze": _HANDLING,
    "incidents_anchor": _JUDGING,
    "incidents_fact": _JUDGING,
    "incidents_decide": _JUDGING,
    "incidents_close": _JUDGING,
    "incidents_merge": _JUDGING,
    "incidents_split": _JUDGING,
    # Clocks and notices
    "clocks_list": _LISTING,
    "notices_list": _READING,
    "notices_show": _READING,
    "notices_draft": _JUDGING,
    "notices_sign": _JUDGING,
    "notices_sent": _JUDGING,
    "notices_not_applicable": _JUDGING,
    # On call
    "oncall_show": _LISTING,
    "oncall_override": _RUNNING,
    "oncall_end_override": _RUNNING,
    "oncall_maintenance": _RUNNING,
    "oncall_end_maintenance": _RUNNING,
    # The trail
    "trail_about": _VIEWING,
    "trail_lines": frozenset({"auditor", "privacy"}),
    "trail_checkpoint": frozenset({"auditor", "responder", "privacy", "admin"}),  # an export begins with one
    "trail_erase": _JUDGING,
    # Changes of settings
    "changes_list": _LISTING,
    "changes_show": _LISTING,
    "changes_propose": _ADMIN,
    "changes_withdraw": _ADMIN,
    "changes_break_glass": _ADMIN,
    "changes_end_break_glass": _ADMIN,
    "changes_approve": _VOTING,
    "changes_reject": _VOTING,
    # Drills
    "drill_list": _VIEWING,
    "drill_show": _VIEWING,
    "drill_status": _VIEWING,
    "drill_run": _RUNNING,
    # The inbound listener
    "report_submit": frozenset({"service"}),
    "link_show": _HANDLING,
    "link_acknowledge": _HANDLING,
}
"""An action, and the roles any of which is enough for it."""

UNMASKED: Mapping[str, frozenset[Role]] = {"incidents_list": _READING, "status": _LISTING}
"""Actions whose answer goes without what is personal to whoever has none of these roles."""


def allows(action: str, roles: Iterable[Role]) -> bool:
    """Whether any of the roles may do it."""
    return not ACTIONS.get(action, frozenset()).isdisjoint(roles)


def sees_people(action: str, roles: Iterable[Role]) -> bool:
    """Whether the answer may name people."""
    return action not in UNMASKED or not UNMASKED[action].isdisjoint(roles)


def roles_for(action: str) -> list[Role]:
    """In the order of `ROLES`, for messages."""
    return [role for role in ROLES if role in ACTIONS.get(action, frozenset())]

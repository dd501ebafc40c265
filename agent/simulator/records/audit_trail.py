"""SetupAuditTrail: the everyday changes, those that grants, real-time events and log files tell of too, and the scenarios'."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from agent.simulator.event_stream.happenings import Happenings, RealTimeRow
from agent.simulator.log_files.traffic import ACTOR, Traffic
from agent.simulator.records.everyday_changes import everyday_changes
from agent.simulator.world.random_columns import roll
from agent.simulator.world.record_id import long_id, short_id
from agent.simulator.world.sessions import DAY, midnight
from agent.simulator.world.staff import Staff
from agent.simulator.world.stage import RecordVersion, SetupChange
from agent.simulator.world.users import User

DayChanges = Callable[[date], Iterable[SetupChange]]


class AuditTrailMaker:
    """Makes the rows of a day. `told_elsewhere`: further changes of a day; `planted`: those of scenarios, as they are now;
    `awkward`: whether some have hostile texts.
    """

    entities: tuple[str, ...] = ("SetupAuditTrail",)

    def __init__(
        self, seed: int, staff: Staff, traffic: Traffic, happenings: Happenings, told_elsewhere: Sequence[DayChanges],
        planted: Sequence[SetupChange], *, awkward: bool,
    ) -> None:  # fmt: skip
        self._seed = seed
        self._staff = staff
        self._users = {user.id: user for user in staff.users}
        self._names = {user.username: user for user in staff.users}
        self._traffic = traffic
        self._happenings = happenings
        self._elsewhere = told_elsewhere
        self._planted = planted
        self._awkward = awkward

    def before(self, _: int) -> Iterator[RecordVersion]:
        return iter(())

    def on(self, day: date) -> Iterator[RecordVersion]:
        first = midnight(day)
        planted = [change for change in self._planted if first <= change.time < first + DAY]
        changes = [*planted, *everyday_changes(self._seed, self._staff, day, awkward=self._awkward)]
        for made in self._elsewhere:
            changes += made(day)
        changes += self._of_permissions((first, first + DAY), {change.time for change in planted})
        changes += self._of_login_as((first, first + DAY))
        seen: dict[tuple[object, ...], int] = {}
        for change in sorted(changes, key=lambda change: change.time):
            name = (change.time, change.action, change.display, change.user.id if change.user else "")
            seen[name] = seen.get(name, -1) + 1
            yield setup_version(change, seen[name])

    def _of_permissions(self, window: tuple[int, int], told: set[int]) -> Iterator[SetupChange]:
        """The rows beside PermissionSetEvents, but for those whose scenario has told of them at their second (`told`, ms)."""
        for event in self._happenings.between(window, ["PermissionSetEvent"]):
            second = event.time // 1000 * 1000
            # A plant's changes are moved to the second after its event.
            if event.scenario is None or not told & {second, second + 1000}:
                yield self._permission(event, second)

    def _permission(self, event: RealTimeRow, second: int) -> SetupChange:
        values = event.values
        label, permissions = values.get("ParentNameList", ""), values.get("PermissionList", "")
        off = values.get("Operation") == "PermsDisabled"
        action, display = _permission_words(str(values.get("PermissionType")), label, str(permissions), off)
        user = self._names.get(str(values.get("Username")))
        return SetupChange(second, user, action, "Manage Users", display, scenario=event.scenario or "")

    def _of_login_as(self, window: tuple[int, int]) -> Iterator[SetupChange]:
        """The rows beside LoginAs in log files; those of scenarios have told of themselves."""
        if "LoginAs" not in self._happenings.event_types:
            return
        rows = self._traffic.rows("LoginAs", window, actors=True)
        wanted = rows.select("_time", "_scenario", "DELEGATED_USER_ID", f"{ACTOR}user").iter_rows()
        for time, scenario, delegated, admin in wanted:
            person = self._users.get(delegated)
            if scenario is None and person is not None:
                display = f"Logged in using Login-As access for {person.name}"
                yield _by(self._users.get(admin), time // 1000 * 1000, "suOrgAdminLogin", display)


def _by(user: User | None, time: int, action: str, display: str) -> SetupChange:
    return SetupChange(time, user, action, "Manage Users", display)


def _permission_words(kind: str, label: str, permissions: str, off: bool) -> tuple[str, str]:
    """Action and Display of a change to a permission set."""
    if kind == "ObjectPermission":
        told = " on " in permissions or ":" in permissions
        entity = permissions.partition(":")[0].rpartition(" on ")[2].partition(".")[0] if told else "Account"
        wider = f"Read, {_spaced(permissions.partition(': ')[2]) or 'Create'}"
        before, after = (wider, "Read") if off else ("Read", wider)
        what = f"{entity} object permissions were changed from {before} to {after}"
        return "PermSetEntityPermChanged", f"Changed permission set {label}: {what}"
    action = "PermSetDisableUserPerm" if off else "PermSetEnableUserPerm"
    before, after = ("enabled", "disabled") if off else ("disabled", "enabled")
    name = "Run Reports" if " on " in permissions else _spaced(permissions)
    return action, f"Changed permission set {label}: {name} permission was changed from {before} to {after}"


def _spaced(names: str) -> str:
    """`ViewAllData` as the audit trail has it: `View All Data`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", names)


def setup_version(change: SetupChange, occurrence: int = 0) -> RecordVersion:
    """The row of SetupAuditTrail; `occurrence` counts rows that are alike."""
    user = change.user
    name = (change.time, change.action, change.display, user.id if user else "")
    number = roll("setup id", *name, *([occurrence] if occurrence else [])) % 62**6
    values: dict[str, Any] = {
        "Action": change.action, "Section": change.section or None, "Display": change.display,
        "CreatedDate": change.time, "CreatedById": long_id(user.id) if user else None,
        "CreatedBy.Username": user.username if user else None, "CreatedBy.Name": user.name if user else None,
        "DelegateUser": change.delegate or None, "CreatedByContext": change.context or None,
    }  # fmt: skip
    ident = long_id(short_id("SetupAuditTrail", number))
    return RecordVersion("SetupAuditTrail", ident, change.time, values, change.scenario)

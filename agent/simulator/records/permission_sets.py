"""Permission sets and who has them: those of profiles and departments, and what is granted and taken back as days go by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from agent.simulator.records.lifespans import LONGEST, alive_at, going_on
from agent.simulator.world.random_columns import roll, roll_between
from agent.simulator.world.record_id import long_id, pool, short_id
from agent.simulator.world.sessions import DAY, HOUR, day_of, midnight
from agent.simulator.world.staff import Staff
from agent.simulator.world.stage import RecordVersion, SetupChange
from agent.simulator.world.users import Profile, User

PERMISSION_SETS = (
    "Order Entry", "Field Service", "Survey Kit", "Quoting", "Quarter Close", "Partner Desk", "Case Console",
    "Invoice Viewer", "Report Builder", "Campaign Crew", "Territory Planner", "Contract Review",
)  # fmt: skip
"""Labels; the first ones go with departments, the others come and go."""
_STANDING = 6
_GRANTS = 2.2
"""On a working day."""
_SINCE = 1_614_589_200_000
"""When the org's permission sets were made: 2021-03-01, as its other old records."""


@dataclass(frozen=True, slots=True)
class PermissionGrant:
    """Somebody gets a permission set for a while; `number` is its place in `PERMISSION_SETS`.

    `expires`: whether it is granted with an end, which is put off once; such a grant ends by itself.
    """

    user: User
    admin: User
    number: int
    start: int
    end: int | None
    expires: bool = False

    @property
    def steps(self) -> list[tuple[int, str]]:
        """When what happens to it: `granted`, `put off`, `ended`."""
        steps = [(self.start, "granted")]
        if self.end is not None and self.expires:
            steps.append(((self.start + self.end) // 2000 * 1000, "put off"))
        return steps if self.end is None else [*steps, (self.end, "ended")]


def set_id(number: int) -> str:
    """The id of the permission set with this place, of 18 characters; log files draw from the same ids."""
    return long_id(str(pool("PermissionSet", 40)[number]))


def profile_set_id(profile: Profile) -> str:
    """The id of the permission set that a profile owns."""
    return long_id(short_id("PermissionSet", 90_000 + sum(profile.name.encode())))


def assignment(user: User, set_number: str, label: str, **values: Any) -> dict[str, Any]:
    """The fields of PermissionSetAssignment; `set_number`: the id of the permission set."""
    return {
        "AssigneeId": long_id(user.id), "Assignee.Username": user.username, "Assignee.Name": user.name,
        "PermissionSetId": set_number, "PermissionSet.Label": label, "PermissionSet.Name": label.replace(" ", "_"),
        "PermissionSet.IsOwnedByProfile": False, "IsActive": True, "IsRevoked": False, **values,
    }  # fmt: skip


class PermissionSetMaker:
    """Makes PermissionSet and PermissionSetAssignment, and tells which setup changes go with the grants."""

    entities: tuple[str, ...] = ("PermissionSet", "PermissionSetAssignment")

    def __init__(self, seed: int, staff: Staff) -> None:
        self._seed = seed
        self._staff = staff
        self._drawn = lru_cache(maxsize=4 * LONGEST)(self._draw)

    def before(self, begin: int) -> Iterator[RecordVersion]:
        yield from self._sets()
        for user in self._staff.users:
            owned = profile_set_id(user.profile)
            yield self._version(user, owned, _SINCE, user.profile.name, {"PermissionSet.IsOwnedByProfile": True})
            if user.kind in ("person", "admin"):
                standing = len(user.department) % _STANDING
                yield self._version(user, set_id(standing), _SINCE, PERMISSION_SETS[standing])
        for grant in alive_at(begin, self._drawn):
            time, step = [(time, step) for time, step in grant.steps if time < begin][-1]
            yield self._step(grant, time, step)

    def on(self, day: date) -> Iterator[RecordVersion]:
        yield from (self._step(grant, time, step) for grant, time, step in self._steps(day))

    def changes(self, day: date) -> Iterator[SetupChange]:
        """What the setup audit trail says of the day's grants."""
        yield from (_change(grant, time, step) for grant, time, step in self._steps(day))

    def _steps(self, day: date) -> Iterator[tuple[PermissionGrant, int, str]]:
        """What happens to grants on a day, and when."""
        first = midnight(day)
        for grant in going_on(day, self._drawn):
            yield from ((grant, time, step) for time, step in grant.steps if first <= time < first + DAY)

    def _draw(self, day: date) -> tuple[PermissionGrant, ...]:
        """The grants that begin on a day."""
        people, admins = self._staff.of("person"), self._staff.of("admin")
        rate = _GRANTS if day.weekday() < 5 else 0.0
        found: dict[tuple[int, int], PermissionGrant] = {}
        for number in range(int(rate + roll_between(0, 1, self._seed, "grants", day)) if rate else 0):
            draw = roll(self._seed, "grant", day, number)
            # One set for each day of the weeks that a grant may last: no two grants of a set to somebody overlap.
            place = _STANDING + day.toordinal() % (len(PERMISSION_SETS) - _STANDING)
            # What stays goes round among every second person, so that it is not granted again while it lasts.
            stays = draw % 5 == 0
            circle = people[1::2] if stays and len(people) > 1 else people[::2]
            user = circle[(day.toordinal() * 3 + number if stays else draw // 5) % len(circle)]
            start = midnight(day) + 8 * HOUR + draw // 3 % (9 * 3600) * 1000
            length = 2 * HOUR + draw // 11 % (3 * DAY) // 1000 * 1000
            end = None if stays else start + length
            found[user.number, place] = PermissionGrant(
                user, admins[draw % min(3, len(admins))], place, start, end, draw // 13 % 4 == 0
            )
        return tuple(found.values())

    def _step(self, grant: PermissionGrant, time: int, step: str) -> RecordVersion:
        """The state of the assignment from a step on."""
        ident = _assignment_id(grant.user.id, set_id(grant.number), grant.start)
        values = assignment(grant.user, set_id(grant.number), PERMISSION_SETS[grant.number])
        if grant.expires:
            values["ExpirationDate"] = _expiry(grant, step)
        return RecordVersion("PermissionSetAssignment", ident, time, None if step == "ended" else values)

    def _version(
        self, user: User, owner: str, time: int, label: str, values: dict[str, Any] | None = None
    ) -> RecordVersion:
        ident = _assignment_id(user.id, owner, time)
        return RecordVersion("PermissionSetAssignment", ident, time, assignment(user, owner, label, **(values or {})))

    def _sets(self) -> Iterable[RecordVersion]:
        made = {"CreatedDate": _SINCE, "PermissionsApiEnabled": True, "PermissionsRunReports": True}
        for number, label in enumerate(PERMISSION_SETS):
            values = {**made, "Label": label, "Name": label.replace(" ", "_"), "IsCustom": True, "Type": "Regular"}
            yield RecordVersion("PermissionSet", set_id(number), _SINCE, values | {"IsOwnedByProfile": False})
        for profile in self._staff.profiles.values():
            everything = profile.name == "System Administrator"
            values = {
                **made, "Label": profile.name, "Name": f"X{profile.id}", "IsOwnedByProfile": True, "Type": "Profile",
                "ProfileId": long_id(profile.id), "PermissionsViewAllData": everything, "IsCustom": False,
                "PermissionsModifyAllData": everything,
            }  # fmt: skip
            yield RecordVersion("PermissionSet", profile_set_id(profile), _SINCE, values)


def _assignment_id(user: str, owner: str, time: int) -> str:
    return long_id(short_id("PermissionSetAssignment", roll("assignment", user, owner, time) % 62**7))


def _expiry(grant: PermissionGrant, step: str) -> int:
    """When the grant is to end as it is said after a step: at first a little earlier than it will."""
    end = grant.end or 0
    return end - HOUR if step == "granted" else end


def _change(grant: PermissionGrant, time: int, step: str) -> SetupChange:
    """The row of the setup audit trail for a step."""
    user, label = grant.user, PERMISSION_SETS[grant.number]
    whom = f"user {user.name} (UserID: [{user.id}])"
    if not grant.expires:
        action, words = ("PermSetUnassign", "unassigned from") if step == "ended" else ("PermSetAssign", "assigned to")
        display = f"Permission set {label}: {words} {whom}"
    elif step == "granted":
        action, until = "PermSetAssign_HasExpiration", day_of(_expiry(grant, step))
        display = f"Permission set {label} with expiration: assigned to {whom}, expiring on {until}"
    elif step == "put off":
        action, until = "PermSetAssignmentExpirationChange", day_of(_expiry(grant, step))
        display = f"Permission set {label}: expiration for {whom} was changed to {until}"
    else:
        action, display = (
            "PermSetUnassign_HasExpiration",
            f"Permission set {label} with expiration: unassigned from {whom}",
        )
    return SetupChange(time, grant.admin, action, "" if grant.expires else "Manage Users", display)

"""UserProvisioningConfig, UserProvisioningRequest and UserProvisioningLog: accounts in other systems, asked for and made.

A request is New, then Requested, then Completed or Failed; each step moves its SystemModstamp and writes into the log.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from agent.simulator.world.random_columns import roll, roll_between
from agent.simulator.world.record_id import long_id, short_id
from agent.simulator.world.sessions import HOUR, midnight
from agent.simulator.world.staff import Staff
from agent.simulator.world.stage import RecordVersion
from agent.simulator.world.users import User

APP = "Warehouse Sync"
_REQUESTS = 5
"""On a working day."""
_OPERATIONS = ("Create", "Update", "Update", "Deactivate", "Activate")
_FAILED = 50
"""One in so many fails, and is done again an hour later."""
_SINCE = 1_614_589_200_000

Step = tuple[int, str]
"""Seconds after the request, and the state from then on."""


def config_id() -> str:
    return long_id(short_id("UserProvisioningConfig", 7))


def provisioning(
    request: str, user: User, admin: User, start: int, operation: str, steps: tuple[Step, ...], *, number: int,
    scenario: str = "", retries: int = 0, details: str = "",
) -> Iterator[RecordVersion]:  # fmt: skip
    """A request's versions and its log. `request`: its id; `start`: ms; `number`: what it is called by; `details`: of a failure."""
    common: dict[str, Any] = {
        "Name": f"UPR-{number % 10**6:06d}", "AppName": APP, "Operation": operation, "ApprovalStatus": "NotRequired",
        "RetryCount": retries, "SalesforceUserId": long_id(user.id), "ExternalUserId": f"wh-{user.number}",
        "ConnectedAppId": long_id(short_id("ConnectedApplication", 921)), "UserProvConfigId": config_id(),
        "UserProvAccountId": long_id(short_id("UserProvAccount", user.number)), "OwnerId": long_id(admin.id),
        "CreatedById": long_id(admin.id), "LastModifiedById": long_id(admin.id), "CreatedDate": start,
    }  # fmt: skip
    for place, (seconds, state) in enumerate(steps):
        time = start + seconds * 1000
        yield RecordVersion("UserProvisioningRequest", request, time, common | {"State": state}, scenario)
        status = {"Failed": "Failed", "Completed": "Success"}.get(state, "InProgress")
        said = details if state == "Failed" else f"{operation} of {user.username}: {state}"
        values = {
            "Name": f"UPL-{(number * 4 + place) % 10**6:06d}", "Status": status, "Details": said, "CreatedDate": time,
            "ExternalUserId": f"wh-{user.number}", "ExternalUsername": user.username, "UserId": long_id(user.id),
            "UserProvisioningRequestId": request, "CreatedById": long_id(admin.id), "LastModifiedById": long_id(admin.id),
        }  # fmt: skip
        log = long_id(short_id("UserProvisioningLog", roll("log", request, place) % 62**7))
        yield RecordVersion("UserProvisioningLog", log, time, values, scenario)


class ProvisioningMaker:
    """Makes the three objects."""

    entities: tuple[str, ...] = ("UserProvisioningConfig", "UserProvisioningRequest", "UserProvisioningLog")

    def __init__(self, seed: int, staff: Staff) -> None:
        self._seed = seed
        self._staff = staff

    def before(self, _: int) -> Iterator[RecordVersion]:
        admin = long_id(self._staff.of("admin")[0].id)
        values = {
            "DeveloperName": "Warehouse_Sync", "MasterLabel": APP, "Enabled": True, "ApprovalRequired": "NotRequired",
            "EnabledOperations": "Create;Update;Deactivate;Activate", "CreatedById": admin, "CreatedDate": _SINCE,
            "LastModifiedById": admin, "Language": "en_US",
        }  # fmt: skip
        yield RecordVersion("UserProvisioningConfig", config_id(), _SINCE, values)

    def on(self, day: date) -> Iterator[RecordVersion]:
        people, admins = self._staff.of("person"), self._staff.of("admin")
        for number in range(_REQUESTS if day.weekday() < 5 else 0):
            draw = roll(self._seed, "provisioning", day, number)
            user, admin = people[draw // 5 % len(people)], admins[draw % len(admins)]
            # Between 8 and 20 h UTC, so that a second try ends on the same day.
            start = midnight(day) + 8 * HOUR + int(roll_between(0, 12 * 3600, self._seed, "asked", day, number)) * 1000
            name = day.toordinal() * 10 + number
            operation, end = _OPERATIONS[draw % len(_OPERATIONS)], 40 + draw // 9 % 500
            failed = draw // 64 % _FAILED == 0
            steps: tuple[Step, ...] = ((0, "New"), (20, "Requested"), (end, "Failed" if failed else "Completed"))
            if failed:
                steps += ((3600, "Requested"), (3640, "Completed"))
            ident = long_id(short_id("UserProvisioningRequest", roll("request", self._seed, name) % 62**7))
            said = "The target system did not answer in time"
            yield from provisioning(ident, user, admin, start, operation, steps, number=name, details=said)

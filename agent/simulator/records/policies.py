"""TransactionSecurityPolicy: a handful, of which now and then a description is changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from agent.simulator.world.random_columns import roll
from agent.simulator.world.record_id import long_id, short_id
from agent.simulator.world.sessions import HOUR, midnight
from agent.simulator.world.staff import Staff
from agent.simulator.world.stage import RecordVersion

POLICIES = (
    ("Block_Large_Report_Exports", "ReportEvent", "Block"),
    ("Challenge_Api_From_New_Networks", "ApiEvent", "TwoFactorAuthentication"),
    ("Notify_On_Login_From_Abroad", "LoginEvent", "None"),
    ("Block_List_View_Scraping", "ListViewEvent", "Block"),
    ("Notify_On_Permission_Changes", "PermissionSetEvent", "None"),
)
"""Developer name, event, action. The last one is the one whose description is changed."""
_SINCE = 1_614_589_200_000


def policy_id(number: int) -> str:
    """The id of the policy with this place in `POLICIES`, of 18 characters."""
    return long_id(short_id("TransactionSecurityPolicy", 500 + number))


def policy_values(number: int, staff: Staff, **changed: Any) -> dict[str, Any]:
    """The fields of the policy with this place."""
    name, event, action = POLICIES[number]
    admin = long_id(staff.of("admin")[0].id)
    return {
        "DeveloperName": name, "MasterLabel": name.replace("_", " "), "EventName": event, "State": "Enabled",
        "Type": "CustomConditionBuilderPolicy", "ActionConfig": f'{{"{action}":true}}', "ExecutionUserId": admin,
        "CreatedById": admin, "CreatedDate": _SINCE, "LastModifiedById": admin, "Language": "en_US", **changed,
    }  # fmt: skip


class PolicyMaker:
    """Makes TransactionSecurityPolicy."""

    entities: tuple[str, ...] = ("TransactionSecurityPolicy",)

    def __init__(self, seed: int, staff: Staff) -> None:
        self._seed = seed
        self._staff = staff

    def before(self, _: int) -> Iterator[RecordVersion]:
        for number in range(len(POLICIES)):
            values = policy_values(number, self._staff)
            yield RecordVersion("TransactionSecurityPolicy", policy_id(number), _SINCE, values)

    def on(self, day: date) -> Iterator[RecordVersion]:
        """On Tuesdays a description."""
        if day.weekday() == 1:
            last = len(POLICIES) - 1
            time = midnight(day) + 10 * HOUR + roll(self._seed, "policy", day) % 3600 * 1000
            values = policy_values(last, self._staff, Description=f"Reviewed {day}")
            yield RecordVersion("TransactionSecurityPolicy", policy_id(last), time, values)

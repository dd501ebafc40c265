"""A role is made above the others, one is moved below it, and somebody gets it."""

from __future__ import annotations

from agent.simulator.scenarios.configuration.admin_session import USERS, AdminSession
from agent.simulator.world.scenario import Scenario
from agent.simulator.world.stage import Stage


def plant(stage: Stage) -> None:
    """Who is above sees what those below own."""
    admin = AdminSession.at(stage, 10)
    person = stage.person("Sales", "US")
    admin.change(90, "createdrole", USERS, "Created role Global Reporting")
    admin.change(200, "role", USERS, "Changed role Sales US")
    old = person.role or "none"
    admin.change(
        260, "changedroleforuser", USERS, f"Changed role for user {person.name} from {old} to Global Reporting"
    )


SCENARIO = Scenario(
    "role_changed",
    "an administrator makes a role above the others and moves a person to it",
    plant,
    signals=("SetupAuditTrail: createdrole, role, changedroleforuser",),
)

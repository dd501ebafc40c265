"""Accounts in another system: one request fails twice, and one is done twice for the same person."""

from __future__ import annotations

from agent.simulator.records.provisioning import Step, provisioning
from agent.simulator.world.scenario import Scenario
from agent.simulator.world.stage import Stage
from agent.simulator.world.users import User

FAILS: tuple[Step, ...] = ((0, "New"), (15, "Requested"), (60, "Failed"), (660, "Requested"), (700, "Failed"))
WORKS: tuple[Step, ...] = ((0, "New"), (15, "Requested"), (50, "Completed"))
REFUSED: tuple[Step, ...] = ((0, "New"), (15, "Requested"), (40, "Failed"))
DENIED = "401 Unauthorized: the credentials of the named credential were refused"


def plant(stage: Stage) -> None:
    """A failed Deactivate leaves a leaver's account open; two Creates of one person make two accounts, and an Update of them fails."""
    leaver = next((user for user in stage.staff.users if not user.active), stage.person("Sales", "US"))
    newcomer = stage.person("Finance", "DE")
    start = stage.at_hour(14) + 4 * 60_000
    _request(stage, "failed", leaver, start, "Deactivate", FAILS, retries=1)
    _request(stage, "first", newcomer, start + 120_000, "Create", WORKS)
    _request(stage, "second", newcomer, start + 420_000, "Create", WORKS)
    _request(stage, "third", newcomer, start + 480_000, "Update", REFUSED)


def _request(
    stage: Stage, name: str, user: User, start: int, operation: str, steps: tuple[Step, ...], retries: int = 0
) -> None:
    admin, ident = stage.staff.of("admin")[0], stage.ident("UserProvisioningRequest", name)
    number = stage.number(100_000, 900_000, name)
    stage.versions += provisioning(
        ident, user, admin, start // 1000 * 1000, operation, steps, number=number, scenario=stage.name, retries=retries,
        details=DENIED,
    )  # fmt: skip


SCENARIO = Scenario(
    "provisioning_failed",
    "a leaver's account in another system is not closed, and a person gets two accounts there",
    plant,
    signals=("UserProvisioningRequest: State Failed", "UserProvisioningLog: Status Failed"),
    patterns=("two completed Creates of one person for one app",),
)

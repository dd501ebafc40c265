"""A permission set assignment is there, and nothing says how it came."""

from __future__ import annotations

from agent.simulator.records.permission_sets import PERMISSION_SETS, assignment, set_id
from agent.simulator.world.scenario import Scenario
from agent.simulator.world.stage import Stage

SET = 4


def plant(stage: Stage) -> None:
    """No login, no event, no row of the audit trail: the record alone."""
    person = stage.person("Operations", "GB")
    start = stage.at_hour(13) + 20 * 60_000
    ident = stage.ident("PermissionSetAssignment", person.id)
    values = assignment(person, set_id(SET), PERMISSION_SETS[SET])
    stage.keep(0, start, "PermissionSetAssignment", ident, values)


SCENARIO = Scenario(
    "unlogged_grant",
    "a person has a permission set that no row of the audit trail tells of",
    plant,
    signals=(),
    patterns=("a new PermissionSetAssignment without PermSetAssign in the audit trail around it",),
)

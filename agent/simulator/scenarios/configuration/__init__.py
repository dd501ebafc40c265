"""What happens in Setup and to the org's records: one module for each, played by name."""

from __future__ import annotations

from agent.simulator.scenarios.configuration import (
    bulk_soft_delete,
    custom_permission_granted,
    org_export,
    permission_set_widened,
    provisioning_failed,
    role_changed,
    setup_guard_lowered,
    setup_sweep,
    unapproved_app_token,
    unlogged_grant,
)
from agent.simulator.world.scenario import Scenario

CONFIGURATION: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        role_changed.SCENARIO,
        custom_permission_granted.SCENARIO,
        permission_set_widened.SCENARIO,
        unlogged_grant.SCENARIO,
        provisioning_failed.SCENARIO,
        unapproved_app_token.SCENARIO,
        bulk_soft_delete.SCENARIO,
        setup_guard_lowered.SCENARIO,
        org_export.SCENARIO,
        setup_sweep.SCENARIO,
    )
}
"""Name to scenario."""

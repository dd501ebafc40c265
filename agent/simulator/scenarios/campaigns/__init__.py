"""The published thefts from Salesforce orgs, one module for each, at the pace and over the span that was published."""

from __future__ import annotations

from agent.simulator.scenarios.campaigns import gainsight, guest_access, klue, salesloft_drift, voice_phishing
from agent.simulator.world.scenario import Scenario

CAMPAIGNS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        voice_phishing.UNC6040_LOADER,
        voice_phishing.UNC6040_SCRIPT,
        salesloft_drift.SCENARIO,
        gainsight.SCENARIO,
        guest_access.GUEST_INSPECTOR,
        guest_access.GUEST_GRAPHQL,
        klue.KLUE_BURST,
        klue.KLUE_STEADY,
    )
}
"""Name to scenario, in the order in which they became known."""

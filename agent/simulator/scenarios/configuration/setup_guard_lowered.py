"""An administrator takes down one guard after the other: a policy, IP ranges, second factors."""

from __future__ import annotations

from agent.simulator.records.policies import POLICIES, policy_id, policy_values
from agent.simulator.scenarios.configuration.admin_session import USERS, AdminSession
from agent.simulator.world.record_id import long_id
from agent.simulator.world.scenario import Scenario
from agent.simulator.world.stage import Stage

POLICY = 0
"""Which of `POLICIES` is switched off."""


def plant(stage: Stage) -> None:
    """Within five minutes; the policy's own record changes, too."""
    admin, person = AdminSession.at(stage, 17), stage.person("Finance", "US")
    label = POLICIES[POLICY][0].replace("_", " ")
    what = f'{admin.admin.name} disabled transaction security policy "{label}".'
    admin.change(60, "transactionSecurityPolicyEnabledDisabled", "Transaction Security", what)
    off = policy_values(POLICY, stage.staff, State="Disabled", LastModifiedById=long_id(admin.admin.id))
    stage.keep(60, admin.session.start, "TransactionSecurityPolicy", policy_id(POLICY), off)
    admin.change(130, "loginIpRange", USERS, "Added Login Ip Range to Finance User from 0.0.0.0 to 255.255.255.255")
    admin.change(170, "deleteTwoFactorInfo2", USERS, f"Time-Based Token removed for {person.username}")
    admin.change(175, "deleteAuthenticatorPairing", USERS, f'Salesforce Authenticator pairing "iPhone" removed for {person.username}')  # fmt: skip
    admin.change(240, "disableRequireMfa", "", "Changed Require multi-factor authentication from on to off")
    relaxed = "Changed connected app Warehouse Sync IP relaxation setting from Enforce IP restrictions to Relax IP restrictions"
    admin.change(290, "changeIpRelaxationPolicy", "Application", relaxed)


SCENARIO = Scenario(
    "setup_guard_lowered",
    "a policy is disabled, IP ranges are opened to everybody, second factors are removed, within minutes",
    plant,
    signals=(
        "SetupAuditTrail: transactionSecurityPolicyEnabledDisabled, loginIpRange, deleteTwoFactorInfo2, disableRequireMfa",
        "TransactionSecurityPolicy: State from Enabled to Disabled",
    ),
    patterns=("several guards lowered by one administrator within an hour",),
)

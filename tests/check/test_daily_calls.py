"""The API calls a day of all sources of an org, and what to do where its budget does not bear them."""

from __future__ import annotations

from typing import Any

import pytest

from agent.check.daily_calls import OrgSize, calls_a_day, examine_cost
from agent.config import settings as config
from agent.config.settings import Org
from agent.simulator.records.event_log_objects import event_log_objects
from agent.sources.real_time.catalogue import catalogue

STORED = [event.stored for event in catalogue().values() if event.stored]
PROVISIONING = {
    "UserProvisioningRequest": 5,
    "UserProvisioningLog": 9,
    "OauthToken": 100,
    "PermissionSetAssignment": 4_001,
}


def org_of(*sources: dict[str, Any], share: float = 0.8) -> Org:
    auth = {"type": "client_credentials", "client_id": "x", "client_secret": {"env": "X"}}
    document = {"name": "acme", "url": "https://acme.my.salesforce.com", "auth": auth, "sources": list(sources)}
    document["api_budget"] = {"share": share}
    return config.parse({"orgs": [document], "destinations": [{"type": "file", "directory": "out"}]}).orgs[0]


@pytest.mark.parametrize(
    ("source", "size", "calls"),
    [
        ({"type": "setup_audit_trail"}, OrgSize((), {"setup_audit_trail": {"SetupAuditTrail": 9}}), 1_440 + 4),
        ({"type": "login_history", "every": "10m"}, OrgSize((), {"login_history": {"LoginHistory": 9}}), 144 + 4),
        ({"type": "real_time"}, OrgSize((), {}), 288),
        ({"type": "event_log_file"}, OrgSize((), {}, files=900), 144 + 900),
        # Two objects each poll; of snapshots, a page and three pages each hour.
        ({"type": "provisioning"}, OrgSize((), {"provisioning": PROVISIONING}), 2 * 288 + 24 * (1 + 3) + 4 * 4),
        ({"type": "stored_events"}, OrgSize(STORED[:3], {}), 3 * 288 + 4 * 4),
        ({"type": "event_log_object"}, OrgSize((), {"event_log_object": dict.fromkeys("abc", 1)}), 3 * 288 + 4 * 4),
    ],
    ids=lambda given: given["type"] if isinstance(given, dict) else "",
)
def test_the_calls_of_each_source(source: dict[str, Any], size: OrgSize, calls: int) -> None:
    """What polls ask at least, pages of snapshots, descriptions, and downloads."""
    org = org_of(source)
    assert calls_a_day(org.sources[0], org, size) == calls


def test_what_takes_turns_is_bounded_by_the_allowance() -> None:
    """All event log objects of a small org cost a quarter of its budget, those of a large one each poll."""
    org = org_of({"type": "event_log_object"})
    names = dict.fromkeys(event_log_objects(), 1)
    small, large = (
        calls_a_day(org.sources[0], org, OrgSize((), {"event_log_object": names}, allowed=allowed))
        for allowed in (15_000, 5_000_000)
    )
    assert small == 288 * 10 + 4 * (1 + len(names))
    assert large == 288 * len(names) + 4 * (1 + len(names))


def test_a_day_that_does_not_fit_names_what_to_raise() -> None:
    """So that all sources together fit again."""
    size = OrgSize(
        (), {"setup_audit_trail": {"SetupAuditTrail": 9}, "login_history": {"LoginHistory": 9}}, rows=18, allowed=2_000
    )
    finding = examine_cost(org_of({"type": "setup_audit_trail"}, {"type": "login_history"}), size)
    assert finding.message == (
        "about 2,168 API calls (setup_audit_trail 1,444, login_history 724) and 18 rows of log files and objects; "
        "the budget is 1,600 of 2,000 calls (80%)"
    )
    assert finding.warning
    assert finding.fix.startswith("raise `every` of acme/setup_audit_trail to 2m, ")
    slower = org_of({"type": "setup_audit_trail", "every": "2m"}, {"type": "login_history"})
    assert examine_cost(slower, size).ok


def test_a_day_that_does_not_fit_says_who_waits() -> None:
    """The least important, as many as save enough; where none of these saves it, all rest at the budget."""
    wanted = {
        "event_log_object": {"LoginEventLog": 9},
        "sessions": {"VerificationHistory": 9},
        "setup_audit_trail": {"SetupAuditTrail": 9},
    }
    sources = [{"type": kind} for kind in wanted]
    little = examine_cost(org_of(*sources), OrgSize((), wanted, allowed=2_200))
    assert little.fix.endswith("until then acme/event_log_object (priority low) waits for calls")
    raised = [{"type": "event_log_object", "priority": "high"}, *sources[1:]]
    assert (
        "acme/sessions (priority normal) waits for calls"
        in examine_cost(org_of(*raised), OrgSize((), wanted, allowed=2_200)).fix
    )
    least = examine_cost(org_of(*sources), OrgSize((), wanted, allowed=1_000)).fix
    assert "acme/sessions (priority normal) wait for calls, and reading rests whenever the budget is used up" in least


def test_an_allowance_that_nobody_knows_bars_nothing() -> None:
    """The sum is still said."""
    finding = examine_cost(org_of({"type": "real_time"}), OrgSize((), {}))
    assert finding.ok
    assert finding.message.endswith("the org's allowance is not known")


def test_where_one_source_cannot_make_room_others_are_named_too() -> None:
    """Less than one source alone costs is left."""
    wanted = {"setup_audit_trail": {"SetupAuditTrail": 9}, "login_history": {"LoginHistory": 9}}
    org = org_of({"type": "setup_audit_trail"}, {"type": "login_history"}, share=0.1)
    assert "acme/setup_audit_trail and of others" in examine_cost(org, OrgSize((), wanted, allowed=5_000)).fix

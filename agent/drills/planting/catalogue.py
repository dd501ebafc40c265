"""The scenarios that drills can play: each is found whatever the hour, by an agent that has learnt nothing of the org before.

Each names a rule or two, and no more: a drill that any of twenty rules passes would not show that one of them is broken. All of
them raise an alert whenever it is played, of its level at least, and name the same person, app or integration, so that one incident
comes of it. What needs a baseline, an hour of the day, leavers, expected networks, a place of its addresses or a listed indicator,
which grows old, is not here.
"""

from __future__ import annotations

from collections.abc import Mapping

from agent.detection.sigma.rule import Level
from agent.drills.planting.scenario import DrillScenario, Family


def _scenario(family: Family, level: Level, name: str, summary: str, *rules: str) -> DrillScenario:
    return DrillScenario(name, family, summary, frozenset(rules), level)


_EXFILTRATION: Family = "exfiltration"
_SYNC: Family = "sync"
_PROVISIONING: Family = "provisioning"
_CONFIGURATION: Family = "configuration"

_SCENARIOS = (
    _scenario(
        _EXFILTRATION, "high", "mass_report_export", "twelve large reports are exported in one sitting",
        "b1c1fa5c-0424-51e9-8eaa-2cdd3c7c158c",  # report_export_volume
        "d141c1c0-7092-5131-bb8c-0fd7328c999a",  # report_export_very_large
    ),
    _scenario(
        _EXFILTRATION, "high", "mass_file_download", "a person downloads 140 files in ten minutes",
        "c10e768f-0afc-5fbc-a1a7-f49cd2c65787",  # file_download_burst
        "a7b606ec-1ad3-5f89-a4bf-baa87d817f11",  # file_download_volume
    ),
    _scenario(
        _EXFILTRATION, "medium", "list_view_scraping", "a person pages through 260 list views in ten minutes",
        "995b7b84-cf60-59aa-86f0-553e58f592d9",  # list_view_burst
    ),
    _scenario(
        _EXFILTRATION, "high", "login_as_export", "an administrator logs in as three people and exports as one of them",
        "bc642703-f045-5efd-b336-4254017953bf",  # login_as_many
    ),
    _scenario(
        _EXFILTRATION, "high", "org_export", "an export of all data is requested and its six archives are fetched",
        "101284e1-2e15-5291-938f-fa39d315f88a",  # org_export_requested
        "ba6ac8e0-d8f5-5d79-b661-5d9606655fc3",  # org_export_downloaded
    ),
    _scenario(
        _EXFILTRATION, "critical", "data_loader_pull", "a person approves a look-alike of Data Loader, which reads the customer base in bulk",
        "8337c9bc-6448-5aca-8a75-7b68aeb0981b",  # app_lookalike
        "a3295ce8-ab7b-5d4c-9a0c-1840b5480fb5",  # app_then_bulk
    ),
    _scenario(
        _EXFILTRATION, "critical", "unc6040_loader", "small tries by an altered Data Loader, then three tables in bulk",
        "8337c9bc-6448-5aca-8a75-7b68aeb0981b",  # app_lookalike
        "a3295ce8-ab7b-5d4c-9a0c-1840b5480fb5",  # app_then_bulk
    ),
    _scenario(
        _EXFILTRATION, "critical", "unc6040_script", "a help-desk app that a person approved reads three tables from a script",
        "8337c9bc-6448-5aca-8a75-7b68aeb0981b",  # app_lookalike
    ),
    _scenario(
        _EXFILTRATION, "critical", "voice_phished_app", "an unknown app that a person just approved reads contacts and opportunities",
        "a3295ce8-ab7b-5d4c-9a0c-1840b5480fb5",  # app_then_bulk
    ),
    _scenario(
        _EXFILTRATION, "high", "stolen_token", "an integration's token counts objects and looks for passwords in cases",
        "7681dc17-8158-56b7-a994-86201d036ba7",  # record_count_probe
        "d6c8a0f2-2058-5723-b0f5-ef571d54767d",  # secret_query
    ),
    _scenario(
        _EXFILTRATION, "high", "token_recon", "an integration's token: objects and limits are looked at, then a bulk job takes them",
        "c68cee6f-1bc4-5d7f-a1f8-69243d1d1ffc",  # looks_around_then_bulk
    ),
    _scenario(
        _EXFILTRATION, "high", "klue_burst", "an integration's token: a thousand queries in fifteen minutes",
        "9e161421-ea0d-5b9e-8e0b-dd7854640423",  # api_read_burst
    ),
    _scenario(
        _EXFILTRATION, "critical", "session_hijack", "Salesforce reports a session in another browser than before, at three further addresses",
        "ac931389-705b-54a6-a373-b79ee03d4638",  # session_hijack_detected
    ),
    _scenario(
        _EXFILTRATION, "high", "impossible_travel", "Salesforce reports a login from a country where its person was never seen",
        "e0b0a96e-3d66-597b-8ad1-2f1f1813232f",  # threat_detected
    ),
    _scenario(
        _EXFILTRATION, "high", "password_spray_then_login", "passwords of many accounts are guessed from one address until one opens",
        "b30edab1-4af1-5bf7-9359-987db4b00076",  # login_guessed
    ),
    _scenario(
        _EXFILTRATION, "high", "guest_scraping", "a site's guest user reads record lists at machine speed",
        "28d7b492-087e-57a8-afa1-8c57f2b3053b",  # guest_burst
        "629c0304-6dd0-5d48-95f5-5a646a053e72",  # guest_reads_lists
    ),
    _scenario(
        _EXFILTRATION, "high", "guest_inspector", "a scanner reads what a site's guest may read",
        "629c0304-6dd0-5d48-95f5-5a646a053e72",  # guest_reads_lists
    ),
    _scenario(
        _SYNC, "medium", "sync_given_up", "an integration gives a record up after five attempts",
        "0137d659-0379-5d0d-80aa-37eb3c062b67",  # sync_given_up
    ),
    _scenario(
        _SYNC, "medium", "interface_down", "one job fails for hours, and its calls with it",
        "03fd89a5-c057-5842-8d5c-c2eeb3588778",  # sync_failing
    ),
    _scenario(
        _SYNC, "medium", "integration_rights_lost", "an integration loses its rights on all objects",
        "1042408a-7f1d-5a6c-afd1-b6811db0fc26",  # sync_failing_widely
        "ebabff60-7d5d-566a-a747-865948b12989",  # reported_calls_refused
    ),
    _scenario(
        _SYNC, "medium", "records_hard_deleted", "a load tool deletes a table past the recycle bin",
        "136aad77-97ed-5b3d-aeb9-dda5a6986509",  # records_hard_deleted
    ),
    _scenario(
        _SYNC, "medium", "api_allowance_used_up", "the org refuses an integration's calls, for those of the day are used up",
        "a68f5aac-504e-5267-b8e7-87e0d4eca738",  # api_allowance_used_up
    ),
    _scenario(
        _PROVISIONING, "high", "permission_set_widened", "a permission set that people have gets View All Data and all of Account",
        "430692a9-12b3-59ca-a509-f1dd35e3080a",  # critical_permission_enabled
        "fc8c1962-580f-5b8d-821c-ed7b2fe8d1c5",  # critical_permission_granted
    ),
    _scenario(
        _PROVISIONING, "medium", "custom_permission_granted", "a custom permission is put into a permission set, which goes to a person",
        "30bc9968-0ae8-5729-8d2c-fa760432b6af",  # custom_permission_granted
    ),
    _scenario(
        _PROVISIONING, "high", "administrator_made", "a new account is made an administrator's",
        "2d3eea80-7841-5c0a-94a2-da40cdd77450",  # admin_profile_assigned
    ),
    _scenario(
        _PROVISIONING, "medium", "accounts_made_in_bulk", "a dozen accounts are made and given permission sets within minutes",
        "40320c01-7766-59bf-9e34-85cc36f02fa2",  # users_created_in_bulk
        "0869174c-27f4-5b1d-ad34-dc3687b41668",  # permissions_assigned_in_bulk
    ),
    _scenario(
        _PROVISIONING, "critical", "guest_access_opened", "a sharing rule opens accounts to a site's guests",
        "b353fbb8-8c41-504d-aa91-b326df37e0c4",  # guest_access_opened
    ),
    _scenario(
        _PROVISIONING, "medium", "provisioning_failed", "a leaver's account in another system is not closed",
        "44c4689d-3c59-5b1a-a529-47c388dd4a68",  # deprovisioning_failed
    ),
    _scenario(
        _CONFIGURATION, "critical", "setup_guard_lowered", "a policy is disabled, addresses are opened and second factors dropped within minutes",
        "6a0f89a8-a4e0-537b-9481-165925364b38",  # mfa_requirement_dropped
        "dbc381d6-fce3-51bb-ab47-dfa4655fb6a1",  # transaction_policy_off
    ),
    _scenario(
        _CONFIGURATION, "critical", "event_logs_switched_off", "event log files are switched off, and the history of fields",
        "9efe5e81-cad2-5085-97e5-13311e3d8bba",  # event_logs_off
    ),
    _scenario(
        _CONFIGURATION, "high", "app_opened_to_everybody", "an app is opened to all users, with full scope and another address for its tokens",
        "0c5fd4d8-96b1-5a06-94fc-b63bdec713a0",  # app_policy_relaxed
        "9e28f4a5-25a2-5bad-ba93-28198d10b618",  # app_scope_widened
        "ca07569e-498f-51f4-ae36-66cfe8b5bc46",  # token_receiver_changed
    ),
    _scenario(
        _CONFIGURATION, "high", "sign_in_rerouted", "another provider may sign people in",
        "ea5ab96b-3f84-5cb5-975e-e8b64655b065",  # sso_changed
    ),
    _scenario(
        _CONFIGURATION, "high", "credential_redirected", "a named credential sends its calls to another host",
        "4408bc7c-24d5-56fd-9904-9205e19f8df2",  # named_credential_redirected
    ),
    _scenario(
        _CONFIGURATION, "critical", "setup_sweep", "an administrator's account opens everything that Setup can open, then takes data",
        "627259e9-8a8a-5cee-bccf-376599743686",  # guard_down_then_bulk
    ),
)  # fmt: skip

SCENARIOS: Mapping[str, DrillScenario] = {scenario.name: scenario for scenario in _SCENARIOS}
"""By name, family by family."""

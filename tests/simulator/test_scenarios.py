from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from agent.simulator.log_files.truth import read_truth
from agent.simulator.org.simulated_org import SimulatedOrg
from agent.simulator.scenarios import SCENARIOS
from agent.simulator.world.networks import networks_of
from tests.simulator.evidence import Evidence


def test_every_scenario_is_in_the_files(evidence: Evidence) -> None:
    """Planted once, within the history, and in files one can see."""
    truth = read_truth(evidence.org.truth)
    assert set(truth["scenario"].drop_nulls()) == set(SCENARIOS)
    assert all(SCENARIOS[name].signals or SCENARIOS[name].patterns for name in SCENARIOS)


def test_mass_report_export(evidence: Evidence) -> None:
    """Twelve large exports to Excel or CSV at night, each with its ReportExport row, by one person from home."""
    runs, exports = evidence.rows("mass_report_export", "Report"), evidence.rows("mass_report_export", "ReportExport")
    assert len(runs) == len(exports) == 12
    assert {run["REQUEST_ID"] for run in runs} == {export["REQUEST_ID"] for export in exports}
    assert all(int(run["ROW_COUNT"]) >= 10_000 and run["RENDERING_TYPE"] in "XC" for run in runs)
    assert all(int(run["TIMESTAMP_DERIVED"][11:13]) < 5 for run in runs)
    assert len({run["USER_ID"] for run in runs}) == 1
    assert len({run["REPORT_ID"] for run in runs}) >= 10


def test_data_loader_pull(evidence: Evidence) -> None:
    """A look-alike app that is on no list, bulk queries by a person, after the app was installed."""
    usage, bulk = evidence.rows("data_loader_pull", "ApiTotalUsage"), evidence.rows("data_loader_pull", "BulkApi")
    known = {app.id for app in evidence.org.staff.applications.values()}
    assert {row["CONNECTED_APP_NAME"] for row in usage} <= {"My Ticket Portal", "Salesforce Inc. Data Loader"}
    assert not {row["CONNECTED_APP_ID"] for row in usage} & known
    assert all(row["OPERATION_TYPE"].startswith("query") for row in bulk)
    assert sum(int(row["ROWS_PROCESSED"]) for row in bulk) >= 100_000
    victim = next(user for user in evidence.org.staff.users if user.id == bulk[0]["USER_ID"])
    assert victim.kind == "person"
    installed = [row for row in evidence.org.setup_changes() if row["Action"] == "insertApplication"]
    assert installed[0]["CreatedById"][:15] == victim.id
    assert installed[0]["CreatedDate"][:19] < bulk[0]["TIMESTAMP_DERIVED"][:19]


def test_stolen_token(evidence: Evidence) -> None:
    """An integration's user and app, a script's user agent, an address where the integration never is."""
    calls = evidence.rows("stolen_token", "RestApi")
    agents = {row["USER_AGENT"] for row in calls}
    assert agents == {"python-requests/2.32.4", "Salesforce-Multi-Org-Fetcher/1.0"}
    user = next(user for user in evidence.org.staff.users if user.id == calls[0]["USER_ID"])
    assert user.kind == "integration"
    rented = {network.cidr.rsplit(".", 1)[0] for network in networks_of("hosting")}
    assert {row["CLIENT_IP"].rsplit(".", 1)[0] for row in calls} <= rented
    uris = [row["URI"] for row in calls]
    assert any(uri.endswith("/sobjects/") for uri in uris)
    assert any(uri.endswith("/limits") for uri in uris)
    assert sum(uri.endswith("/describe") for uri in uris) >= 15
    states = [row["JOB_STATUS"] for row in evidence.rows("stolen_token", "BulkApi2")]
    assert states == ["created", "inProgress", "complete", "deleted"]


def test_mass_file_download(evidence: Evidence) -> None:
    """More than fifty downloads within ten minutes and more than a gigabyte in all."""
    files = evidence.rows("mass_file_download", "ContentTransfer")
    assert len(files) == 140
    assert sum(int(row["SIZE_BYTES"]) for row in files) > 1 << 30
    assert evidence.rows("mass_file_download", "DocumentAttachmentDownloads")


def test_list_view_scraping(evidence: Evidence) -> None:
    """Hundreds of list views by one person, each with the call that loads it."""
    views, calls = (evidence.rows("list_view_scraping", kind) for kind in ("LightningPageView", "AuraRequest"))
    assert len(views) == len(calls) == 260
    assert all("/list?" in row["PAGE_URL"] for row in views)


def test_guest_scraping(evidence: Evidence) -> None:
    """A guest, the list controller, at more than two hundred calls in five minutes from one address."""
    calls = evidence.rows("guest_scraping", "AuraRequest")
    assert {row["USER_TYPE"] for row in calls} == {"Guest"}
    assert sum("SelectableListDataProviderController/ACTION$getItems" in row["ACTION_MESSAGE"] for row in calls) > 200
    assert any("HostConfigController/ACTION$getConfigData" in row["ACTION_MESSAGE"] for row in calls)
    assert len({row["CLIENT_IP"] for row in calls}) == 1


def test_login_as_export(evidence: Evidence) -> None:
    """Three people entered by one administrator; the last one's exports come from the administrator's address."""
    entered, exports = evidence.rows("login_as_export", "LoginAs"), evidence.rows("login_as_export", "ReportExport")
    assert len({row["DELEGATED_USER_ID"] for row in entered}) == 3
    assert {row["USER_ID"] for row in exports} == {entered[-1]["DELEGATED_USER_ID"]}
    assert {row["CLIENT_IP"] for row in exports} == {row["CLIENT_IP"] for row in entered}


def test_a_scenario_nobody_knows_is_named(make_org: Callable[..., SimulatedOrg]) -> None:
    """With the ones there are."""
    with pytest.raises(ValueError, match="there is no scenario 'robbery'; there are mass_report_export"):
        make_org(scenarios=["robbery"])


def test_scenarios_fit_into_a_short_history(make_org: Callable[..., SimulatedOrg]) -> None:
    """A history of three hours has all of them."""
    org = make_org(scenarios=None, event_types=None, history=timedelta(hours=3), rows_per_day=500)
    truth = read_truth(org.truth)
    assert set(truth["scenario"].drop_nulls()) == set(SCENARIOS)

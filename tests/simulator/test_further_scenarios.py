from __future__ import annotations

from datetime import UTC, date, datetime

from agent.simulator.scenarios import SCENARIOS, play
from agent.simulator.world.networks import networks_of
from agent.simulator.world.sessions import DAY, Timetable, midnight
from agent.simulator.world.staff import Staff
from tests.simulator.evidence import Evidence


def times(rows: list[dict[str, str]]) -> list[datetime]:
    return [datetime.fromisoformat(row["TIMESTAMP_DERIVED"]).astimezone(UTC) for row in rows]


def seconds(rows: list[dict[str, str]]) -> float:
    return (max(times(rows)) - min(times(rows))).total_seconds()


def test_slow_drip_takes_days() -> None:
    """Five small exports on each day of a week, at different hours, by one person."""
    staff, start = Staff(7, 80), midnight(date(2026, 6, 1))
    events, _ = play(["slow_drip"], 7, staff, Timetable(7, staff), (start, start + 7 * DAY))
    reports = [event for event in events if event.event_type == "Report"]
    assert {event.time // DAY for event in reports} == {start // DAY + number for number in range(7)}
    assert all(900 <= int(event.cells["ROW_COUNT"]) <= 1_900 for event in reports)
    assert len({event.session.user for event in reports}) == 1
    assert SCENARIOS["slow_drip"].history


def test_slow_drip_in_a_short_history(evidence: Evidence) -> None:
    """There is what fits."""
    assert 1 <= len(evidence.rows("slow_drip", "ReportExport")) <= 10


def test_impossible_travel(evidence: Evidence) -> None:
    """Two logins of one person within the hour, from home and from a rented server."""
    home, abroad = evidence.rows("impossible_travel", "Login")
    assert home["USER_ID"] == abroad["USER_ID"]
    assert home["SESSION_KEY"] != abroad["SESSION_KEY"]
    assert seconds([home, abroad]) < 3600
    assert any(abroad["SOURCE_IP"].startswith(n.cidr.rsplit(".", 1)[0]) for n in networks_of("hosting"))


def test_password_spray_then_login(evidence: Evidence) -> None:
    """Many users fail from one address, one of them often; then that one gets in from there."""
    logins = evidence.rows("password_spray_then_login", "Login")
    failed = [row for row in logins if row["LOGIN_STATUS"] != "LOGIN_NO_ERROR"]
    inside = [row for row in logins if row["LOGIN_STATUS"] == "LOGIN_NO_ERROR"]
    assert len({row["USER_NAME"] for row in failed}) >= 20
    assert len({row["SOURCE_IP"] for row in logins}) == 1
    assert len(inside) == 1
    assert sum(row["USER_NAME"] == inside[0]["USER_NAME"] for row in failed) >= 12
    assert all(row["SESSION_KEY"] == row["LOGIN_KEY"] == "" for row in failed)
    assert max(times(failed)) < times(inside)[0]


def test_voice_phished_app(evidence: Evidence) -> None:
    """An app on no list, under a person's account: pages by REST, then a bulk query; and its installation."""
    calls = evidence.rows("voice_phished_app", "ApiTotalUsage")
    known = {app.id for app in evidence.org.staff.applications.values()}
    assert not {row["CONNECTED_APP_ID"] for row in calls if row["CONNECTED_APP_NAME"]} & known
    assert sum(int(row["ROWS_PROCESSED"]) for row in evidence.rows("voice_phished_app", "RestApi")) >= 90_000
    assert [row["JOB_STATUS"] for row in evidence.rows("voice_phished_app", "BulkApi2")][-1] == "complete"
    assert any("Support Desk Assistant" in str(row["Display"]) for row in evidence.org.setup_changes())


def test_token_recon(evidence: Evidence) -> None:
    """An integration's own program from an expected network describes, counts, takes and deletes its job."""
    calls = evidence.rows("token_recon", "RestApi")
    assert len({row["USER_AGENT"] for row in calls}) == 1
    assert all(any(row["CLIENT_IP"].startswith(n.cidr[:-5]) for n in networks_of("cloud")) for row in calls)
    assert sum(row["URI"].endswith("/describe") for row in calls) == 20
    assert sum(row["QUERY"].startswith("SELECT COUNT()") for row in calls) == 6
    jobs = evidence.rows("token_recon", "BulkApi2")
    assert [row["JOB_STATUS"] for row in jobs] == ["created", "inProgress", "complete", "deleted"]
    assert seconds(jobs[2:]) == 24


def test_integration_new_network(evidence: Evidence) -> None:
    """Few calls with the integration's own program, from where no integration is expected."""
    calls = evidence.rows("integration_new_network", "RestApi")
    assert len(calls) == 30
    assert sum(int(row["ROWS_PROCESSED"]) for row in calls) < 10_000
    assert not any(row["CLIENT_IP"].startswith(n.cidr[:-5]) for row in calls for n in networks_of("cloud"))


def test_dormant_account_awakes(evidence: Evidence) -> None:
    """The account is one that is open and that nobody uses."""
    (login,) = evidence.rows("dormant_account_awakes", "Login")
    assert login["USER_ID"] in {user.id for user in evidence.org.staff.dormant}
    assert len(evidence.rows("dormant_account_awakes", "ContentTransfer")) == 6


def test_leaver_export(evidence: Evidence) -> None:
    """Small lists and few files, by one of those who leave."""
    exports = evidence.rows("leaver_export", "Report")
    assert {row["USER_ID"] for row in exports} <= {user.id for user in evidence.org.staff.leaving}
    assert all(int(row["ROW_COUNT"]) < 3_000 for row in exports)
    assert len(evidence.rows("leaver_export", "ContentTransfer")) == 8


def test_sync_failure(evidence: Evidence) -> None:
    """Ten failed jobs of an integration with their reason, refusals, failed logins."""
    jobs = evidence.rows("sync_failure", "BulkApi2")
    assert len(jobs) == 10
    assert {row["JOB_STATUS"] for row in jobs} == {"failed"}
    assert all("Region__c" in row["ERROR_MESSAGE"] for row in jobs)
    assert seconds(jobs) < 3600
    assert {row["STATUS_CODE"] for row in evidence.rows("sync_failure", "RestApi")} == {"403"}


def test_session_hijack(evidence: Evidence) -> None:
    """One login, one session key, the office and three addresses elsewhere, another browser there."""
    views = evidence.rows("session_hijack", "LightningPageView")
    assert len(evidence.rows("session_hijack", "Login")) == 1
    assert len({row["SESSION_KEY"] for row in views}) == 1
    assert len({row["CLIENT_IP"] for row in views}) == 4
    assert len({row["BROWSER_NAME"] for row in views}) == 2

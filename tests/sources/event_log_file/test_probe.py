"""What `check` says of an org."""

from __future__ import annotations

from datetime import timedelta

import pytest

from agent.model import Finding
from agent.network.tls import TlsSettings
from agent.sources.event_log_file.probe import probe
from agent.sources.salesforce.session import Session
from tests.scripted_org.scripted_org import ScriptedFile, ScriptedOrg
from tests.sources.conftest import MakeSession
from tests.sources.reader import START, Clock


@pytest.fixture(autouse=True)
def healthy(org: ScriptedOrg) -> None:
    created = START - timedelta(hours=5)
    org.files = [
        ScriptedFile("0AT1", created, created, b"", event_type="Report"),
        ScriptedFile("0AT2", created, created, b"", event_type="Login", interval="Daily"),
    ]


def findings(session: Session) -> list[Finding]:
    return list(probe(session, now=Clock()))


def bad(session: Session) -> list[Finding]:
    return [finding for finding in findings(session) if not finding.ok]


def test_a_healthy_org_has_nothing_to_complain_about(session: Session) -> None:
    """Sign-in, allowance, licence and hourly files are each confirmed."""
    assert [finding.ok for finding in findings(session)] == [True] * 4


def test_a_refused_sign_in_ends_the_probe(session: Session, org: ScriptedOrg) -> None:
    """A wrong secret is named, with what to do, and nothing else is asked."""
    org.token_error = (400, {"error": "invalid_client", "error_description": "invalid client credentials"})
    (finding,) = findings(session)
    assert "invalid_client" in finding.message
    assert "secret" in finding.fix


def test_an_untrusted_certificate_is_told_from_a_wrong_secret(make_session: MakeSession) -> None:
    """The setting to change is named."""
    (finding,) = findings(make_session(tls=TlsSettings()))
    assert "not trusted" in finding.message


@pytest.mark.parametrize("answer", [(404, "NOT_FOUND"), (400, "INVALID_TYPE"), (403, "INSUFFICIENT_ACCESS")])
def test_a_missing_permission_is_named(session: Session, org: ScriptedOrg, answer: tuple[int, str]) -> None:
    """However the org says it, the fix is the permission."""
    org.status["describe"] = (answer[0], [{"errorCode": answer[1], "message": "no"}])
    (finding,) = bad(session)
    assert not finding.warning
    assert "View Event Log Files" in finding.fix


def test_an_empty_list_is_suspicious(session: Session, org: ScriptedOrg) -> None:
    """No file at all points to the permission as well."""
    org.files = []
    (finding,) = bad(session)
    assert "View Event Log Files" in finding.fix


def test_a_disabled_api_is_named(session: Session, org: ScriptedOrg) -> None:
    """API Enabled is missing for everything."""
    refusal = (403, [{"errorCode": "API_CURRENTLY_DISABLED", "message": "API is currently disabled"}])
    org.status = {"limits": refusal, "describe": refusal, "query": refusal}
    assert all("API Enabled" in finding.fix and not finding.warning for finding in bad(session))
    assert bad(session)


def test_no_hourly_files_is_a_warning(session: Session, org: ScriptedOrg) -> None:
    """Without the field, and with the field but without files, daily ones are announced."""
    org.files = [ScriptedFile("0AT2", START, START, b"", event_type="Report", interval="Daily")]
    org.files[0].created -= timedelta(hours=1)
    (first,) = bad(session)
    org.change_faults(no_hourly=True)
    (second,) = bad(session)
    assert first.warning
    assert second.warning
    assert "no field Interval" in second.message
    assert "daily" in second.fix


def test_an_org_without_licence_is_told(session: Session, org: ScriptedOrg) -> None:
    """Only free event types: what is missing and where it is bought."""
    org.files = org.files[1:]
    licence, _ = bad(session)
    assert "Login" in licence.message
    assert "Event Monitoring" in licence.fix


def test_a_used_up_allowance_is_told(session: Session, org: ScriptedOrg) -> None:
    """Near the budget, the remaining calls are named."""
    org.api_calls = 90_000
    (finding,) = bad(session)
    assert "of 100,000" in finding.message
    assert "api_budget" in finding.fix

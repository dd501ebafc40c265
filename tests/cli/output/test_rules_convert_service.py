"""Rules of each service are turned into queries on the names under which its rows are shipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.output.test_rules_convert import converted, rule


@pytest.mark.parametrize(
    ("service", "detection", "query"),
    [
        ("setup_audit_trail", "{CreatedById: x}", 'user.id="x"'),
        ("setup_audit_trail", "{CreatedBy.Username: x}", 'user.name="x"'),
        ("provisioning", "{EventType: UserProvisioningRequest, CreatedById: x}", 'event.provider="UserProvisioningRequest" user.id="x"'),
        ("provisioning", "{EventType: OauthToken, UserId: x}", 'event.provider="OauthToken" user.id="x"'),
        ("provisioning", "{EventType: UserProvisioningLog, UserId: x}", 'event.provider="UserProvisioningLog" user.target.id="x"'),
        ("real_time_event_monitoring", "{CreatedDate: x}", 'salesforce.createddate="x"'),
        ("event_monitoring", "{CreatedDate: x}", 'salesforce.createddate="x"'),
        ("sessions", "{EventType: AuthSession, UsersId: x}", 'event.provider="AuthSession" user.id="x"'),
    ],
)  # fmt: skip
def test_a_column_is_where_its_service_has_it(tmp_path: Path, service: str, detection: str, query: str) -> None:
    """The same name may be another field in another service, or in another event type of it."""
    (result,) = converted(tmp_path, rule(detection, service=service))
    assert not result.problem
    assert result.queries[0].endswith(query)

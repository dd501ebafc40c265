"""The org as everybody's client sees it: simple-salesforce for queries, httpx for tokens and files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceExpiredSession, SalesforceMalformedRequest

from agent.simulator.log_files.truth import read_truth
from agent.simulator.running import RunningOrg
from tests.simulator.conftest import AT_ONCE


@pytest.fixture
def salesforce(start: Callable[..., RunningOrg], connect: Any) -> Any:
    client = connect(start(delay=AT_ONCE, page_rows=20)).sign_in()
    session = requests.Session()
    session.trust_env = False  # or REQUESTS_CA_BUNDLE would win
    session.verify = str(client.running.ca)
    token = client.http.headers["Authorization"].removeprefix("Bearer ")
    instance = client.running.url.removeprefix("https://")
    yield client, Salesforce(session_id=token, instance=instance, session=session, version="62.0")
    session.close()


def test_queries_describe_and_limits(salesforce: Any) -> None:
    """Paged queries come whole, describe and limits are read, usage is parsed."""
    client, sf = salesforce
    users = sf.query_all("SELECT Id, Username, Profile.Name FROM User ORDER BY Username")
    assert users["totalSize"] == len(users["records"]) == len(client.running.org.staff.users) > 20
    assert {field["name"] for field in sf.EventLogFile.describe()["fields"]} >= {"EventType", "LogFile"}
    assert sf.limits()["DailyApiRequests"]["Max"] == 100_000
    assert sf.api_usage["api-usage"].total == 100_000


def test_errors_arrive_as_simple_salesforce_tells_them(salesforce: Any) -> None:
    """A refused query and an ended session."""
    client, sf = salesforce
    with pytest.raises(SalesforceMalformedRequest, match="MALFORMED_QUERY"):
        sf.query("SELECT Id FROM EventLogFile WHERE CreatedDate > 2026-11-18T10:00:00.000+0000")
    client.running.tokens.revoke_all()
    with pytest.raises(SalesforceExpiredSession):
        sf.query("SELECT Id FROM User")


def test_what_is_downloaded_is_the_truth(salesforce: Any) -> None:
    """Every listed file fetched over the wire has the rows the truth tells of."""
    client, sf = salesforce
    told = read_truth(client.running.truth).group_by("file").len()
    rows = {}
    csv.field_size_limit(1 << 24)
    for record in sf.query_all_iter("SELECT Id, LogFile FROM EventLogFile WHERE Interval = 'Hourly'"):
        text = client.http.get(record["LogFile"]).text
        rows[record["Id"]] = sum(1 for _ in csv.DictReader(io.StringIO(text, newline="")))
    assert rows == dict(told.rows())

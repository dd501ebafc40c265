"""simple-salesforce, from sign-in to log file: its sign-in goes to hosts of salesforce.com, which lead to loopback here."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceAuthenticationFailed, SalesforceMalformedRequest

from agent.simulator.running import RunningOrg
from tests.clients.conftest import PAGE


class LoopbackAdapter(HTTPAdapter):
    """Takes what is meant for a host of salesforce.com to the org."""

    def __init__(self, org: RunningOrg) -> None:
        super().__init__()
        self._org = org

    def send(self, request: requests.PreparedRequest, *arguments: Any, **named: Any) -> requests.Response:
        """As the parent does, elsewhere."""
        request.url = self._org.url + urlsplit(request.url or "").path
        return super().send(request, *arguments, **named)


@pytest.fixture
def session(org: RunningOrg) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False  # or REQUESTS_CA_BUNDLE would win
        session.verify = str(org.ca)
        for host in ("login", "trading.my"):
            session.mount(f"https://{host}.salesforce.com", LoopbackAdapter(org))
        yield session


@pytest.fixture(params=["client credentials", "JWT"])
def salesforce(request: pytest.FixtureRequest, org: RunningOrg, session: requests.Session) -> Salesforce:
    if request.param == "JWT":
        return Salesforce(
            username=org.username, consumer_key=org.client_id, privatekey_file=str(org.jwt_key_file), session=session,
            version="62.0",
        )  # fmt: skip
    return Salesforce(
        consumer_key=org.client_id, consumer_secret=org.client_secret_file.read_text(), domain="trading.my",
        session=session, version="62.0",
    )  # fmt: skip


def test_it_reads_the_org(salesforce: Any, org: RunningOrg, session: requests.Session) -> None:
    """Pages, description, limits, usage and a log file."""
    users = salesforce.query_all("SELECT Id, Username FROM User")["records"]
    assert len(users) == len(org.org.staff.users) > PAGE
    assert "LogFile" in {field["name"] for field in salesforce.EventLogFile.describe()["fields"]}
    assert salesforce.limits()["DailyApiRequests"]["Max"] == salesforce.api_usage["api-usage"].total
    file = next(iter(salesforce.query_all_iter("SELECT Id, LogFile FROM EventLogFile WHERE Interval = 'Hourly'")))
    text = session.get(org.url + file["LogFile"], headers=salesforce.headers).text
    assert {row["EVENT_TYPE"] for row in csv.DictReader(io.StringIO(text))}


def test_it_hears_where_a_query_is_wrong(salesforce: Any) -> None:
    """Row, column, and the query around the place."""
    with pytest.raises(SalesforceMalformedRequest) as refused:
        salesforce.query("SELECT Id, Nonsense FROM User")
    content: Any = refused.value.content
    (error,) = content
    assert error["errorCode"] == "INVALID_FIELD"
    assert error["message"].startswith(
        "\nSELECT Id, Nonsense FROM User\n           ^\nERROR at Row:1:Column:12\nNo such column 'Nonsense' on entity 'User'."
    )


def test_a_password_is_of_no_use(session: requests.Session) -> None:
    """It goes to the SOAP login, which is off; the fault's code and text arrive."""
    with pytest.raises(SalesforceAuthenticationFailed, match=r"INVALID_OPERATION.*SOAP API login\(\) is disabled"):
        Salesforce(username="a@example.com", password="b", security_token="c", session=session)

from __future__ import annotations

from ipaddress import ip_network

import polars as pl
import pytest

from agent.enrichment.integration_user import EXPECTED, INTEGRATION, IntegrationColumns
from agent.enrichment.network_set import NetworkSet

ID = "005A00000012345AAA"


def is_integration(users: list[str], **known: str | None) -> bool | None:
    names = {"id": "user.id", "name": "user.name", "type": "salesforce.user.type", "profile": "salesforce.user.profile"}
    names["license"] = "salesforce.user.license"
    columns = {names[key]: pl.Series([value], dtype=pl.String) for key, value in known.items()}
    told = IntegrationColumns(users, {}).columns(columns, None).get(INTEGRATION)
    return None if told is None else told[0]


@pytest.mark.parametrize(
    ("users", "known", "expected"),
    [
        (["mulesoft@example.com"], {"id": ID, "name": "MuleSoft@example.com"}, True),
        (["mulesoft@*"], {"id": ID, "name": "mulesoft@example.com.uat"}, True),
        (["mulesoft@*"], {"id": ID, "name": "ada@example.com"}, False),
        (["mulesoft@*"], {"id": ID}, None),
        ([ID], {"id": ID}, True),
        ([ID[:15]], {"id": ID}, True),
        ([ID], {"id": ID[:15]}, True),
        ([ID[:15]], {"id": ID.lower()}, False),
        (["API Only*"], {"id": ID, "profile": "API only robots"}, True),
        (["AutomatedProcess"], {"id": ID, "type": "AutomatedProcess"}, True),
        (["mulesoft@*"], {"id": ID, "type": "AutomatedProcess", "profile": "x"}, False),
        ([], {"id": ID, "type": "AutomatedProcess"}, True),
        ([], {"id": ID, "profile": "Salesforce API Only System IntegrationColumns"}, True),
        ([], {"id": ID, "profile": "Standard User", "license": "Salesforce Integration"}, True),
        ([], {"id": ID, "profile": "Standard User"}, False),
        ([], {"id": ID}, None),
        ([], {"id": None, "name": None}, None),
        ([], {"type": "AutomatedProcess"}, None),
        ([], {"id": ID, "name": "x\x1fAutomatedProcess\x1fapi only"}, None),
    ],
)
def test_who_is_a_program(users: list[str], known: dict[str, str | None], expected: bool | None) -> None:
    """By settings where there are some, else by type, profile and licence; null where it is not known."""
    assert is_integration(users, **known) is expected


NETWORKS = {
    "mulesoft@*": NetworkSet([ip_network("26.10.0.0/24")]),
    ID: NetworkSet([ip_network("26.20.0.0/24"), ip_network("2a01:4ff0::/32")]),
}


def test_expected_networks_are_those_of_the_account() -> None:
    """True inside, false outside, null for accounts nobody named and rows without an address."""
    columns = {
        "user.name": pl.Series(["mulesoft@x", "mulesoft@x", "mulesoft@x", "ada@x", None, None]),
        "user.id": pl.Series([None, None, None, None, ID, ID], dtype=pl.String),
    }
    addresses = pl.Series(["26.10.0.9", "26.20.0.9", None, "26.10.0.9", "2a01:4ff0::9", "26.10.0.9"])
    told = IntegrationColumns([], NETWORKS).columns(columns, addresses)
    assert told[EXPECTED].to_list() == [True, False, None, None, True, False]


def test_no_networks_no_column() -> None:
    """What nothing is configured for is absent, so that no rule takes it for a no."""
    columns = {"user.id": pl.Series([ID]), "salesforce.user.profile": pl.Series(["Standard User"])}
    assert list(IntegrationColumns([], {}).columns(columns, pl.Series(["26.10.0.9"]))) == [INTEGRATION]

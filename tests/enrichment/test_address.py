from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import polars as pl
import pytest

from agent.enrichment.address import AddressColumns, kind_and_address
from agent.enrichment.address_database import AddressDatabases, write_mmdb
from agent.enrichment.network_set import NetworkSet
from tests.enrichment.geo_network import GeoNetwork


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("11.20.16.4", "public"),
        ("2a01:4ff0:22::1", "public"),
        ("10.1.2.3", "private"),
        ("172.31.255.255", "private"),
        ("172.32.0.1", "public"),
        ("100.64.0.1", "private"),
        ("169.254.1.1", "private"),
        ("fd00::1", "private"),
        ("fe80::1", "private"),
        ("::ffff:192.168.0.1", "private"),
        ("::ffff:11.20.16.4", "public"),
        ("127.0.0.1", "reserved"),
        ("192.0.2.1", "reserved"),
        ("224.0.0.1", "reserved"),
        ("0.0.0.0", "reserved"),  # noqa: S104
        ("::1", "reserved"),
        ("2001:db8::1", "reserved"),
        ("Salesforce.com IP", "salesforce"),
        ("salesforce.com ip ", "salesforce"),
        ("unknown", None),
        ("", None),
        ("11.20.16.4, 10.0.0.1", None),
    ],
)
def test_addresses_are_of_a_kind(text: str, kind: str | None) -> None:
    """Public, private, reserved, Salesforce's own; other text is of none."""
    assert kind_and_address(text)[0] == kind


ADDRESSES = pl.Series(["22.40.8.1", "29.31.0.7", None, "Salesforce.com IP", "10.0.0.1", "29.30.0.5", "nonsense"])


@pytest.fixture
def database(tmp_path: Path) -> AddressDatabases:
    path = tmp_path / "a.mmdb"
    write_mmdb(path, [GeoNetwork("22.40.8.0/24"), GeoNetwork("29.31.0.0/24", asn=64511, as_org="Balkan Servers")])
    return AddressDatabases([path])


def test_nothing_configured_tells_the_kind_alone() -> None:
    """Without databases and networks there are no columns that a rule could take for a "no"."""
    told = AddressColumns(None, None, None).columns(ADDRESSES)
    assert {name: column.to_list() for name, column in told.items()} == {
        "leakline.ip_kind": ["public", "public", None, "salesforce", "private", "public", None]
    }


def test_networks_and_operators_that_hide_people(database: AddressDatabases) -> None:
    """True by network or AS number, false where the operator is known, null where nobody can tell."""
    told = AddressColumns(database, None, (NetworkSet([ip_network("29.30.0.0/24")]), frozenset({64511}))).columns(
        ADDRESSES
    )
    assert told["leakline.ip_anonymizer"].to_list() == [False, True, None, None, None, True, None]
    alone = AddressColumns(None, None, (NetworkSet([ip_network("29.30.0.0/24")]), frozenset())).columns(ADDRESSES)
    assert alone["leakline.ip_anonymizer"].to_list() == [False, False, None, None, False, True, None]


def test_the_organisations_own_networks() -> None:
    """Every address is inside or outside; text is neither."""
    told = AddressColumns(None, NetworkSet([ip_network("22.40.8.0/24"), ip_network("10.0.0.0/8")]), None).columns(
        ADDRESSES
    )
    assert told["leakline.ip_corp"].to_list() == [True, False, None, None, True, False, None]


def test_places_are_told_for_public_addresses(database: AddressDatabases) -> None:
    """Columns have ECS names and types."""
    told = AddressColumns(database, None, None).columns(ADDRESSES)
    assert told["source.geo.country_iso_code"].to_list() == ["DE", "DE", None, None, None, None, None]
    assert told["source.as.number"].to_list() == [64497, 64511, None, None, None, None, None]
    assert told["source.as.number"].dtype == pl.Int64
    assert told["source.geo.location.lat"].dtype == pl.Float64
    assert "source.geo.region_iso_code" not in told

from __future__ import annotations

from ipaddress import ip_address, ip_network
from itertools import combinations
from pathlib import Path

import maxminddb
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from agent.simulator.world.networks import networks, networks_of


def test_networks_do_not_overlap() -> None:
    """An address has one place."""
    known = [ip_network(network.cidr) for network in networks()]
    assert not any(a.overlaps(b) for a, b in combinations(known, 2) if a.version == b.version)


def test_addresses_lie_in_their_network() -> None:
    """Whatever the number."""
    for network in networks():
        for number in (0, 1, 253, 254, 4093, 60_000):
            assert ip_address(network.address(number)) in ip_network(network.cidr)


def test_an_address_database_can_be_made_of_them(tmp_path: Path) -> None:
    """Country, city and operator of every network are found again."""
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="Example")
    for network in networks():
        writer.insert_network(
            IPSet([network.cidr]),
            {"country": {"iso_code": network.country_iso}, "city": network.city, "asn": network.asn},
        )
    path = tmp_path / "places.mmdb"
    writer.to_db_file(str(path))
    with maxminddb.open_database(str(path)) as reader:
        for network in networks():
            found = reader.get(network.address(99))
            assert found == {"country": {"iso_code": network.country_iso}, "city": network.city, "asn": network.asn}


def test_several_countries_and_every_role() -> None:
    """Offices, homes, telephones, clouds, rented servers, visitors."""
    assert len({network.country_iso for network in networks()}) >= 8
    for role in ("office", "home", "mobile", "cloud", "hosting", "visitor"):
        assert networks_of(role)

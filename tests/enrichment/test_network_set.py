from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.enrichment.network_set import NetworkSet, read_networks
from agent.errors import SettingsError

v4 = st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32)).map(lambda p: ip_network((p[0], p[1]), strict=False))
v6 = st.tuples(st.integers(2**126, 2**126 + 2**20), st.integers(100, 128)).map(
    lambda p: ip_network((p[0], p[1]), strict=False)
)
addresses = st.integers(0, 2**32 - 1).map(IPv4Address) | st.integers(2**126, 2**126 + 2**20).map(IPv6Address)


@given(st.lists(v4 | v6, max_size=8), addresses)
def test_membership_is_that_of_some_network(networks: list[object], address: IPv4Address | IPv6Address) -> None:
    """An address is in the set if one of the networks has it."""
    inside = any(address in network for network in networks if network.version == address.version)  # type: ignore[attr-defined,operator]
    assert (address in NetworkSet(networks)) == inside  # type: ignore[arg-type]


def test_a_network_has_its_first_and_last_address() -> None:
    """Edges belong to it, their neighbours do not."""
    networks = NetworkSet([ip_network("11.20.16.0/24")])
    found = [ip_address(text) in networks for text in ("11.20.15.255", "11.20.16.0", "11.20.16.255", "11.20.17.0")]
    assert found == [False, True, True, False]


def test_lists_hold_networks_addresses_and_as_numbers(tmp_path: Path) -> None:
    """A list may be commented, mixed and untidy."""
    path = tmp_path / "hosting.txt"
    path.write_text("# VPN\n29.30.0.0/24  # Amsterdam\n\nAS64511\n29.31.0.7\n2001:db8::1/32\nas65536\n")
    networks, numbers = read_networks(path)
    assert numbers == {64511, 65536}
    assert [str(network) for network in networks] == ["29.30.0.0/24", "29.31.0.7/32", "2001:db8::/32"]


def test_a_wrong_line_is_named(tmp_path: Path) -> None:
    """Path, line and what to write stand in the error."""
    path = tmp_path / "hosting.txt"
    path.write_text("29.30.0.0/24\n29.30.0.0/99\n")
    with pytest.raises(SettingsError, match=r"hosting\.txt:2: .29\.30\.0\.0/99. is neither"):
        read_networks(path)
    with pytest.raises(SettingsError, match="cannot be read"):
        read_networks(tmp_path / "none.txt")

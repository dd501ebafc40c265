"""Is an address in one of many networks? One look-up for each prefix length that occurs, however many there are."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from pathlib import Path

from agent.errors import SettingsError

IpAddress = IPv4Address | IPv6Address
IpNetwork = IPv4Network | IPv6Network


class NetworkSet:
    """A fixed set of networks, IPv4 and IPv6."""

    def __init__(self, networks: Iterable[IpNetwork]) -> None:
        self._prefixes: dict[tuple[int, int], set[int]] = {}
        for network in networks:
            key = (network.version, network.max_prefixlen - network.prefixlen)
            self._prefixes.setdefault(key, set()).add(int(network.network_address) >> key[1])

    def __contains__(self, address: IpAddress) -> bool:
        number, version = int(address), address.version
        return any(number >> shift in prefixes for (v, shift), prefixes in self._prefixes.items() if v == version)


def read_networks(path: Path) -> tuple[list[IpNetwork], set[int]]:
    """The networks and AS numbers of a text file: one address, network (CIDR) or `AS64496` a line; `#` begins a comment.

    Raises SettingsError with file and line for anything else.
    """
    networks: list[IpNetwork] = []
    numbers: set[int] = set()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{path} cannot be read ({error})", hint="name a text file with one network a line"
        ) from error
    for number, line in enumerate(lines, start=1):
        text = line.partition("#")[0].strip()
        if text[:2].upper() == "AS" and text[2:].isdecimal():
            numbers.add(int(text[2:]))
        elif text:
            networks.append(_network(text, path, number))
    return networks, numbers


def _network(text: str, path: Path, line: int) -> IpNetwork:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise SettingsError(
            f"{path}:{line}: {text!r} is neither an address nor a network",
            hint="write it as 192.0.2.0/24, 2001:db8::/32 or AS64496",
        ) from None

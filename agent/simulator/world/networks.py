"""The simulated internet: fixed networks with place and operator, from which an address database can be made.

The blocks belong to large allocations that are seldom announced, so that they count as public addresses and yet are
nobody's we would name; operators are made up, their AS numbers are those set aside for documentation (RFC 5398).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Literal

Role = Literal["office", "home", "mobile", "cloud", "hosting", "anonymizer", "visitor"]


@dataclass(frozen=True, slots=True)
class SimulatedNetwork:
    """`role` says who is found there: `cloud` has integrations, `hosting` has rented servers nobody expects,
    `anonymizer` is a private network for everybody who pays.
    """

    cidr: str
    country_iso: str
    country: str
    region: str
    city: str
    latitude: float
    longitude: float
    asn: int
    as_org: str
    role: Role

    @property
    def offset_hours(self) -> int:
        """Hours from UTC, by the sun."""
        return round(self.longitude / 15)

    def address(self, number: int) -> str:
        """One of the network's host addresses, the same for the same number."""
        network = ip_network(self.cidr)
        if isinstance(network, IPv6Network):
            return str(network[1 + number * 0x1_0000_0193 % (1 << 64)])
        return str(network[1 + number % (network.num_addresses - 2)])


def networks() -> list[SimulatedNetwork]:
    """Every network that regular traffic and the scenarios come from."""
    return list(_NETWORKS)


def networks_of(role: Role, country: str | None = None) -> list[SimulatedNetwork]:
    """Those of one role, all or one country's."""
    return [n for n in _NETWORKS if n.role == role and country in (None, n.country_iso)]


@lru_cache(maxsize=100_000)
def country_of(ip: str) -> str | None:
    """The country in which an address is, None for one of no network here."""
    try:
        address = ip_address(ip)
    except ValueError:
        return None
    for cidr, country in _countries():
        if address.version == cidr.version and address in cidr:
            return country
    return None


@cache
def _countries() -> list[tuple[IPv4Network | IPv6Network, str]]:
    return [(ip_network(network.cidr), network.country_iso) for network in _NETWORKS]


_US, _DE, _GB, _FR, _IN, _BR, _JP, _AU = (
    ("US", "United States"),
    ("DE", "Germany"),
    ("GB", "United Kingdom"),
    ("FR", "France"),
    ("IN", "India"),
    ("BR", "Brazil"),
    ("JP", "Japan"),
    ("AU", "Australia"),
)

_NETWORKS = (
    SimulatedNetwork("11.20.16.0/24", *_US, "California", "San Francisco", 37.7749, -122.4194, 64496, "Example Trading", "office"),
    SimulatedNetwork("11.20.32.0/24", *_US, "Illinois", "Chicago", 41.8781, -87.6298, 64496, "Example Trading", "office"),
    SimulatedNetwork("22.40.8.0/24", *_DE, "Bavaria", "Munich", 48.1351, 11.5820, 64497, "Example Trading Europe", "office"),
    SimulatedNetwork("22.40.9.0/24", *_GB, "England", "London", 51.5074, -0.1278, 64497, "Example Trading Europe", "office"),
    SimulatedNetwork("28.60.4.0/24", *_IN, "Karnataka", "Bengaluru", 12.9716, 77.5946, 64498, "Example Trading India", "office"),
    SimulatedNetwork("11.80.0.0/20", *_US, "California", "Oakland", 37.8044, -122.2712, 64499, "Pacific Cable", "home"),
    SimulatedNetwork("2600:40ff:1::/48", *_US, "Illinois", "Evanston", 42.0451, -87.6877, 64500, "Lakeside Fiber", "home"),
    SimulatedNetwork("11.96.0.0/20", *_US, "Illinois", "Chicago", 41.8781, -87.6298, 64500, "Lakeside Fiber", "home"),
    SimulatedNetwork("22.64.0.0/20", *_DE, "Bavaria", "Augsburg", 48.3705, 10.8978, 64501, "Isar Netz", "home"),
    SimulatedNetwork("2a01:4ff0:22::/48", *_DE, "Bavaria", "Munich", 48.1351, 11.5820, 64501, "Isar Netz", "home"),
    SimulatedNetwork("22.72.0.0/20", *_GB, "England", "Reading", 51.4543, -0.9781, 64502, "Thames Broadband", "home"),
    SimulatedNetwork("28.72.0.0/20", *_IN, "Karnataka", "Mysuru", 12.2958, 76.6394, 64503, "Deccan Broadband", "home"),
    SimulatedNetwork("11.112.0.0/20", *_US, "Texas", "Dallas", 32.7767, -96.7970, 64504, "Union Mobile", "mobile"),
    SimulatedNetwork("22.88.0.0/20", *_DE, "Hesse", "Frankfurt am Main", 50.1109, 8.6821, 64505, "Rhein Mobilfunk", "mobile"),
    SimulatedNetwork("22.92.0.0/20", *_GB, "England", "Manchester", 53.4808, -2.2426, 64506, "Albion Mobile", "mobile"),
    SimulatedNetwork("28.88.0.0/20", *_IN, "Tamil Nadu", "Chennai", 13.0827, 80.2707, 64507, "Coromandel Mobile", "mobile"),
    SimulatedNetwork("26.10.0.0/24", *_US, "Virginia", "Ashburn", 39.0438, -77.4874, 64508, "Northern Cloud", "cloud"),
    SimulatedNetwork("26.10.1.0/24", *_US, "Oregon", "Boardman", 45.8399, -119.7006, 64508, "Northern Cloud", "cloud"),
    SimulatedNetwork("26.20.0.0/24", *_DE, "Hesse", "Frankfurt am Main", 50.1109, 8.6821, 64509, "Central Cloud Europe", "cloud"),
    SimulatedNetwork("29.30.0.0/24", "NL", "Netherlands", "North Holland", "Amsterdam", 52.3676, 4.9041, 64510, "Polder Hosting", "hosting"),
    SimulatedNetwork("29.31.0.0/24", "RO", "Romania", "Bucharest", "Bucharest", 44.4268, 26.1025, 64511, "Balkan Servers", "hosting"),
    SimulatedNetwork("29.32.0.0/24", "PA", "Panama", "Panamá", "Panama City", 8.9824, -79.5199, 65536, "Isthmus Private Network", "anonymizer"),
    SimulatedNetwork("30.40.0.0/20", *_FR, "Île-de-France", "Paris", 48.8566, 2.3522, 65537, "Seine Télécom", "visitor"),
    SimulatedNetwork("30.44.0.0/20", *_BR, "São Paulo", "São Paulo", -23.5505, -46.6333, 65538, "Paulista Telecom", "visitor"),
    SimulatedNetwork("30.48.0.0/20", *_JP, "Tokyo", "Tokyo", 35.6762, 139.6503, 65539, "Kanto Online", "visitor"),
    SimulatedNetwork("30.52.0.0/20", *_AU, "New South Wales", "Sydney", -33.8688, 151.2093, 65540, "Harbour Net", "visitor"),
    SimulatedNetwork("30.56.0.0/20", *_US, "New York", "New York", 40.7128, -74.0060, 65541, "Hudson Online", "visitor"),
)  # fmt: skip

"""Networks for small address databases, as `write_mmdb` takes them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class GeoNetwork:
    """In Munich unless said otherwise."""

    cidr: str
    country_iso: str = "DE"
    country: str = "Germany"
    region: str = "Bavaria"
    city: str = "Munich"
    latitude: float = 48.1351
    longitude: float = 11.582
    asn: int = 64497
    as_org: str = "Example Europe"

"""What is known of where an address is and who runs its network, read from one record of an address database.

Makers spell their records differently. Read are GeoLite2 and GeoIP2 (City, Country, ASN, Enterprise), DB-IP, IPinfo
(flat: `country`, `asn: AS15169`, `as_name`) and the public-domain builds (`country_code`, `autonomous_system_number`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Any

import polars as pl

Steps = tuple[str | int, ...]
"""A way through mappings and lists."""

GEO_COLUMNS: dict[str, pl.DataType] = {
    "source.geo.continent_code": pl.String(),
    "source.geo.country_iso_code": pl.String(),
    "source.geo.country_name": pl.String(),
    "source.geo.region_iso_code": pl.String(),
    "source.geo.region_name": pl.String(),
    "source.geo.city_name": pl.String(),
    "source.geo.location.lat": pl.Float64(),
    "source.geo.location.lon": pl.Float64(),
    "source.as.number": pl.Int64(),
    "source.as.organization.name": pl.String(),
}
"""The columns of a `GeoRecord`, in its order. `source.geo.location` is an ECS geo_point, which an object of lat and lon is."""


@dataclass(frozen=True, slots=True)
class GeoRecord:
    """What databases say of an address; None where they say nothing. `region_iso` is ISO 3166-2 (`US-CA`)."""

    continent: str | None = None
    country_iso: str | None = None
    country: str | None = None
    region_iso: str | None = None
    region: str | None = None
    city: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    asn: int | None = None
    as_org: str | None = None

    def values(self) -> tuple[Any, ...]:
        return astuple(self)

    def or_else(self, other: GeoRecord) -> GeoRecord:
        """With the other's word where this one has none."""
        return GeoRecord(
            *(
                value if value is not None else further
                for value, further in zip(self.values(), other.values(), strict=True)
            )
        )


def geo_record(record: Mapping[str, Any]) -> GeoRecord:
    """A database's record in one spelling. What has an unexpected type counts as not there."""
    country_iso = _country_iso(record)
    region = _first(record, "subdivisions", 0, "iso_code")
    return GeoRecord(
        continent=_text(record, ("continent", "code"), ("continent_code",)),
        country_iso=country_iso,
        country=_country_name(record),
        region_iso=f"{country_iso}-{region}" if country_iso and isinstance(region, str) else None,
        region=_text(record, ("subdivisions", 0, "names", "en"), ("region",), ("region_name",)),
        city=_text(record, ("city", "names", "en"), ("city",)),
        latitude=_number(record, ("location", "latitude"), ("latitude",), ("lat",)),
        longitude=_number(record, ("location", "longitude"), ("longitude",), ("lng",), ("lon",)),
        asn=_as_number(record),
        as_org=_text(
            record,
            ("autonomous_system_organization",),
            ("traits", "autonomous_system_organization"),
            ("as_name",),
            ("as_org",),
        ),
    )


def _first(record: Any, *path: str | int) -> Any:
    """The value at a path through mappings and lists, None if there is none."""
    for step in path:
        if isinstance(step, int):
            record = record[step] if isinstance(record, list) and len(record) > step else None
        else:
            record = record.get(step) if isinstance(record, dict) else None
    return record


def _text(record: Any, *paths: Steps) -> str | None:
    return next((found for path in paths if isinstance(found := _first(record, *path), str) and found), None)


def _number(record: Any, *paths: Steps) -> float | None:
    for path in paths:
        try:
            return float(_first(record, *path))
        except (TypeError, ValueError):
            continue
    return None


def _country_iso(record: Any) -> str | None:
    """IPinfo's `country` is a code in some files and a name in others."""
    found = _text(record, ("country", "iso_code"), ("country_code",), ("country",))
    return found.upper() if found and len(found) == 2 else None


def _country_name(record: Any) -> str | None:
    found = _text(record, ("country", "names", "en"), ("country_name",), ("country",))
    return found if found and len(found) > 2 else None


def _as_number(record: Any) -> int | None:
    for path in (("autonomous_system_number",), ("traits", "autonomous_system_number"), ("asn",)):
        found = _first(record, *path)
        digits = str(found).upper().removeprefix("AS")
        if digits.isdecimal():
            return int(digits)
    return None

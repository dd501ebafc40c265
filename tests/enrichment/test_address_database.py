from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from agent.enrichment.address_database import AddressDatabases, write_mmdb
from agent.enrichment.geo_record import GeoRecord, geo_record
from agent.errors import SettingsError
from tests.enrichment.geo_network import GeoNetwork

MUNICH = GeoRecord(
    country_iso="DE", country="Germany", region="Bavaria", city="Munich", latitude=48.1351, longitude=11.582,
    asn=64497, as_org="Example Europe",
)  # fmt: skip


def test_what_is_written_is_found(tmp_path: Path) -> None:
    """Addresses of both families are found in the networks written, and others are not."""
    path = tmp_path / "a.mmdb"
    write_mmdb(path, [GeoNetwork("22.40.8.0/24"), GeoNetwork("2a01:4ff0:22::/48", city="", region="")])
    readers = AddressDatabases([path]).readers()
    assert readers.record("22.40.8.77") == MUNICH
    assert readers.record("2a01:4ff0:22::5") == GeoRecord(
        country_iso="DE", country="Germany", latitude=48.1351, longitude=11.582, asn=64497, as_org="Example Europe"
    )
    assert readers.record("22.40.9.1") == GeoRecord()


def test_the_first_file_that_knows_a_thing_counts(tmp_path: Path) -> None:
    """A file of operators beside one of places: each adds what the other lacks."""
    write_mmdb(tmp_path / "place.mmdb", [GeoNetwork("22.40.8.0/24")])
    writer = MMDBWriter(4, "ASN")
    writer.insert_network(IPSet(["22.40.0.0/16"]), {"asn": "AS1234", "as_name": "Other", "country_code": "AT"})
    writer.to_db_file(str(tmp_path / "operator.mmdb"))
    readers = AddressDatabases([tmp_path / "operator.mmdb", tmp_path / "place.mmdb"]).readers()
    both = readers.record("22.40.8.1")
    assert (both.asn, both.as_org, both.country_iso, both.city) == (1234, "Other", "AT", "Munich")
    assert readers.record("2a01:4ff0:22::5") == GeoRecord(), "a file of IPv4 alone does not mind IPv6"


def test_a_replaced_file_is_opened_anew(tmp_path: Path) -> None:
    """The update of a database is seen at the next look, a broken one is not taken, a missing one changes nothing."""
    path, new = tmp_path / "a.mmdb", tmp_path / "new.mmdb"
    write_mmdb(path, [GeoNetwork("22.40.8.0/24")])
    databases = AddressDatabases([path])
    first = databases.readers()
    assert databases.readers() is first
    write_mmdb(new, [GeoNetwork("22.40.8.0/24", city="Augsburg")])
    new.replace(path)
    second = databases.readers()
    assert (first.record("22.40.8.1").city, second.record("22.40.8.1").city) == ("Munich", "Augsburg")
    new.write_bytes(b"half a download")
    new.replace(path)
    assert databases.readers() is second
    path.unlink()
    assert databases.readers() is second


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """The error names the setting and the file."""
    path = tmp_path / "a.mmdb"
    with pytest.raises(SettingsError, match=r"enrich\.databases: .*a\.mmdb"):
        AddressDatabases([path])
    path.write_bytes(b"not a database")
    with pytest.raises(SettingsError, match=r"enrich\.databases: .*a\.mmdb"):
        AddressDatabases([path])


RECORDS: dict[str, tuple[dict[str, Any], GeoRecord]] = {
    "GeoLite2 City": (
        {
            "continent": {"code": "NA", "names": {"en": "North America"}},
            "country": {"iso_code": "US", "names": {"de": "USA", "en": "United States"}},
            "subdivisions": [{"iso_code": "CA", "names": {"en": "California"}}],
            "city": {"names": {"en": "Oakland"}},
            "location": {"latitude": 37.8, "longitude": -122.3, "accuracy_radius": 20},
        },
        GeoRecord("NA", "US", "United States", "US-CA", "California", "Oakland", 37.8, -122.3),
    ),
    "GeoLite2 ASN": (
        {"autonomous_system_number": 64496, "autonomous_system_organization": "Example"},
        GeoRecord(asn=64496, as_org="Example"),
    ),
    "GeoIP2 Enterprise": (
        {"traits": {"autonomous_system_number": 64496, "autonomous_system_organization": "Example"}},
        GeoRecord(asn=64496, as_org="Example"),
    ),
    "IPinfo, country a code": (
        {"country": "US", "country_name": "United States", "continent": "NA", "asn": "AS64496", "as_name": "Example"},
        GeoRecord(country_iso="US", country="United States", asn=64496, as_org="Example"),
    ),
    "IPinfo, country a name": (
        {"country": "United States", "country_code": "US", "asn": "AS64496", "as_name": "Example"},
        GeoRecord(country_iso="US", country="United States", asn=64496, as_org="Example"),
    ),
    "IPinfo, places": (
        {"city": "Oakland", "region": "California", "country": "US", "lat": "37.8", "lng": "-122.3"},
        GeoRecord(country_iso="US", region="California", city="Oakland", latitude=37.8, longitude=-122.3),
    ),
    "public domain": ({"country_code": "us"}, GeoRecord(country_iso="US")),
    "nothing known": ({}, GeoRecord()),
    "another shape altogether": (
        {"country": 7, "city": [], "subdivisions": {}, "location": "?", "asn": None, "traits": None, "lat": {}},
        GeoRecord(),
    ),
}


@pytest.mark.parametrize("maker", RECORDS)
def test_every_makers_spelling_is_read(maker: str) -> None:
    """Records of the usual databases give the same columns; what is not as expected is not there."""
    record, place = RECORDS[maker]
    assert geo_record(record) == place

"""Address databases: MMDB files read side by side and opened anew when they are replaced; and how to make a small one."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import maxminddb
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from agent.enrichment.geo_record import GEO_COLUMNS, GeoRecord, geo_record
from agent.enrichment.lists.file_stamp import stamp_of
from agent.enrichment.lists.list_file import ListFiles
from agent.errors import SettingsError

LOOKED_AT = 10_000
"""Records that tell what a file knows: in the first thousands of GeoLite2's there are places of every kind."""


class AddressReaders:
    """Opened MMDB files; of each thing to know, the first file that knows it has its way.

    Never changed and safe for threads: a file that is replaced on disk stays open here as it was.
    """

    def __init__(self, readers: Sequence[maxminddb.Reader]) -> None:
        # Asked once: `metadata` makes a new object at each call.
        self._readers = [(reader, reader.metadata().ip_version == 4) for reader in readers]

    def names(self) -> frozenset[str]:
        """The columns of `geo_record.GEO_COLUMNS` that the files fill, going by the first records of each: a file for networks'
        operators, say, names no places.
        """
        found: set[str] = set()
        for reader, _ in self._readers:
            for _, record in islice(reader, LOOKED_AT):
                values = geo_record(record).values() if isinstance(record, dict) else ()
                found.update(name for name, value in zip(GEO_COLUMNS, values, strict=False) if value is not None)
        return frozenset(found)

    def record(self, address: str) -> GeoRecord:
        """`address`: valid, IPv4 or IPv6."""
        found = GeoRecord()
        for reader, only_ipv4 in self._readers:
            if only_ipv4 and ":" in address:
                continue
            raw = reader.get(address)
            if isinstance(raw, dict):
                found = found.or_else(geo_record(raw))
        return found


class AddressDatabases:
    """The MMDB files of the settings, each opened anew when it is replaced: once for all orgs. Safe for threads."""

    def __init__(self, paths: Sequence[Path], files: ListFiles | None = None) -> None:
        """`files`: reads them; unless given, a file that cannot be used raises SettingsError."""
        self._files = files or ListFiles(strict=True)
        self._lock = threading.Lock()
        self._stamps = {path: stamp_of(path) for path in paths}
        self._opened = {path: self._files.read(path, _open) for path in paths}
        self._readers = self._all_readers()

    def readers(self) -> AddressReaders:
        """The files as they are now: another object when one was replaced. A new version that cannot be used (yet) leaves
        the old one open. While one thread opens files, the others get those of before and wait for nothing.
        """
        if self._lock.acquire(blocking=False):
            try:
                self._open_replaced()
            finally:
                self._lock.release()
        return self._readers

    def _open_replaced(self) -> None:
        replaced = False
        for path, stamp in self._stamps.items():
            now = stamp_of(path)
            if now == stamp:
                continue
            self._stamps[path] = now
            before, self._opened[path] = self._opened[path], self._files.read(path, _open)
            replaced |= self._opened[path] is not before
        if replaced:
            self._readers = self._all_readers()

    def _all_readers(self) -> AddressReaders:
        return AddressReaders([reader for reader in self._opened.values() if reader is not None])


def _open(path: Path) -> maxminddb.Reader:
    try:
        return maxminddb.open_database(path)
    except (OSError, maxminddb.InvalidDatabaseError) as error:
        raise SettingsError(
            f"enrich.databases: {path} cannot be used ({error})", hint="name a readable MMDB file"
        ) from error


class NetworkRecord(Protocol):
    """A network, where it is and who runs it, as `write_mmdb` takes it. `region` and `city` may be empty."""

    @property
    def cidr(self) -> str: ...
    @property
    def country_iso(self) -> str: ...
    @property
    def country(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def city(self) -> str: ...
    @property
    def latitude(self) -> float: ...
    @property
    def longitude(self) -> float: ...
    @property
    def asn(self) -> int: ...
    @property
    def as_org(self) -> str: ...


def write_mmdb(path: Path, networks: Iterable[NetworkRecord]) -> None:
    """Make a small address database, in the spelling of GeoLite2 (City and ASN in one)."""
    writer = MMDBWriter(
        6, "Leakline-City-ASN", languages=["en"], description="Networks of a simulation", ipv4_compatible=True
    )
    for network in networks:
        writer.insert_network(IPSet([network.cidr]), _record(network))
    writer.to_db_file(str(path))


def _record(network: NetworkRecord) -> dict[str, Any]:
    record: dict[str, Any] = {
        "country": {"iso_code": network.country_iso, "names": {"en": network.country}},
        "location": {"latitude": network.latitude, "longitude": network.longitude},
        "autonomous_system_number": network.asn,
        "autonomous_system_organization": network.as_org,
    }
    if network.region:
        record["subdivisions"] = [{"names": {"en": network.region}}]
    if network.city:
        record["city"] = {"names": {"en": network.city}}
    return record

"""What an address tells: public or private, where, whose, and whether it is in a network that settings name.

Columns: `leakline.ip_kind`, those of `geo_record.GEO_COLUMNS` if there is a database, `leakline.ip_corp` and
`leakline.ip_anonymizer` (`Boolean`) if their networks are named. A column that nothing is configured for is absent, so
that no rule takes "not known" for "no".
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Any

import polars as pl

from agent.enrichment.address_database import AddressDatabases
from agent.enrichment.geo_record import GEO_COLUMNS, GeoRecord
from agent.enrichment.lookup_cache import LookupCache
from agent.enrichment.network_set import IpAddress, NetworkSet

KIND = "leakline.ip_kind"
CORPORATE = "leakline.ip_corp"
ANONYMIZER = "leakline.ip_anonymizer"

_PRIVATE = NetworkSet(
    ip_network(cidr)
    # RFC 1918, RFC 6598 (carriers' own), RFC 3927 and RFC 4291 (link-local), RFC 4193.
    for cidr in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "fe80::/10",
        "fc00::/7",
    )
)


def kind_and_address(text: str) -> tuple[str | None, IpAddress | None]:
    """What kind of address a text is, and the address if it is one.

    `public`, `private`, `reserved` (never between sites: loopback, documentation, multicast …), `salesforce` for the text
    `Salesforce.com IP` that Salesforce writes for itself, None for any other text.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return ("salesforce" if text.strip().lower().startswith("salesforce") else None), None
    mapped = getattr(address, "ipv4_mapped", None) or address
    if mapped in _PRIVATE:
        return "private", mapped
    return ("public" if mapped.is_global and not mapped.is_multicast else "reserved"), mapped


class AddressColumns:
    """Columns for a column of addresses of one org."""

    def __init__(
        self,
        databases: AddressDatabases | None,
        corporate: NetworkSet | None,
        anonymizers: tuple[NetworkSet, frozenset[int]] | None,
    ) -> None:
        """`anonymizers`: networks, and the numbers of autonomous systems that are nothing else."""
        self._databases = databases
        self._readers = databases.readers() if databases else None
        self._corporate = corporate
        self._anonymizers = anonymizers
        schema: dict[str, pl.DataType] = {KIND: pl.String(), **(GEO_COLUMNS if databases else {})}
        schema |= {CORPORATE: pl.Boolean()} if corporate else {}
        schema |= {ANONYMIZER: pl.Boolean()} if anonymizers else {}
        self._cache = LookupCache(schema, self._rows)

    def columns(self, addresses: pl.Series, only: Sequence[str] | None = None) -> dict[str, pl.Series]:
        """`addresses`: `String`, as logged. Columns by name, row for row beside it; of all or `only` of these names."""
        readers = self._databases.readers() if self._databases is not None else None
        if readers is not self._readers:
            self._readers = readers
            self._cache.forget()
        return self._cache.columns(addresses, only)

    def _rows(self, texts: Sequence[str]) -> dict[str, tuple[Any, ...]]:
        return {text: self._row(text) for text in texts}

    def _row(self, text: str) -> tuple[Any, ...]:
        kind, address = kind_and_address(text)
        record = self._readers.record(str(address)) if self._readers and kind == "public" else GeoRecord()
        row: list[Any] = [kind, *(record.values() if self._readers else ())]
        if self._corporate:
            row.append(address in self._corporate if address else None)
        if self._anonymizers:
            row.append(self._is_anonymizer(address, record.asn, self._anonymizers) if address else None)
        return tuple(row)

    @staticmethod
    def _is_anonymizer(
        address: IpAddress, asn: int | None, anonymizers: tuple[NetworkSet, frozenset[int]]
    ) -> bool | None:
        networks, numbers = anonymizers
        if address in networks:
            return True
        return asn in numbers if asn is not None or not numbers else None

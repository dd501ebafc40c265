"""Telling addresses from other text in a column of addresses (`Salesforce.com IP`, lists, noise)."""

from __future__ import annotations

import ipaddress
import re
from contextlib import suppress

import polars as pl

from agent.normalize.distinct import only_where, per_distinct

_OCTET = r"(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_BETWEEN = re.compile(r"[\s,;]+")
LONGEST_LIST = 4_000
"""Characters of a cell with several addresses that are looked at."""
MOST_ADDRESSES = 20
_IPV4 = rf"^{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}$"


def split_addresses(column: pl.Series) -> tuple[pl.Series, pl.Series | None]:
    """Two `String` series: valid IPv4 and IPv6 addresses as they are spelled, and the cells that are none.

    The second is None when every cell is an address or null.
    """
    values = column.unique().drop_nulls()
    doubtful = values.filter(~values.str.contains(_IPV4))
    other = [text for text in doubtful if not _is_ipv6(text)]
    if not other:
        return column, None
    is_other = column.is_in(other).fill_null(False)
    return only_where(column, ~is_other), only_where(column, is_other)


def every_address(column: pl.Series) -> pl.Series:
    """`List(String)`: all addresses of a cell such as an X-Forwarded-For header, each once in its order, at most
    `MOST_ADDRESSES`; null where there is none.
    """
    return per_distinct(
        column, lambda values: pl.Series([_addresses(text) or None for text in values], dtype=pl.List(pl.String))
    )


def _addresses(text: str) -> list[str]:
    found: dict[str, None] = {}
    for word in _BETWEEN.split(text[:LONGEST_LIST]):
        with suppress(ValueError):
            address = ipaddress.ip_address(_bare(word))
            found[str(getattr(address, "ipv4_mapped", None) or address)] = None
    return list(found)[:MOST_ADDRESSES]


def _bare(word: str) -> str:
    """Without port and brackets, quotes and the `for=` of RFC 7239."""
    word = word.removeprefix("for=").strip('"')
    if word.startswith("["):
        return word[1:].partition("]")[0]
    host, _, port = word.partition(":")
    return host if port.isdigit() and "." in host else word


def _is_ipv6(text: str) -> bool:
    """A zone (`fe80::1%eth0`) means nothing elsewhere, and index fields of type `ip` refuse it."""
    try:
        return "%" not in text and bool(ipaddress.IPv6Address(text))
    except ValueError:
        return False

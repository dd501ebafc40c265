"""Telling addresses from other text in a column of addresses (`Salesforce.com IP`, lists, noise)."""

from __future__ import annotations

import ipaddress

import polars as pl

from agent.normalize.distinct import only_where

_OCTET = r"(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
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


def _is_ipv6(text: str) -> bool:
    """A zone (`fe80::1%eth0`) means nothing elsewhere, and index fields of type `ip` refuse it."""
    try:
        return "%" not in text and bool(ipaddress.IPv6Address(text))
    except ValueError:
        return False

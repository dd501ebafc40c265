"""Addresses in columns, as digits that compare like numbers."""

from __future__ import annotations

from ipaddress import IPv6Address

import polars as pl

_IPV4 = r"^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$"
_OCTETS = {str(octet): f"{octet:02x}" for octet in range(256)}


def digits(texts: pl.Series) -> pl.Series:
    """`String` to `4` and 8 hexadecimal digits or `6` and 32 of them; null for what is no address.

    Octets with leading zeros are no addresses (RFC 6943 section 3.1.1 tells why).
    """
    four = _ipv4(texts)
    if not texts.str.contains(":", literal=True).any():
        return four
    return four.zip_with(four.is_not_null(), texts.map_elements(_ipv6, return_dtype=pl.String))


def _ipv4(texts: pl.Series) -> pl.Series:
    """`4` and the octets as 8 hexadecimal digits (`String`); null for what is not IPv4."""
    octets = texts.to_frame("text").select(pl.col("text").str.extract_groups(_IPV4)).unnest("text")
    digits = [pl.col(name).replace_strict(_OCTETS, default=None, return_dtype=pl.String) for name in octets.columns]
    return octets.select(pl.concat_str([pl.lit("4"), *digits])).to_series()


def _ipv6(text: str) -> str | None:
    try:
        return "6" + IPv6Address(text).packed.hex()
    except ValueError:
        return None

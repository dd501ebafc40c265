"""Addresses in columns, as digits that compare like numbers."""

from __future__ import annotations

from ipaddress import IPv6Address

import polars as pl

_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
IPV4 = "^" + r"\.".join([_OCTET] * 4) + "$"
"""A regular expression with a group for each octet."""
_HEXADECIMAL = pl.Series([f"{octet:02x}" for octet in range(256)])


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
    octets = texts.to_frame("text").select(pl.col("text").str.extract_groups(IPV4)).unnest("text")
    digits = [_HEXADECIMAL[octet.cast(pl.UInt32)] for octet in octets.iter_columns()]
    return pl.select(pl.concat_str([pl.lit("4"), *digits])).to_series()


def _ipv6(text: str) -> str | None:
    try:
        return "6" + IPv6Address(text).packed.hex()
    except ValueError:
        return None

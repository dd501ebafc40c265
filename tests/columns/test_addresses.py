from __future__ import annotations

import ipaddress

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.columns.addresses import MOST_ADDRESSES, every_address, network_of, plain_address, split_addresses

ADDRESSES = st.ip_addresses()
CELL = st.one_of(
    st.none(),
    ADDRESSES.map(str),
    st.text('0123456789.:abf%[] \t"', max_size=16),
    st.sampled_from(
        ["Salesforce.com IP", "10.0.0.256", "010.0.0.1", "1.2.3", "::ffff:1.2.3.4", "fe80::1%eth0", " ", "\u00a0"]
    ),
)


@given(st.lists(CELL))
def test_each_cell_goes_one_way(cells: list[str | None]) -> None:
    """A cell is an address in its one form, or other text as it came; a blank cell is neither."""
    address, other = split_addresses(pl.Series(cells, dtype=pl.String))
    texts = other.to_list() if other is not None else [None] * len(cells)
    for cell, found, text in zip(cells, address, texts, strict=True):
        assert found == (plain_address(cell) if cell is not None else None)
        assert text == (cell if found is None and cell is not None and cell.strip() else None)


@given(st.lists(CELL))
def test_addresses_are_what_an_index_takes(cells: list[str | None]) -> None:
    """Whatever counts as an address is one to Python's parser, without a zone, and stays as it is when read again."""
    for found in split_addresses(pl.Series(cells, dtype=pl.String))[0].drop_nulls():
        assert "%" not in found
        assert plain_address(str(ipaddress.ip_address(found))) == found


def spellings(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> list[str]:
    if isinstance(address, ipaddress.IPv4Address):
        mapped = f"::ffff:{address}"
        return [
            str(address),
            f"{address}:443",
            mapped,
            mapped.upper(),
            f"[{mapped}]:80",
            f" {address}\t",
            f'"{address}"',
        ]
    text = str(address)
    return [text, text.upper(), address.exploded, f"[{text}]", f"[{text}]:8443", f"{text}%eth0", f"[{text}%25eth0]:443"]


@given(ADDRESSES)
def test_every_spelling_is_one_address(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    """Case, leading zeros, brackets, ports, zones and IPv4 inside of IPv6 make no other address."""
    forms = {plain_address(text) for text in spellings(address)}
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    assert forms == {str(mapped or address)}


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("2001:0DB8:0000:0000:0008:0800:200C:417A", "2001:db8::8:800:200c:417a"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("::FFFF:c000:0201", "192.0.2.1"),
        ("192.0.2.1:5678", "192.0.2.1"),
        ("192.0.2.1:70000", None),
        ("192.0.2.01", None),
        ("[192.0.2.1", None),
        ("2001:db8::1]:443", None),
        ("1.2.3.4, 5.6.7.8", None),
        ("%eth0", None),
    ],
)
def test_the_form_is_that_of_rfc_5952(text: str, form: str | None) -> None:
    """Its examples, and texts that are no address."""
    assert plain_address(text) == form


@pytest.mark.parametrize("fakes", [25, 199, 5_000])
def test_padding_does_not_push_an_address_out(fakes: int) -> None:
    """Of a long list the first and the last addresses are kept: proxies add what they saw at its end."""
    cell = ", ".join([*(f"1.{n >> 8}.{n & 255}.9" for n in range(fakes)), "203.0.113.7"])
    found = every_address(pl.Series([cell]))[0].to_list()
    assert (found[0], found[-1], len(found)) == ("1.0.0.9", "203.0.113.7", MOST_ADDRESSES)


def test_words_that_are_cut_are_no_addresses() -> None:
    """Where a cell is too long to be looked at whole."""
    cell = ",".join(["198.51.100.123"] * 1_000)
    assert every_address(pl.Series([cell]))[0].to_list() == ["198.51.100.123"]


def test_the_network_of_an_address() -> None:
    """An IPv4 address is one subscriber; of IPv6 a subscriber has a /64, however it is spelled."""
    cells = [
        "192.0.2.7",
        "2001:DB8:1:2:3::4",
        "[2001:db8:1:2::9]:443",
        "fe80::1%eth0",
        "::ffff:192.0.2.7",
        "Salesforce.com IP",
        None,
    ]
    assert network_of(pl.Series(cells)).to_list() == [
        "192.0.2.7", "2001:db8:1:2::/64", "2001:db8:1:2::/64", "fe80::/64", "192.0.2.7", None, None,
    ]  # fmt: skip

from __future__ import annotations

import ipaddress

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from agent.normalize.ip_text import split_addresses

CELL = st.one_of(
    st.none(),
    st.ip_addresses().map(str),
    st.text("0123456789.:abf%", max_size=16),
    st.sampled_from(
        ["Salesforce.com IP", "10.0.0.256", "010.0.0.1", "1.2.3", "::ffff:1.2.3.4", "fe80::1%eth0", "FE80::A"]
    ),
)


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text


@given(st.lists(CELL))
def test_each_cell_goes_one_way(cells: list[str | None]) -> None:
    """A cell is an address as Python's own parser sees it, or other text, and neither is changed."""
    address, other = split_addresses(pl.Series(cells, dtype=pl.String))
    assert address.to_list() == [cell if cell is not None and is_address(cell) else None for cell in cells]
    rest = [cell if cell is not None and not is_address(cell) else None for cell in cells]
    assert (other.to_list() if other is not None else [None] * len(cells)) == rest

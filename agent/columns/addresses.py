"""Telling addresses from other text in a column of addresses (`Salesforce.com IP`, lists, noise), in one spelling.

One address has one form, or lists, groups and baselines would take it for several: IPv6 as RFC 5952 writes it, an IPv4
address inside of one (`::ffff:192.0.2.1`) as IPv4, without brackets, port and zone (`[fe80::1%eth0]:443`). An IPv4
address with leading zeros (`010.0.0.1`) is left as other text, for programs do not agree on which address it is.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from functools import lru_cache

import polars as pl

from agent.columns.address_digits import IPV4
from agent.columns.distinct import only_where, per_text
from agent.columns.small import SMALL
from agent.columns.string_buffer import has_any

_FORM = re.compile(
    r"(?:\[(?P<bracketed>[0-9A-Fa-f:.]+)(?:%[^\]]*)?\]|(?P<four>[0-9.]+)(?=:[0-9]{1,5}$|$)|(?P<six>[0-9A-Fa-f:.]+)(?:%.*)?$)"
    r"(?::(?P<port>[0-9]{1,5}))?"
)
_BETWEEN = re.compile(r"[\s,;]+")
_FOR = re.compile(r"^for=", re.IGNORECASE)
"""Of RFC 7239."""
LONGEST_LIST = 4_000
"""Characters of a cell with several addresses that are looked at, half of them at its end."""
MOST_ADDRESSES = 20
_MOST_WORDS = 200
"""Words of a cell that are looked at from either end."""
_CACHED = 50_000
"""Texts of which the form is remembered: one address is in several columns, and in one batch after the other."""
_LONGEST = 100
"""Characters: the longest spelling of an address has 45, and a zone and a port are short."""


def split_addresses(column: pl.Series) -> tuple[pl.Series, pl.Series | None]:
    """Two `String` series: valid IPv4 and IPv6 addresses in their one form, and the cells that are none.

    The second is None when every cell is an address or null. A blank cell is null in both.
    """
    if column.len() <= SMALL:
        return _split_few(column)
    values = column.unique().drop_nulls()
    doubtful = values.filter(~values.str.contains(IPV4)).to_list()
    forms = {text: plain_address(text) for text in doubtful}
    if all(form == text for text, form in forms.items()):
        return column, None
    respelt = {text: form for text, form in forms.items() if form is not None and form != text}
    addresses = column.replace(list(respelt), list(respelt.values())) if respelt else column
    blank = [text for text, form in forms.items() if form is None and not text.strip()]
    other = [text for text, form in forms.items() if form is None and text.strip()]
    if not other and not blank:
        return addresses, None
    addresses = only_where(addresses, ~column.is_in([*other, *blank]).fill_null(False))
    return addresses, only_where(column, column.is_in(other).fill_null(False)) if other else None


def _split_few(column: pl.Series) -> tuple[pl.Series, pl.Series | None]:
    """As `split_addresses`, for a small column."""
    cells = column.to_list()
    forms = [plain_address(cell) if cell is not None else None for cell in cells]
    if forms == cells:
        return column, None
    other = [
        cell if form is None and cell is not None and cell.strip() else None
        for form, cell in zip(forms, cells, strict=True)
    ]
    addresses = pl.Series(column.name, forms, dtype=pl.String)
    return addresses, pl.Series(column.name, other, dtype=pl.String) if any(other) else None


def every_address(column: pl.Series) -> pl.Series:
    """`List(String)`: the addresses of a cell such as an X-Forwarded-For header, each once in its order, of more than
    `MOST_ADDRESSES` the first and the last; null where there is none.
    """
    return per_text(column, lambda text: _addresses(text) or None, pl.List(pl.String))


def _addresses(text: str) -> list[str]:
    if len(text) > LONGEST_LIST:  # without the words that are cut
        half = LONGEST_LIST // 2
        words = [*_BETWEEN.split(text[:half])[:-1], *_BETWEEN.split(text[-half:])[1:]]
    else:
        words = _BETWEEN.split(text)
    first = _distinct(words[:_MOST_WORDS])
    last = _distinct(words[:-_MOST_WORDS:-1])
    # The sender writes what he likes in front; what proxies saw, they add behind it.
    return list(dict.fromkeys([*first, *reversed(last)]))


def _distinct(words: Iterable[str]) -> list[str]:
    """At most half of the addresses that are kept, as soon as they are found."""
    found = (address for word in words if (address := plain_address(_FOR.sub("", word))) is not None)
    distinct: dict[str, None] = {}
    for address in found:
        distinct[address] = None
        if len(distinct) >= MOST_ADDRESSES // 2:
            break
    return list(distinct)


def network_of(column: pl.Series) -> pl.Series:
    """`String`: an IPv4 address as it is, of an IPv6 address its /64 network (`2001:db8:1:2::/64`), whose addresses are
    all one subscriber's, who changes them as he likes; null for other text.
    """
    addresses = split_addresses(column)[0]
    # An IPv4 address is its own network.
    return per_text(addresses, _network_of, pl.String) if has_any(addresses, ":") else addresses


def _network_of(address: str) -> str:
    return str(ipaddress.ip_network((address.partition("%")[0], 64), strict=False)) if ":" in address else address


def plain_address(text: str) -> str | None:
    """The one form of the address that a text is; None for any other text."""
    return _plain_address(text) if len(text) <= _LONGEST else None


@lru_cache(maxsize=_CACHED)
def _plain_address(text: str) -> str | None:
    found = _FORM.fullmatch(text.strip().strip('"'))
    if found is None or int(found["port"] or 0) > 65_535:
        return None
    try:
        address = ipaddress.ip_address(found["bracketed"] or found["four"] or found["six"])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)

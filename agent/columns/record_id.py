"""Salesforce record ids: 15 characters that depend on case, or 18 that do not.

The three characters more are a checksum over the case of the first 15: these are split into three groups of five, bit
i of a group is set when its character i is an upper-case letter, and the group's number stands as one of `A`–`Z0`–`5`.
All series here are `String`.
"""

from __future__ import annotations

import polars as pl

from agent.columns.ascii_block import block, from_block
from agent.columns.distinct import per_distinct, per_text
from agent.columns.small import SMALL

SHORT = 15
LONG = 18

_SHORT_ID = r"^[A-Za-z0-9]{15}$"
_LONG_ID = r"^[A-Za-z0-9]{18}$"
_IS_UPPER = bytes(0x41 <= code <= 0x5A for code in range(256))
_UPPER_BITS = bytes(ord("1") if 0x41 <= code <= 0x5A else ord("0") for code in range(256))
_SUFFIXES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_LETTERS = _SUFFIXES.encode().ljust(256)


def suffix(ids: pl.Series) -> pl.Series:
    """The three characters that belong behind the first 15 of each id.

    `ids`: all of 15 characters or all of 18, letters and digits; ValueError otherwise.
    """
    width = LONG if ids.len() and len(ids[0]) == LONG else SHORT
    content = block(ids, width)
    if content is None:
        raise ValueError("not a column of record ids of one length")
    upper = content.translate(_IS_UPPER)
    letters = bytearray(3 * ids.len())
    for group in range(3):
        # One byte a row; as whole numbers, five of them are shifted and joined for all rows at once.
        bits = 0
        for place in range(5):
            bits |= int.from_bytes(upper[5 * group + place :: width], "little") << place
        letters[group::3] = bits.to_bytes(ids.len(), "little").translate(_LETTERS)
    return from_block(letters, 3, ids.len()).alias(ids.name)


def to_long(ids: pl.Series) -> pl.Series:
    """Ids of 15 characters in their 18-character form; any other text as it is."""
    if ids.len() <= SMALL:
        return per_text(ids, long_form, pl.String)
    return per_distinct(ids, _to_long)


def long_form(text: str) -> str:
    """As `to_long`, of one text."""
    return text + _suffix_of(text) if len(text) == SHORT and text.isalnum() and text.isascii() else text


def _suffix_of(text: str) -> str:
    """As `suffix`, of one id of 15 or 18 characters, letters and digits."""
    upper = text.encode().translate(_UPPER_BITS)
    # The first character of a group is the lowest bit, so its digits are read from behind.
    return "".join(_SUFFIXES[int(upper[start : start + 5][::-1], 2)] for start in (0, 5, 10))


def _to_long(values: pl.Series) -> pl.Series:
    """`values`: `String`, distinct and without nulls."""
    short = values.str.contains(_SHORT_ID)
    if short.all():
        return values + suffix(values)
    places = short.arg_true()
    ids = values.gather(places)
    return values.clone().scatter(places, ids + suffix(ids)) if ids.len() else values


def to_short(ids: pl.Series) -> pl.Series:
    """Ids of 18 characters cut to 15; any other text as it is."""
    if ids.len() <= SMALL:
        short = (cell[:SHORT] if cell is not None and len(cell) == LONG else cell for cell in ids.to_list())
        return pl.Series(ids.name, list(short), dtype=pl.String)
    return ids.zip_with((ids.str.len_chars() != LONG).fill_null(True), ids.str.head(SHORT))


def wrong_suffix(ids: pl.Series) -> pl.Series:
    """`Boolean`: ids of 18 characters whose last three do not belong to the first 15 (an anonymised sample, a typo)."""
    if ids.len() <= SMALL:
        return pl.Series(ids.name, [cell is not None and _is_wrong(cell) for cell in ids.to_list()], dtype=pl.Boolean)
    values = ids.unique().drop_nulls()
    long = values.filter(values.str.contains(_LONG_ID))
    wrong = long.filter(long.str.tail(3) != suffix(long))
    if wrong.len() == 0:
        return pl.Series(ids.name, [False]).new_from_index(0, ids.len())
    return ids.is_in(wrong.implode()).fill_null(False)


def _is_wrong(text: str) -> bool:
    return len(text) == LONG and text.isalnum() and text.isascii() and text[SHORT:] != _suffix_of(text)

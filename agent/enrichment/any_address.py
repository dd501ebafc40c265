"""What lists of bad addresses say of any address of a row, those that its sender wrote (forwarded-for) included.

Column: `leakline.any_ip_anonymizer` (`Boolean`). Rules that alert ask for it; those that leave rows out ask for
`leakline.ip_anonymizer`, which is about the address that Salesforce saw: nobody frees a row by what he writes into it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import polars as pl

from agent.columns.known_columns import or_else
from agent.columns.row_values import RowValues
from agent.enrichment.address import ANONYMIZER, AddressColumns

ANY_ANONYMIZER = "leakline.any_ip_anonymizer"

_NUMBER = "source.as.number"


class AnyAddress:
    """Looked up once for a batch."""

    def __init__(self, addresses: AddressColumns, given: Sequence[RowValues]) -> None:
        """`given`: one or more columns of addresses as logged, each of which may have several in a row."""
        self._given = given
        self._found = [addresses.columns(column.values, only=(ANONYMIZER, _NUMBER)) for column in given]

    def anonymizer(self) -> dict[str, pl.Series]:
        """True where an address is in a list, false where all that are known are in none, else null."""
        flags = [
            column.any_of(found[ANONYMIZER])
            for column, found in zip(self._given, self._found, strict=True)
            if ANONYMIZER in found
        ]
        return {ANY_ANONYMIZER: reduce(_either, flags).alias(ANY_ANONYMIZER)} if flags else {}

    def numbers(self) -> list[RowValues]:
        """The AS numbers of the addresses, as far as any is known."""
        return [
            column.looked_up(found[_NUMBER].cast(pl.String))
            for column, found in zip(self._given, self._found, strict=True)
            if _NUMBER in found
        ]


def _either(flags: pl.Series, further: pl.Series) -> pl.Series:
    """True where one is, null where both are."""
    return or_else(flags, further) | or_else(further, flags)

"""What lists of bad addresses say of any address of a row, those that its sender wrote (forwarded-for) included.

Column: `leakline.any_ip_anonymizer` (`Boolean`). Rules that alert ask for it; those that leave rows out ask for
`leakline.ip_anonymizer`, which is about the address that Salesforce saw: nobody frees a row by what he writes into it.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from agent.columns.row_values import ROW, VALUE, beside, values_by_row
from agent.enrichment.address import ANONYMIZER, AddressColumns

ANY_ANONYMIZER = "leakline.any_ip_anonymizer"

_NUMBER = "source.as.number"


class AnyAddress:
    """Looked up once for a batch."""

    def __init__(self, addresses: AddressColumns, columns: Sequence[pl.Series], height: int) -> None:
        """`columns`: one or more, `String` or `List(String)`, of addresses as logged."""
        self._height = height
        self._found = pl.concat([_looked_up(addresses, column) for column in columns], how="diagonal")

    def anonymizer(self) -> dict[str, pl.Series]:
        """True where an address is in a list, false where all that are known are in none, else null."""
        if ANONYMIZER not in self._found.columns:
            return {}
        by_row = self._found.drop_nulls(ANONYMIZER).group_by(ROW).agg(pl.col(ANONYMIZER).any())
        return {ANY_ANONYMIZER: beside(self._height, by_row)[ANONYMIZER].alias(ANY_ANONYMIZER)}

    def numbers(self) -> list[pl.Series]:
        """The AS numbers of each row's addresses (`List(String)`), if any is known."""
        if _NUMBER not in self._found.columns:
            return []
        by_row = self._found.drop_nulls(_NUMBER).group_by(ROW).agg(pl.col(_NUMBER).cast(pl.String))
        return [beside(self._height, by_row)[_NUMBER]]


def _looked_up(addresses: AddressColumns, column: pl.Series) -> pl.DataFrame:
    """`row` and what is known of an address there: a line for each one in the column (`String` or `List(String)`)."""
    values = values_by_row(column)
    found = addresses.columns(values[VALUE])
    return pl.DataFrame([values[ROW], *(found[name] for name in (ANONYMIZER, _NUMBER) if name in found)])

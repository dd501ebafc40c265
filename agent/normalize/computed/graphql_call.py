"""How many records a GraphQL query asks for: the pages of all its parts, for one query may have many under aliases."""

from __future__ import annotations

import polars as pl

from agent.columns.distinct import only_where, per_distinct

LARGEST_PAGE = 2_000
"""Records that one part of a query gets at most; a larger number gives an error or this many."""

LONGEST = 20_000
"""Characters of a query that are looked at."""

_BETWEEN = r"(?:[\s,\x{FEFF}]|#[^\r\n]*[\r\n])*"
"""What may stand between two words of GraphQL: blanks, commas and comments."""

_PAGE = rf"\b(?:first|upperBound){_BETWEEN}:{_BETWEEN}"
_DEFAULT = rf"\$\w+{_BETWEEN}:{_BETWEEN}Int{_BETWEEN}(?:!{_BETWEEN})?={_BETWEEN}[0-9]+"
_LAST_NUMBER = r"([0-9]{1,9})[0-9]*$"
_MOST_VARIABLES = 1_000
"""Parts of one query whose number is a variable, that are looked at."""

_NUMBER_OF_VARIABLE = r":\s*([0-9]{3,4})\b"
"""In quotes it is text, such as a cursor, and GraphQL refuses it as a number."""


def rows_asked(queries: pl.Series) -> pl.Series:
    """Queries (`String`) to the records asked for (`Int64`): all `first` and `upperBound`, defaults of variables included.

    Null where there is none. A page within a page counts once, though it is asked for once per record of the outer one.
    """
    return per_distinct(queries.str.head(LONGEST), _rows)


def rows_in_variables(variables: pl.Series) -> pl.Series:
    """Variables of a query, as JSON (`String`), to the largest number in them that can be a page of a hundred or more."""
    numbers = variables.str.head(LONGEST).str.extract_all(_NUMBER_OF_VARIABLE)
    pages = numbers.list.eval(pl.element().str.extract(r"([0-9]+)$").cast(pl.Int64))
    largest = pages.list.eval(pl.element().filter(pl.element().is_between(100, LARGEST_PAGE))).list.max()
    return largest.cast(pl.Int64)


def _rows(queries: pl.Series) -> pl.Series:
    """Distinct queries (`String`, no nulls) to the records asked for (`Int64`)."""
    written = (
        _numbers(queries.str.extract_all(_PAGE + "[0-9]+")).list.eval(pl.element().clip(upper_bound=LARGEST_PAGE)).list
    )
    rows = only_where(written.sum().cast(pl.Int64), written.len() > 0)
    has_default = queries.str.contains(_DEFAULT)
    if not has_default.any():
        return rows
    with_default = queries.filter(has_default)
    names = with_default.str.extract_all(_PAGE + r"\$\w+").list.eval(pl.element().str.extract(r"\$(\w+)$"))
    defaults = with_default.str.extract_all(_DEFAULT)
    variables = defaults.list.eval(pl.element().str.extract(r"^\$(\w+)"))
    parts = zip(names, variables, _numbers(defaults), strict=True)
    by_default = pl.Series([_by_default(*part) for part in parts], dtype=pl.Int64)
    places = has_default.arg_true()
    total = rows.gather(places).fill_null(0) + by_default
    return rows.scatter(places, only_where(total, total > 0))


def _numbers(matches: pl.Series) -> pl.Series:
    """Texts that end with a number (`List(String)`) to these numbers (`List(Int64)`)."""
    return matches.list.eval(pl.element().str.extract(_LAST_NUMBER).cast(pl.Int64))


def _by_default(names: pl.Series, defaults: pl.Series, numbers: pl.Series) -> int:
    """Of one query: the pages whose number is a variable, by the default that the variable has."""
    known = dict(zip(defaults.head(_MOST_VARIABLES), numbers.head(_MOST_VARIABLES), strict=True))
    return sum(min(known.get(name, 0), LARGEST_PAGE) for name in names.head(_MOST_VARIABLES))

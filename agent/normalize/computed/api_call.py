"""What an API call is about, in one spelling: the resource it went to, the method that counts, the bulk job it names.

Whoever calls chooses how the path is written (`/services/DATA/v62.0//%71uery?q=…`), and Salesforce takes many spellings
for the same. Rules look at these instead of the path as it came.
"""

from __future__ import annotations

import posixpath
from urllib.parse import unquote, unquote_plus

import polars as pl

from agent.columns.distinct import all_null, only_where, per_distinct
from agent.columns.known_columns import or_else
from agent.columns.record_id import to_long
from agent.columns.small import SMALL, few_plain
from agent.columns.string_buffer import has_any

ROOT = "/"
"""The resource of a path that ends with the version: the list of all resources."""

LONGEST = 2_000
"""Characters of a path, without repeated slashes; no resource has a name as long, so a longer path is none we know."""

_DECODINGS = 3
"""How often percent signs are decoded at most: a proxy on the way may have encoded once more."""

_PREFIX = r"(?i)^(?:[^?]*?/services(?:/data\b)?(?:/|$))?/?(?:v[0-9]+(?:\.[0-9]+)?(?:/|$))?"
_PLAIN = r"^/services/data/v[0-9][0-9]\.[0-9]/[^/]"
_ODD = '%;:." \t'
"""Characters of which a path needs none behind its version."""
_ASYNC_VERSION = r"(?i)^async/v?[0-9]+(?:\.[0-9]+)?/"
_JOB = r"(?i)(?:^|/)(?:jobs/(?:query|ingest)|async/job)/([a-z0-9]{15,18})(?:/|$)"
_SLASHES = r"(?i)(?:/|%2f)(?:(?:\.|%2e)?(?:/|%2f))+"
_LARGEST = 2**53
"""Whole numbers below it have a `Float64` each."""
_OVERRIDING = ("GET", "PATCH", "PUT", "DELETE")
"""Methods that a POST may stand for."""


def _parameter(name: str) -> str:
    """A pattern for the value of this parameter in a URL, with any character of its name percent-encoded."""
    letters = "".join(f"(?:{letter}|%(?i:{ord(letter):02x}))" for letter in name)
    return rf"[?&]{letters}=([^&#\s]*)"


_OVERRIDE = _parameter("_HttpMethod")
_OVERRIDE_IN_ANY_CASE = f"(?i){_OVERRIDE}"


def resource(cells: pl.Series) -> pl.Series:
    """Paths and URLs (`String`) to what lies below `/services/data/vXX.X/`, in lower case: `query`, `sobjects/account`.

    Host, version, query, doubled slashes, dot segments and percent signs are taken away. What lies elsewhere begins
    below `/services`: `apexrest/orders`, `async/job`. A SOAP method, which has no path, is itself.
    """
    return _path(cells).str.to_lowercase()


def method_override(cells: pl.Series) -> pl.Series:
    """The method, in upper case, that `_HttpMethod=` in a URL puts in place of a POST; null where there is none.

    The first parameter of that name counts, and only methods that a record or a job knows: `HEAD` would stop nothing.
    """
    if not (_has(cells, "=") or _has(cells, "%")):
        return all_null(cells.len())
    value = cells.str.extract(_OVERRIDE).fill_null(cells.str.extract(_OVERRIDE_IN_ANY_CASE)).str.head(100)
    if value.null_count() == value.len():
        return value
    named = per_distinct(value, lambda texts: pl.Series([unquote_plus(text) for text in texts], dtype=pl.String))
    named = method(named)
    return only_where(named, named.is_in(_OVERRIDING).fill_null(False))


def method(cells: pl.Series) -> pl.Series:
    """HTTP methods in upper case."""
    return per_distinct(cells, _upper) if cells.len() > SMALL else _upper(cells)


def _upper(cells: pl.Series) -> pl.Series:
    few = few_plain(cells)
    if few is not None:
        return pl.Series(cells.name, [(cell and cell.strip().upper()) or None for cell in few], dtype=pl.String)
    return cells.str.strip_chars().str.to_uppercase().replace("", None)


def job(cells: pl.Series) -> pl.Series:
    """Ids of bulk jobs in their 18-character form: of a cell that is one, or of a path that names one."""
    are_paths = cells.str.starts_with("/").all()
    bare = all_null(cells.len()) if are_paths else cells.str.extract(r"^\s*([0-9][A-Za-z0-9]{14,17})\s*$")
    naming = cells.str.contains("(?i)job")
    if _has(cells, "%"):
        naming = naming | cells.str.contains("%", literal=True)
    if not naming.any():
        return bare if are_paths else to_long(bare)
    rows = naming.arg_true()
    named = all_null(cells.len()).scatter(rows, _path(cells.gather(rows)).str.extract(_JOB))
    return to_long(or_else(bare, named))


def count(cells: pl.Series) -> pl.Series:
    """Whole numbers (`Int64`) of at least zero: Salesforce writes -1 for unknown, and `2000.0` in some files."""
    whole = cells.cast(pl.Int64, strict=False)
    if whole.null_count() == cells.null_count() and (whole >= 0).all() and (whole < _LARGEST).all():
        return whole
    number = cells.str.strip_chars().cast(pl.Float64, strict=False)
    fits = (number.is_finite() & (number >= 0) & (number < _LARGEST)).fill_null(False)
    return only_where(number, fits).cast(pl.Int64)


def _path(cells: pl.Series) -> pl.Series:
    """Paths and URLs (`String`) below `/services/data/vXX.X/`, without query, host and odd spellings; null for none."""
    below = _plainly_below(cells) if cells.len() > SMALL else None
    return _oddly_below(cells) if below is None else below


def _plainly_below(cells: pl.Series) -> pl.Series | None:
    """As `_path`, of cells that all begin as clients write it and have nothing odd behind; None if any might."""
    path = _without(cells, "?", "#")
    if _any_is_long(path) or not path.str.contains(_PLAIN).all():
        return None
    below = path.str.slice(len("/services/data/v62.0/"))
    if has_any(below, _ODD) or _has(below, "//"):
        return None
    return _async(below.str.strip_chars_end("/") if below.str.ends_with("/").any() else below)


def _async(below: pl.Series) -> pl.Series:
    """Without the version that the older bulk API has in another place (`async/62.0/job`)."""
    if below.str.starts_with("a").any() or below.str.starts_with("A").any():
        return below.str.replace(_ASYNC_VERSION, "async/")
    return below


def _oddly_below(cells: pl.Series) -> pl.Series:
    """As `_path`, of cells in any spelling."""
    path = _without(cells.str.strip_chars(' \t"'), "?", "#")
    if _has(path, "://"):
        path = path.str.replace(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/]*", "")
    path = _decoded(_short(path))
    if _has(path, ";"):
        path = path.str.replace_all(r";[^/]*", "")
    if _has(path, "//"):
        path = path.str.replace_all(r"/{2,}", "/")
    if _has(path, "/."):
        path = per_distinct(path, lambda values: pl.Series([_without_dots(path) for path in values], dtype=pl.String))
    below = _async(path.str.replace(_PREFIX, "").str.strip_chars_end("/"))
    empty = (below == "").fill_null(False) & path.str.starts_with("/").fill_null(False)
    return below.zip_with(~empty, pl.Series([ROOT])).replace("", None)


def _short(path: pl.Series) -> pl.Series:
    """Without repeated slashes; null where the rest is too long to be looked at, for its beginning would mislead."""
    if not _any_is_long(path):
        return path
    path = path.str.replace_all(_SLASHES, "/")
    return only_where(path, (path.str.len_chars() <= LONGEST).fill_null(False))


def _any_is_long(path: pl.Series) -> bool:
    if path.len() <= SMALL:
        return any(cell is not None and len(cell.encode()) > LONGEST for cell in path.to_list())
    return bool((path.str.len_bytes() > LONGEST).any())


def _has(cells: pl.Series, text: str) -> bool:
    """Whether any cell has this text: most files have none of the odd spellings, and pay for none."""
    if cells.len() <= SMALL:
        return any(cell is not None and text in cell for cell in cells.to_list())
    return has_any(cells, text) if len(text) == 1 else bool(cells.str.contains(text, literal=True).any())


def _without(cells: pl.Series, *marks: str) -> pl.Series:
    """The text before the first of these marks."""
    for mark in marks:
        if _has(cells, mark):
            cells = cells.str.split_exact(mark, 1).struct.field("field_0")
    return cells


def _without_dots(path: str) -> str:
    """`/a/./b/../c` as `/a/c` (RFC 3986, 5.2.4)."""
    return posixpath.normpath(path) if "/." in path else path


def _decoded(cells: pl.Series) -> pl.Series:
    """Percent signs decoded (`String`), once per distinct cell."""
    if not _has(cells, "%"):
        return cells
    cells = cells.str.replace_all("%(?:25)+", "%")  # a percent sign, encoded as often as you like
    return per_distinct(cells, lambda values: pl.Series([_unquoted(text) for text in values], dtype=pl.String))


def _unquoted(text: str) -> str:
    for _ in range(_DECODINGS):
        plain = unquote(text)
        if plain == text:
            break
        text = plain
    return text

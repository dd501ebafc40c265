"""The parts of a URL or of a path with a query: `url.path`, `url.query`, `url.domain`, … (RFC 3986)."""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from agent.columns.small import SMALL
from agent.columns.string_buffer import has_any

_PARTS = ("scheme", "domain", "port", "path", "query", "fragment")
_URL = (
    r"^(?:(?<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?"
    r"(?://(?:[^/?#@]*@)?(?<domain>\[[^\]/]*\]|[^/?#:]*)(?::(?<port>[0-9]{1,5}))?)?"
    r"(?<path>/[^?#]*)?(?:\?(?<query>[^#]*))?(?:#(?<fragment>.*))?$"
)

_URL_OF_ONE = re.compile(_URL.replace("(?<", "(?P<").replace("$", r"\Z"))


def split_urls(column: pl.Series) -> dict[str, pl.Series]:
    """The parts that occur, by field; `url.port` is `Int64`, all others `String`.

    Text that is no URL and does not begin with `/` has no parts. Quotes around the whole are not part of it.
    """
    if column.null_count() == column.len():
        return {}
    if column.len() <= SMALL:
        return _split_few(column)
    if _only_paths(column):
        return _split_paths(column)
    values = column.unique().drop_nulls()
    # Dots in a pattern do not match line feeds, and a URL has none.
    parts = values.str.strip_chars('"').str.extract_groups(_URL).struct.unnest()
    frame = parts.with_columns(values.alias("value"), pl.col("port").cast(pl.Int64, strict=False))
    joined = column.to_frame("value").join(frame, on="value", how="left", maintain_order="left")
    found = {f"url.{name}": joined[name] for name in parts.columns if joined[name].null_count() < joined.height}
    return {name: part.replace("", None) if part.dtype == pl.String else part for name, part in found.items()}


def _split_few(column: pl.Series) -> dict[str, pl.Series]:
    """As `split_urls`, cell by cell."""
    cells: list[str | None] = column.to_list()
    texts = [cell for cell in cells if cell is not None]
    if all(text.startswith("/") and not text.startswith("//") and "#" not in text for text in texts):
        if not any("?" in text for text in texts):
            return {"url.path": column}
        split = {text: _path_and_query(text) for text in texts}
    else:
        split = {text: found.groupdict() if (found := _URL_OF_ONE.match(text.strip('"'))) else {} for text in texts}
    rows = [split[cell] if cell is not None else {} for cell in cells]
    columns = {name: [row.get(name) for row in rows] for name in _PARTS}
    return {f"url.{name}": _part(name, parts) for name, parts in columns.items() if parts.count(None) < len(parts)}


def _part(name: str, parts: Sequence[str | None]) -> pl.Series:
    """One part of each row, as `split_urls` gives it."""
    if name == "port":
        return pl.Series(name, [int(part) if part else None for part in parts], dtype=pl.Int64)
    return pl.Series(name, [part or None for part in parts], dtype=pl.String)


def _path_and_query(text: str) -> dict[str, str | None]:
    path, mark, query = text.partition("?")
    return {"path": path, "query": query if mark else None}


def _only_paths(column: pl.Series) -> bool:
    """The common case, which needs no regular expression: every cell is a path, maybe with a query."""
    return bool(
        column.str.starts_with("/").all() and not column.str.starts_with("//").any() and not has_any(column, "#")
    )


def _split_paths(column: pl.Series) -> dict[str, pl.Series]:
    """As `split_urls`, for a column of paths alone."""
    if not has_any(column, "?"):
        return {"url.path": column}
    path, query = column.str.splitn("?", 2).struct.rename_fields(["path", "query"]).struct.unnest()
    return {"url.path": path, "url.query": query.replace("", None)}

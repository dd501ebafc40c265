"""Named conversions for fields that a mapping derives from a column (`also:`). Each maps raw cells (`String`) to values."""

from __future__ import annotations

import re
from collections.abc import Callable

import polars as pl

from agent.columns.addresses import every_address, network_of, split_addresses
from agent.columns.distinct import all_null, only_where, per_distinct, per_text
from agent.columns.known_columns import or_else
from agent.columns.record_id import long_form, to_long
from agent.columns.small import SMALL, few_plain
from agent.normalize.computed import api_call, graphql_call, records_written
from agent.normalize.mapping.ecs_fields import EcsTable
from agent.normalize.mapping.url_parts import split_urls
from agent.normalize.mapping.value_kinds import VALUE_KINDS

Conversion = Callable[[pl.Series], pl.Series]

_NANOSECONDS = 1_000_000
_A_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,9})?")

_USER = "005"
"""Key prefix of record ids of users."""
_USER_ID = re.compile(rf"(?<![0-9A-Za-z]){_USER}[0-9A-Za-z]{{12}}(?:[0-9A-Za-z]{{3}})?(?![0-9A-Za-z])")
_LONGEST_LIST_OF_ONE = 64
_DIGITS = frozenset("0123456789")


def _milliseconds(cells: pl.Series) -> pl.Series:
    """To nanoseconds, as `event.duration` wants them; below zero there is no duration."""
    whole = VALUE_KINDS["integer"].read(cells)
    if whole.null_count() == cells.null_count() and _fits(whole):
        return whole * _NANOSECONDS
    exact = VALUE_KINDS["decimal"].read(cells) * _NANOSECONDS
    return only_where(exact, (exact >= 0).fill_null(False)).round().cast(pl.Int64, strict=False)


def _fits(whole: pl.Series) -> bool:
    """Whether all of these milliseconds (`Int64`) are nanoseconds in 64 bits too, and none is below zero."""
    smallest, largest = whole.min(), whole.max()
    return isinstance(smallest, int) and isinstance(largest, int) and smallest >= 0 and largest < 2**63 // _NANOSECONDS


def _nanoseconds(cells: pl.Series) -> pl.Series:
    """`Int64`: durations that are nanoseconds already; below zero there is no duration."""
    whole = VALUE_KINDS["integer"].read(cells)
    return only_where(whole, (whole >= 0).fill_null(False))


def _address(cells: pl.Series) -> pl.Series:
    """`String`: the addresses among the cells."""
    return split_addresses(cells)[0]


def _not_an_address(cells: pl.Series) -> pl.Series:
    """`String`: the cells that are not addresses."""
    other = split_addresses(cells)[1]
    return all_null(cells.len()) if other is None else other


def plain_numbers(cells: pl.Series) -> pl.Series:
    """`Float64` of cells that are numbers as people write them: codes with leading zeros and long ids are none."""
    if cells.len() <= SMALL:
        numbers = [cell if cell is not None and _A_NUMBER.fullmatch(cell) else None for cell in cells.to_list()]
        return pl.Series(cells.name, numbers, dtype=pl.String).cast(pl.Float64, strict=False)
    is_number = cells.str.contains(f"^{_A_NUMBER.pattern}$").fill_null(False)
    return only_where(cells, is_number).cast(pl.Float64, strict=False)


def _part(name: str) -> Conversion:
    return lambda cells: split_urls(cells).get(name, all_null(cells.len()))


def _host(cells: pl.Series) -> pl.Series:
    """The host of a URL, or of a bare `host/path`."""
    domain, rest = _part("url.domain")(cells), cells.str.extract(r"^([A-Za-z0-9_.-]+)(?:[:/?#]|$)")
    return or_else(domain, rest)


def _user_id(cells: pl.Series) -> pl.Series:
    """Ids of users in their 18-character form; ids of groups, roles and the like are left out."""
    if cells.len() <= SMALL:
        return per_text(cells, lambda text: long_form(text) if text.startswith(_USER) else None, pl.String)
    return per_distinct(cells, lambda values: to_long(only_where(values, values.str.starts_with(_USER))))


def _only_user_id(cells: pl.Series) -> pl.Series:
    """The user of a list that names a single one, in 18 characters, however the list is written; null for several."""
    return per_text(cells, _only_user, pl.String)


def _only_user(text: str) -> str | None:
    if len(text) > _LONGEST_LIST_OF_ONE:  # a list of a thousand users need not be read
        return None
    found = {long_form(name) for name in _USER_ID.findall(text)}
    return found.pop() if len(found) == 1 else None


def _app(cells: pl.Series) -> pl.Series:
    """Ids of connected apps in their 18-character form, names as they are: `SalesforceFiles` has 15 letters too."""
    if cells.len() <= SMALL:
        return per_text(cells, lambda text: long_form(text) if text[:1] in _DIGITS else text, pl.String)
    return per_distinct(cells, _long_or_name)


def _long_or_name(values: pl.Series) -> pl.Series:
    """As `_app`, of distinct values without nulls."""
    if values.len() <= SMALL:
        return _app(values)
    return or_else(to_long(only_where(values, values.str.contains("^[0-9]"))), values)


def _login_name(cells: pl.Series) -> pl.Series:
    """A username as Salesforce compares it: without regard to case, and without what somebody typed around it."""
    plain = few_plain(cells)
    if plain is not None:  # of a streamed login this was a tenth of all work
        names = [cell.strip().lower() or None if cell is not None else None for cell in plain]
        return pl.Series(cells.name, names, dtype=pl.String)
    return per_distinct(cells, lambda values: values.str.strip_chars().str.to_lowercase().replace("", None))


def _tls_version(cells: pl.Series) -> pl.Series:
    """`1.2` from `TLSv1.2`, `TLS 1.2` or `1.2`."""
    return per_distinct(cells, lambda values: values.str.extract(r"([0-9]+(?:\.[0-9]+)?)$"))


def _tls_protocol(cells: pl.Series) -> pl.Series:
    """`tls`, or `ssl` where it says so."""
    return per_distinct(cells, lambda values: values.str.to_lowercase().str.extract(r"^(ssl)").fill_null("tls"))


CONVERSIONS: dict[str, Conversion] = {
    "copy": VALUE_KINDS["text"].read,
    "integer": VALUE_KINDS["integer"].read,
    "decimal": VALUE_KINDS["decimal"].read,
    "boolean": VALUE_KINDS["boolean"].read,
    "id": to_long,
    "user_id": _user_id,
    "only_user_id": _only_user_id,
    "app": _app,
    "login_name": _login_name,
    "address": _address,
    "addresses": every_address,
    "network": network_of,
    "not_an_address": _not_an_address,
    "milliseconds": _milliseconds,
    "nanoseconds": _nanoseconds,
    "url_decoded": VALUE_KINDS["url_decoded"].read,
    "url_path": _part("url.path"),
    "api_resource": api_call.resource,
    "api_method": api_call.method,
    "api_method_override": api_call.method_override,
    "api_job": api_call.job,
    "count": api_call.count,
    "graphql_rows": graphql_call.rows_asked,
    "graphql_variable_rows": graphql_call.rows_in_variables,
    "host": _host,
    "tls_version": _tls_version,
    "tls_protocol": _tls_protocol,
    **records_written.CONVERSIONS,
}


def default_conversion(field: str, ecs: EcsTable) -> str:
    """The conversion that a field's ECS type asks for when a mapping names none."""
    known = ecs.fields.get(field)
    by_type = {"ip": "address", "long": "integer", "integer": "integer", "float": "decimal", "boolean": "boolean"}
    return by_type.get(known.type, "copy") if known else "copy"

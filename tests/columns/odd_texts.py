"""Cells that two ways of reading them might take differently, and a check that small and large columns do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import polars as pl
from hypothesis import strategies as st

from agent.columns.small import SMALL

_WORDS = [
    "", " ", "\t", "\n", "\x1c", "\x85", "\u00a0", "\u3000", "a", "A", "true", "FALSE", "1", "0", "é", "İ", "ı", "ſ", "ς",
    "00558000000XyzA", "00558000000XyzAAAQ", "00558000000XyzAAAR", "00558000000Xyz_", "0055800000éXyzA", "00D58000000XyzA",
    "3MVG9000000XyzA", "SalesforceFiles", "00558000000XyzA\n", "12", "12.0", "012", "+5", "-3", " 7", "1e3", "1e400", "nan",
    "inf", "-0", "9223372036854775807", "9223372036854775808", "0.5", "-1", "1000000000000000", "9007199254740993.0",
    "192.0.2.1", "010.0.0.1", "::FFFF:192.0.2.1", "2001:DB8::1", "[fe80::1%eth0]:443", "192.0.2.1:8080", "Salesforce.com IP",
    "192.0.2.1, 198.51.100.7", "for=192.0.2.1;x", "/path", "/path?q=1&x=%2F", "/path?", "/a#b", "//host/x?y", '"/quoted"',
    "https://u@Example.com:0443/a/b?c=d#e", "https://example.com:99999", "http://[::1]:80/", "mailto:x", "/line\nfeed#\n",
    "/services/data/v62.0//%71uery?q=x", "/services/DATA/v62.0/jobs/ingest/75058000000XyzAAAQ/", "?_HttpMethod=patch",
    "/services/data/v62.0/composite/sobjects?ids=00558000000XyzA,00558000000XyzB", "a/./b/../c;d=1", "%25252e%2e", "100%",
    "/services/data/v62.0/sobjects/Account/", "/services/data/v59.0/query?q=x", "/services/data/v62.0/async/62.0/Job",
    "/services/data/v62.0/jobs/query/75058000000XyzA", "/services/data/v62.0//limits", "/services/data/v62.0/a.b", "GET",
    "2026-03-02T10:20:30.456Z", "2026-03-02T10:20:30Z", "2026-13-02T10:20:30.456Z", "2026-03-02T24:00:00.000Z",
    "0000-01-01T00:00:00.000Z", "1969-12-31T23:59:59.999Z", "2026-03-02T10:20:60.000Z", "2026-03-02T10:20:30.456Z\n",
    "20260302102030.456", "20260302102030.4", "20260302102030", "TLSv1.2", "SSLv3", "TLS 1.3", "Guest", "g", " G ", "Standard",
    "LOGIN_NO_ERROR", "Login", "LOGİN", "AuraRequest", "S", 'quote " and \\', "control \x01\x1f\x7f", "POST", " delete ",
]  # fmt: skip

CELL = st.none() | st.sampled_from(_WORDS) | st.text(max_size=20)
CELLS = st.lists(CELL, min_size=1, max_size=6)
"""A column's."""


def text(cells: Sequence[str | None], name: str = "cells") -> pl.Series:
    return pl.Series(name, cells, dtype=pl.String)


def large(cells: Sequence[str | None]) -> list[str | None]:
    """The cells over and over, until they are no small column any more."""
    return [*cells] * (SMALL // len(cells) + 1)


def check_both(work: Callable[[pl.Series], pl.Series | None], cells: Sequence[str | None]) -> None:
    """`work` finds in a small column what it finds in a large one of the same cells: value, null, type and name."""
    few, many = work(text(cells)), work(text(large(cells)))
    check_equal({} if few is None else {"": few}, {} if many is None else {"": many}, len(cells))


def check_equal(few: Mapping[str, pl.Series], many: Mapping[str, pl.Series], height: int) -> None:
    """The same columns in the same order, as far as the small ones go."""
    assert list(few) == list(many)
    for name, column in few.items():
        other = many[name].head(height)
        assert column.equals(other, check_dtypes=True, check_names=True), (name, column, other)

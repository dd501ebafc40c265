from __future__ import annotations

import polars as pl
import pytest

from agent.normalize.mapping.conversion import CONVERSIONS


@pytest.mark.parametrize(
    ("name", "cell", "value"),
    [
        ("milliseconds", "12", 12_000_000),
        ("milliseconds", "0.25", 250_000),
        ("milliseconds", "-3", None),
        ("milliseconds", "9223372036854775807", None),
        ("milliseconds", "soon", None),
        ("nanoseconds", "12", 12),
        ("nanoseconds", "-12", None),
        ("user_id", "005Kz00000Vol61", "005Kz00000Vol61IAB"),
        ("user_id", "00GKz00000Vol61", None),
        ("tls_version", "TLSv1.3", "1.3"),
        ("tls_version", "TLS 1.2", "1.2"),
        ("tls_version", "1.1", "1.1"),
        ("tls_version", "none", None),
        ("tls_protocol", "TLSv1.3", "tls"),
        ("tls_protocol", "SSLv3", "ssl"),
        ("host", "login.salesforce.com", "login.salesforce.com"),
        ("host", "https://acme.example/x", "acme.example"),
        ("host", "acme.example:443", "acme.example"),
        ("host", "two words", None),
        ("url_path", "/v61.0/query?q=1", "/v61.0/query"),
        ("url_path", "query", None),
        ("address", "192.0.2.1", "192.0.2.1"),
        ("address", "Salesforce.com IP", None),
        ("not_an_address", "Salesforce.com IP", "Salesforce.com IP"),
        ("not_an_address", "192.0.2.1", None),
    ],
)
def test_conversion(name: str, cell: str, value: object) -> None:
    """What a conversion makes of a cell; an empty cell gives nothing."""
    assert CONVERSIONS[name](pl.Series([cell, None])).to_list() == [value, None]


@pytest.mark.parametrize("name", sorted(CONVERSIONS))
def test_an_empty_column_is_converted(name: str) -> None:
    """A column without rows or without values never raises."""
    assert CONVERSIONS[name](pl.Series([], dtype=pl.String)).to_list() == []
    assert CONVERSIONS[name](pl.Series([None], dtype=pl.String)).to_list() == [None]

from __future__ import annotations

import polars as pl
import pytest

from agent.normalize.mapping.url_parts import split_urls


def parts(cell: str, *beside: str) -> dict[str, object]:
    split = split_urls(pl.Series([cell, *beside]))
    return {name.removeprefix("url."): column[0] for name, column in split.items() if column[0] is not None}


@pytest.mark.parametrize("beside", [(), ("https://other.example/#x",)], ids=["alone", "beside URLs"])
@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("/home/home.jsp", {"path": "/home/home.jsp"}),
        ("/a?b=c?d", {"path": "/a", "query": "b=c?d"}),
        ("/a?", {"path": "/a"}),
        ("/a?b#c", {"path": "/a", "query": "b", "fragment": "c"}),
        ("https://h.example", {"scheme": "https", "domain": "h.example"}),
        (
            "https://h.example:8443/p?q",
            {"scheme": "https", "domain": "h.example", "port": 8443, "path": "/p", "query": "q"},
        ),
        ("http://u:p@h.example/", {"scheme": "http", "domain": "h.example", "path": "/"}),
        ("https://[2001:db8::1]:443/", {"scheme": "https", "domain": "[2001:db8::1]", "port": 443, "path": "/"}),
        ('"https://quoted.example/x"', {"scheme": "https", "domain": "quoted.example", "path": "/x"}),
        ("//h.example/p", {"domain": "h.example", "path": "/p"}),
        ("TEST-LOG-1", {}),
        ("two words", {}),
    ],
)
def test_parts(cell: str, expected: dict[str, object], beside: tuple[str, ...]) -> None:
    """A URL comes apart the same way, whatever else its column holds."""
    assert parts(cell, *beside) == expected


def test_nothing_to_split() -> None:
    """A column without a value has no parts."""
    assert split_urls(pl.Series([None, None], dtype=pl.String)) == {}


def test_null_beside_paths() -> None:
    """An empty cell has no path and disturbs nobody."""
    split = split_urls(pl.Series(["/a?b", None]))
    assert split["url.path"].to_list() == ["/a", None]
    assert split["url.query"].to_list() == ["b", None]

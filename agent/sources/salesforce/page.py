"""A page of a query's answer, and what may follow it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST_BYTES = 16 << 20
"""Of a page: 2,000 records of 8 kB each, several times what we ask for."""
MOST_PAGES = 500
"""Of a query: a million records. All log files of three days are some thousands."""

_NEXT = re.compile(r"/services/data/v\d{1,4}\.\d/query/[A-Za-z0-9_-]{1,200}")


@dataclass(frozen=True, slots=True)
class Page:
    """`records` without their `attributes`; a member that is no object comes as an empty record."""

    records: Sequence[Mapping[str, Any]]
    following: str = ""
    """The path of the next page; empty at the last."""
    total: int = -1
    """How many records the org says there are on all pages; -1 where it does not say."""

    @classmethod
    def of(cls, document: Any) -> Page:
        """Raises ValueError, with what is wrong, for what is no page."""
        if not isinstance(document, Mapping) or "records" not in document:
            raise ValueError("the answer is cut off or is a web page")
        records, done = document["records"], document.get("done")
        if not isinstance(records, list):
            raise ValueError("`records` is not a list")
        if not isinstance(done, bool):
            raise ValueError("`done` is not true or false")
        plain = [_plain(record) for record in records]
        total = document.get("totalSize")
        total = total if type(total) is int else -1
        return cls(plain, "" if done else _path(document.get("nextRecordsUrl")), total)


def _plain(record: Any) -> Mapping[str, Any]:
    if not isinstance(record, Mapping):
        return {}
    return {name: value for name, value in record.items() if name != "attributes"}


def _path(named: Any) -> str:
    """Never a whole URL: the token goes with the request."""
    if not isinstance(named, str) or not _NEXT.fullmatch(named):
        raise ValueError("it is not the last page, and `nextRecordsUrl` is not a path under /services/data/")
    return named

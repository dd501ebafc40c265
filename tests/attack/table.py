"""One line for each fault: the item it belongs to is the number in its file's name (`test_03_…`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_ITEM = re.compile(r"tests/attack/\w+/test_(\d\d)_")


@dataclass(frozen=True, slots=True, order=True)
class Row:
    item: int
    test: str
    result: str
    seconds: float


def rows_of(stats: dict[str, list[Any]]) -> list[Row]:
    """From pytest's reports by outcome."""
    rows = []
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in stats.get(outcome, ()):
            found = _ITEM.search(report.nodeid)
            if found and (report.when == "call" or outcome != "passed"):
                name = report.nodeid.split("/")[-1].replace(".py::", " ")
                rows.append(Row(int(found[1]), name, outcome, report.duration))
    return sorted(rows)

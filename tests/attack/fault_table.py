"""One line for each fault: the item it belongs to is the number in its file's name (`test_03_…`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ITEM = re.compile(r"tests/attack/\w+/test_(\d\d)_")
_OUTSIDE = {"tests/end_to_end/test_kill.py": 0, "tests/end_to_end/test_incident_kills.py": 27}
"""Items of tests that are in other folders."""

FAULTS = {
    0: "kill -9 during ingest and delivery",
    1: "the wall clock jumps",
    2: "the state's database is gone, cut or older than its batch files",
    3: "a batch file is damaged or gone",
    4: "a row is longer than a destination takes",
    5: "a file of rules, mappings or lists is broken at a reload",
    6: "a dead destination fills the spool",
    7: "two orgs in one daemon",
    8: "a backup of the state is restored",
    9: "reading waits for room for a long time",
    10: "the org lists odd records and pages",
    11: "a secret of one org is missing",
    12: "an org, a proxy or a destination echoes our secrets",
    13: "the org names a foreign host, ids are no ids",
    14: "half-open and endless requests at our listeners",
    15: "Retry-After of days, or of nothing",
    16: "bombs: compressed, nested, endless",
    17: "pages of the database are damaged",
    18: "status of a daemon that hangs or may not be asked",
    19: "dead letters of a running daemon; hostile text at the terminal",
    20: "lock file, modes of files, odd control requests, huge rules, credentials in a URL",
    21: "a destination refuses nearly everything",
    22: "mistakes in the settings and the installation",
    24: "health pages",
    26: "settings, their example and their schema",
    27: "kill -9 while incidents, anchors and checkpoints are written",
    28: "a full disk while incidents are written, a trail that is cut or changed meanwhile",
}
"""What each item is about; 23 and 25 are docs/operating.md and the pinned installation in docs/getting_started.md."""

BEGIN, END = "<!-- faults -->\n", "<!-- /faults -->"


@dataclass(frozen=True, slots=True, order=True)
class FaultRow:
    item: int
    test: str
    result: str
    seconds: float


def rows_of(stats: dict[str, list[Any]]) -> list[FaultRow]:
    """From pytest's reports by outcome."""
    rows = []
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in stats.get(outcome, ()):
            found = _ITEM.search(report.nodeid)
            item = int(found[1]) if found else _OUTSIDE.get(report.nodeid.partition("::")[0])
            if item is not None and (report.when == "call" or outcome != "passed"):
                rows.append(FaultRow(item, report.nodeid, outcome, getattr(report, "duration", 0.0)))
    return sorted(rows)


def page(rows: Sequence[FaultRow]) -> str:
    """The table in Markdown: a line for each item and test file, parametrised cases counted."""
    lines = ["| item | fault | test | result |", "|--:|---|---|---|"]
    cases: dict[tuple[int, str], list[str]] = {}
    for row in rows:
        cases.setdefault((row.item, row.test.partition("[")[0]), []).append(row.result)
    for (item, test), results in cases.items():
        counts = ", ".join(f"{results.count(result)} {result}" for result in sorted(set(results)))
        path, _, name = test.removeprefix("tests/").partition("::")
        lines.append(f"| {item or ''} | {FAULTS.get(item, '')} | `{path}` {name.replace('_', ' ')} | {counts} |")
    return "\n".join(lines) + "\n"


def write(path: Path, rows: Sequence[FaultRow]) -> None:
    """Replace the table in a page."""
    text = path.read_text()
    before, after = text[: text.index(BEGIN) + len(BEGIN)], text[text.index(END) :]
    path.write_text(before + page(rows) + after)

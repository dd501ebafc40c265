"""`python -m tests.assess.month`: what the assessed month comes to, as a digest of its alerts.

The days are those of `make assess`: weeks to learn from, an innocent month, a week with every leak planted. Changes that only
make things faster leave tests/assess/month.json as it is; one that is meant to alter alerts writes it anew with `--write`,
and says so. With `--days` and the like the digest is another one, to be compared with that of another checkout:
`python tests/bench/beside/in_tree.py CHECKOUT tests.assess.month --learning-days 0 --days 1 --rows 3000`. The month takes ten
minutes, that day two.
"""

from __future__ import annotations

import os

os.environ["POLARS_MAX_THREADS"] = "1"  # before polars is imported: many small files, one core

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from agent.formats import FORMATS
from tests.assess.calendar import Assessment
from tests.assess.run import assess

KEPT = Path(__file__).with_suffix(".json")


class AlertLines:
    """Every alert as one line of JSON with its keys in order."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def take(self, alerts: pl.DataFrame, _planted: pl.DataFrame) -> None:
        """`alerts`: a shaped frame, without columns if there are none."""
        if alerts.height:
            self.lines += map(_line, FORMATS["ecs"](alerts))

    def digest(self) -> dict[str, Any]:
        """How many there are, and SHA-256 of them in order of their bytes."""
        ordered = b"\n".join(sorted(self.lines))
        return {"lines": len(self.lines), "sha256": hashlib.sha256(ordered).hexdigest()}


def main() -> int:
    """Exit status 1 if the digest of the month is not the kept one."""
    parser = argparse.ArgumentParser(prog="python -m tests.assess.month", description=__doc__)
    month = Assessment()
    parser.add_argument("--learning-days", type=int, default=month.learning_days)
    parser.add_argument("--days", type=int, default=month.days)
    parser.add_argument("--rows", type=int, default=month.rows, help="about how many a weekday has")
    parser.add_argument("--write", action="store_true", help="keep what comes out now")
    parser.add_argument("--lines", type=Path, help="a file for the lines that are digested, to be compared")
    given = parser.parse_args()
    assessment = Assessment(learning_days=given.learning_days, days=given.days, rows=given.rows)
    alerts = AlertLines()
    result = assess(assessment, lambda text: print(text, file=sys.stderr, flush=True), alerts=alerts.take)
    print(json.dumps(alerts.digest()))
    print(f"{result.rows:,} rows in {result.core_seconds:.0f} core-seconds", file=sys.stderr)
    if given.lines:
        given.lines.write_bytes(b"\n".join(sorted(alerts.lines)))
    if given.write:
        KEPT.write_text(json.dumps(alerts.digest(), indent=1) + "\n")
    return 0 if assessment != month or (KEPT.exists() and alerts.digest() == json.loads(KEPT.read_text())) else 1


def _line(text: str) -> bytes:
    """Without the time at which it was sent, which alone is the real clock's."""
    document = orjson.loads(text)
    document["event"].pop("ingested", None)
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


if __name__ == "__main__":
    sys.exit(main())

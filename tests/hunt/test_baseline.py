"""Baselines over files at rest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from tests.hunt.hunting import run

START = datetime(2026, 7, 1, 9, tzinfo=UTC)
RULES = """
title: Row
name: row
logsource: {product: salesforce, service: event_log_file}
detection: {sel: {EVENT_TYPE: RestApi}, condition: sel}
---
title: More than usual
name: more
level: high
baseline:
  type: volume
  rules: [row]
  group-by: [USER_ID]
  timespan: 1h
  condition: {field: ROWS_PROCESSED, gte: 100, ratio: 5}
---
title: Stopped
name: stopped
baseline:
  type: silence
  rules: [row]
  group-by: [USER_ID]
  timespan: 3d
"""
EVE, BOB, ANN = "0055f000008aaaaAAA", "0055f000008bbbbAAA", "0055f000008ccccAAA"


def row(user: str, hours: float, rows: int) -> bytes:
    at = START + timedelta(hours=hours)
    return orjson.dumps(
        {
            "EVENT_TYPE": "RestApi",
            "USER_ID": user,
            "TIMESTAMP_DERIVED": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "ROWS_PROCESSED": str(rows),
            "REQUEST_ID": f"{user}{hours}",
        }
    )


@pytest.mark.parametrize("raw", [True, False])
def test_files_are_looked_at_together_in_any_order(tmp_path: Path, raw: bool) -> None:
    """An alert for each group, at the file and line of its last event, with what was usual."""
    (tmp_path / "rules.yml").write_text(RULES)
    early, late = tmp_path / "early.ndjson", tmp_path / "late.ndjson"
    month = [(user, day * 24, 20) for day in range(28) for user in (EVE, BOB, ANN) if user != ANN or day < 20]
    early.write_bytes(b"\n".join(row(*day) for day in month))
    burst = [(EVE, 28 * 24 + 0.5, 150), (BOB, 28 * 24, 20), (EVE, 28 * 24, 150), (BOB, 31 * 24, 20), (EVE, 30 * 24, 20)]
    late.write_bytes(b"\n".join(row(*event) for event in burst))
    told = []
    for files in ((early, late), (late, early)):
        status, alerts, _ = run(*files, rules=tmp_path / "rules.yml", raw=raw)
        assert status == 1
        told.append(sorted(alerts, key=lambda alert: alert["rule"]["name"]))
    assert told[0] == told[1]
    above, stopped = told[0]
    assert above["rule"]["name"] == "More than usual"
    assert above["leakline"]["input"] == {"file": str(late), "line": 1}
    assert above["leakline"]["measure"]["value"] == 300
    assert above["leakline"]["baseline"]["expected"] == 20
    assert above["leakline"]["baseline"]["group"] == f"USER_ID={EVE}"
    assert above["event"]["start"] == "2026-07-29T09:00:00.000Z"
    assert stopped["leakline"]["baseline"]["group"] == f"USER_ID={ANN}"
    assert stopped["leakline"]["input"]["file"] == str(early)


def test_an_event_of_two_files_counts_once(tmp_path: Path) -> None:
    """As with hourly and daily log files of the same day."""
    (tmp_path / "rules.yml").write_text(RULES)
    early, late = tmp_path / "early.ndjson", tmp_path / "late.ndjson"
    early.write_bytes(b"\n".join([*(row(EVE, day * 24, 20) for day in range(28)), row(EVE, 28 * 24, 60)]))
    late.write_bytes(row(EVE, 28 * 24, 60))
    assert run(early, late, rules=tmp_path / "rules.yml", raw=False)[1] == []

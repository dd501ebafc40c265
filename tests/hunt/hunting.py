"""Rules, rows and runs of `leakline hunt` that its tests share."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console

from agent.cli.output.hunt import write_alerts
from agent.config.settings import Settings, parse

RULE = """
title: {title}
logsource:
  product: salesforce
  service: event_log_file
detection:
  sel:
    {test}
  condition: {condition}
level: high
"""

LOG = (
    '"EVENT_TYPE","TIMESTAMP_DERIVED","ORGANIZATION_ID","USER_ID","ROWS_PROCESSED","QUERY"\n'
    '"RestApi","2026-07-01T08:00:00.000Z","00D5f000005XrT2","0055f000008aaaa","5","one"\n'
    '"RestApi","2026-07-01T08:00:01.000Z","00D5f000005XrT2","0055f000008aaaa","20000","two\nlines"\n'
    '"RestApi","2026-07-01T08:00:02.000Z","00D5f000005XrT2"\n'
    '"RestApi","2026-07-01T08:00:03.000Z","00D5f000005XrT2","0055f000008bbbb","30000","three"\n'
)

CORRELATED = """
title: base
name: base
logsource: {product: salesforce, service: event_log_file}
detection: {sel: {ROWS_PROCESSED|gte: 10}, condition: sel}
---
title: many
id: 5f5b7ba1-54b7-4f86-a4a5-3cb3f1d1f1aa
level: high
correlation: {type: event_count, rules: [base], group-by: [USER_ID], timespan: 1m, condition: {gte: 3}}
"""


def write_rules(folder: Path, tests: dict[str, tuple[str, str]]) -> Path:
    folder.mkdir()
    for title, (test, condition) in tests.items():
        (folder / f"{title}.yml").write_text(RULE.format(title=title, test=test, condition=condition))
    return folder


def run(*files: Path, rules: Path, raw: bool = False) -> tuple[int, list[dict[str, Any]], str]:
    """Exit status, alerts, what was told."""
    out, told = io.BytesIO(), io.StringIO()
    status = write_alerts(files, [rules], raw=raw, out=out, err=Console(file=told, width=10_000))
    return status, [orjson.loads(line) for line in out.getvalue().splitlines()], told.getvalue()


def where(alerts: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(alert["rule"]["name"], alert["leakline"]["input"]["line"]) for alert in alerts]


def row(user: str, second: int, name: str = "TIMESTAMP_DERIVED") -> bytes:
    when = f"2026-07-01T08:{second // 60:02}:{second % 60:02}.000Z"
    return orjson.dumps({"EVENT_TYPE": "RestApi", name: when, "USER_ID": user, "ROWS_PROCESSED": 20, "QUERY": second})


def installation(**keys: Any) -> Settings:
    """Settings of an org and a destination, with further keys."""
    client = {"type": "client_credentials", "client_id": "key", "client_secret": {"env": "SECRET"}}
    return parse(
        {
            "orgs": [{"name": "acme", "url": "https://acme.my.salesforce.com", "auth": client}],
            "destinations": [{"type": "file", "directory": "out"}],
            **keys,
        }
    )

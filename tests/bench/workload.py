"""What the benchmark reads: RestApi rows of 30 columns and about 465 bytes, from a seed; and 100 rules over them."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

COLUMNS = [
    "EVENT_TYPE", "TIMESTAMP", "REQUEST_ID", "ORGANIZATION_ID", "USER_ID", "RUN_TIME", "CPU_TIME", "URI", "SESSION_KEY",
    "LOGIN_KEY", "USER_TYPE", "REQUEST_STATUS", "DB_TOTAL_TIME", "METHOD", "MEDIA_TYPE", "STATUS_CODE", "USER_AGENT",
    "ROWS_PROCESSED", "NUMBER_FIELDS", "DB_BLOCKS", "DB_CPU_TIME", "REQUEST_SIZE", "RESPONSE_SIZE", "ENTITY_NAME",
    "CONNECTED_APP_ID", "CLIENT_NAME", "TIMESTAMP_DERIVED", "USER_ID_DERIVED", "CLIENT_IP", "URI_ID_DERIVED",
]  # fmt: skip

AGENTS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36",
    "MuleSoft/4.6 salesforce-connector",
    "python-requests/2.32.3",
    "SalesforceMobileSDK/12.1 iOS/18.2",
]
ORGANIZATION = "00D5f000005XrT2"
"""The id in every row."""
START = datetime(2026, 7, 1, tzinfo=UTC)


def write_log_file(path: Path, rows: int, seed: int = 7) -> int:
    """A RestApi event log file in Salesforce's CSV dialect; returns its size in bytes."""
    with path.open("w", newline="") as file:
        file.write(",".join(f'"{name}"' for name in COLUMNS) + "\n")
        for block in _blocks(rows, seed):
            file.write(block)
    return path.stat().st_size


def _blocks(rows: int, seed: int) -> Iterator[str]:
    rng = random.Random(seed)
    users = [f"005{rng.randrange(16**9):012x}" for _ in range(500)]
    sessions = [f"{rng.randrange(16**16):016x}" for _ in range(2_000)]
    addresses = [f"{rng.choice((198, 203))}.0.{rng.choice((113, 100, 2))}.{rng.randrange(1, 255)}" for _ in range(400)]
    for first in range(0, rows, 5_000):
        yield "".join(
            _row(rng, number, users, sessions, addresses) for number in range(first, min(rows, first + 5_000))
        )


def _row(rng: random.Random, number: int, users: list[str], sessions: list[str], addresses: list[str]) -> str:
    time = START + timedelta(milliseconds=number * 37)
    user = users[int(rng.random() ** 2 * len(users))]
    status = "200" if rng.random() > 0.02 else "400"
    cells = (
        "RestApi", f"{time:%Y%m%d%H%M%S}.{time.microsecond // 1000:03d}", f"4{number:015x}-{rng.randrange(16**5):05x}",
        ORGANIZATION, user, str(rng.randrange(3000)), str(rng.randrange(400)),
        f"/services/data/v62.0/sobjects/{rng.choice(('Account', 'Contact', 'Case'))}/{number % 90_000:015d}",
        sessions[number % len(sessions)], sessions[number * 7 % len(sessions)], "Standard", "S" if status == "200" else "F",
        str(rng.randrange(10**8)), "GET", "application/json", status, AGENTS[int(rng.random() ** 2 * len(AGENTS))],
        str(int(rng.paretovariate(0.9)) % 50_000), str(rng.randrange(60)), "", str(rng.randrange(90)), str(rng.randrange(900)),
        str(rng.randrange(60_000)), rng.choice(("Account", "Contact", "Case", "Lead")), "0H45f000000XyZa", "",
        f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03d}Z", user + "AAA", addresses[number * 3 % len(addresses)], "",
    )  # fmt: skip
    return '"' + '","'.join(cells) + '"\n'


def write_rules(folder: Path, count: int, seed: int = 11) -> None:
    """`count` single-event rules with ordinary modifiers and few matches, one file each."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(seed)
    for number in range(count):
        title = f"Benchmark rule {number}"
        rule = {
            "title": title,
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"leakline/benchmark/{number}")),
            "status": "test",
            "level": "medium",
            "logsource": {"product": "salesforce", "service": "event_log_file"},
            "detection": _detection(rng, number),
        }
        (folder / f"rule_{number:04d}.yml").write_text(yaml.safe_dump(rule, sort_keys=False))


def _word(rng: random.Random) -> str:
    return "".join(rng.choice("bcdfghklmnprstvwz") + rng.choice("aeiou") for _ in range(4))


def _detection(rng: random.Random, number: int) -> dict[str, object]:
    shapes: list[dict[str, object]] = [
        {"EVENT_TYPE": "RestApi", "USER_AGENT|contains": [_word(rng), _word(rng), _word(rng)]},
        {"EVENT_TYPE": "RestApi", "URI|startswith": [f"/{_word(rng)}/", f"/services/{_word(rng)}"]},
        {"ROWS_PROCESSED|gt": 48_000 + number, "ENTITY_NAME": "Account", "STATUS_CODE": 400},
        {"CLIENT_IP|cidr": [f"{rng.randrange(11, 190)}.{rng.randrange(255)}.0.0/16", "172.16.0.0/24"]},
        {"URI|re": rf"^/services/(data|apexrest)/v[0-9]+\.[0-9]/{_word(rng)}/"},
        {"USER_ID": [f"005{rng.randrange(16**9):012x}" for _ in range(20)]},
        {"USER_AGENT|contains|all": [_word(rng), "Mozilla"]},
        {"source.geo.country_iso_code": rng.choice(("KP", "IR", "SY")), "REQUEST_STATUS": "F"},
        {"CLIENT_NAME|endswith": _word(rng), "METHOD": "GET"},
        {"user_agent.name": _word(rng), "RESPONSE_SIZE|gte": 59_000},
    ]
    return {"selection": shapes[number % len(shapes)], "condition": "selection"}

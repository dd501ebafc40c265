"""`hunt --raw` beside tenzir's `sigma` operator: the same rules, the same events, the same run, whole commands."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

EVENTS = 200_000
RULES = (60, 1_000)
MANY_RULES = 3_000
"""How long so many take to start with is told."""
TYPES = ("API", "URI", "Login", "ReportExport", "BulkApi", "LoginAs", "RestApi")
AGENTS = (
    "Mozilla/5.0 (X11; Linux) Chrome/126.0",
    "SalesforceMobileSDK/11.1 iOS/17.5",
    "python-requests/2.32.3",
    "dataloader/61.0",
)
CLIENTS = ("dataloader", "salesforce_inspector", "Tableau", "Workbench", "")


def write_events(path: Path, count: int) -> None:
    """Rows of 20 columns, about 500 bytes each; the same for the same `count`."""
    rng = random.Random(7)
    with path.open("w") as file:
        for number in range(count):
            file.write(json.dumps(_event(rng, number), separators=(",", ":")) + "\n")


def _event(rng: random.Random, number: int) -> dict[str, Any]:
    user, second = rng.randrange(5000), number * 37 % 86_400
    return {
        "EVENT_TYPE": rng.choice(TYPES),
        "TIMESTAMP_DERIVED": f"2026-07-01T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.000Z",
        "REQUEST_ID": f"REQ{number:010}",
        "ORGANIZATION_ID": "00D000000000001",
        "USER_ID": f"0050000000{user:05}",
        "USER_NAME": f"user{user}@example.com",
        "URI": rng.choice(("/services/data/v59.0/query", f"/lightning/r/Report/{rng.randrange(10**6)}/view", "/home")),
        "SESSION_KEY": f"SESSION{number % 100_000:06}",
        "REQUEST_STATUS": "F" if rng.random() < 0.02 else "S",
        "CLIENT_NAME": rng.choice(CLIENTS),
        "ENTITY_NAME": rng.choice(("Account", "Contact", "Case", "Lead", "User", "ContentVersion")),
        "ROWS_PROCESSED": int(rng.paretovariate(0.7)) % 200_000,
        "RUN_TIME": rng.randrange(5000),
        "RESPONSE_SIZE": rng.randrange(90_000),
        "HTTP_METHOD": rng.choice(("GET", "GET", "GET", "POST")),
        "USER_AGENT": rng.choice(AGENTS),
        "CLIENT_IP": f"{rng.choice(('203.0.113', '198.51.100', '10.1.2'))}.{rng.randrange(255)}",
        "LOGIN_STATUS": "LOGIN_ERROR_INVALID_PASSWORD" if rng.random() < 0.03 else "LOGIN_NO_ERROR",
        "COUNTRY_CODE": rng.choice(("US", "US", "DE", "GB", "IN", "BR")),
        "TLS_PROTOCOL": "TLSv1.1" if rng.random() < 0.01 else "TLSv1.3",
    }


def write_rules(folder: Path, count: int) -> None:
    """Ordinary single-event rules with few matches, a file each, of ten kinds in turn."""
    folder.mkdir()
    rng = random.Random(11)
    for number in range(count):
        rule = {
            "title": f"rule {number}",
            "id": str(uuid.uuid5(uuid.NAMESPACE_OID, str(number))),
            "level": "medium",
            "logsource": {"category": "application"},
            "detection": KINDS[number % len(KINDS)](rng, number),
        }
        (folder / f"rule_{number:04}.yml").write_text(json.dumps(rule))  # JSON is YAML, and quotes its digits


def _word(rng: random.Random) -> str:
    return "".join(rng.choice("bcdfghklmnprstvwz") + rng.choice("aeiou") for _ in range(4))


def _selection(**tests: object) -> dict[str, Any]:
    return {"sel": {name.replace("__", "|"): value for name, value in tests.items()}, "condition": "sel"}


Kind = Callable[[random.Random, int], dict[str, Any]]

KINDS: tuple[Kind, ...] = (
    lambda d, _: _selection(EVENT_TYPE=d.choice(TYPES), CLIENT_NAME__contains=[_word(d) for _ in range(3)]),
    lambda d, _: _selection(EVENT_TYPE=d.choice(TYPES), USER_AGENT__startswith=[_word(d) + "/", _word(d) + "-"]),
    lambda d, n: {
        **_selection(EVENT_TYPE=d.choice(TYPES), ROWS_PROCESSED__gt=150_000 + n, ENTITY_NAME__contains="Acc"),
        "filter": {"USER_NAME|endswith": f"@{_word(d)}.example"},
        "condition": "sel and not filter",
    },
    lambda d, _: _selection(CLIENT_IP__cidr=[f"{d.randrange(11, 190)}.{d.randrange(255)}.0.0/16", "172.16.9.0/24"]),
    lambda d, _: _selection(URI__re=rf"^/services/(data|apexrest)/v[0-9]+\.[0-9]/{_word(d)}/"),
    lambda d, _: _selection(EVENT_TYPE=d.choice(TYPES), USER_NAME=[f"{_word(d)}@example.com" for _ in range(20)]),
    lambda d, _: {
        "s1": {"USER_AGENT|contains": _word(d)},
        "s2": {"CLIENT_NAME|endswith": _word(d)},
        "s3": {"URI|contains": f"/{_word(d)}/"},
        "condition": "1 of s*",
    },
    lambda d, _: _selection(LOGIN_STATUS="LOGIN_ERROR_INVALID_PASSWORD", COUNTRY_CODE=d.choice(("KP", "IR", "CN", "BR")),
                      TLS_PROTOCOL=f"TLSv1.{d.randrange(2)}"),
    lambda d, _: {
        **_selection(USER_AGENT__contains__all=[_word(d), "Mozilla"]),
        "filter": {"CLIENT_IP|cidr": "10.0.0.0/8"},
        "condition": "sel and not filter",
    },
    lambda d, _: _selection(EVENT_TYPE=d.choice(TYPES), USER_ID=f"0050000000{d.randrange(5000):05}", REQUEST_STATUS="F"),
)  # fmt: skip


def tenzir() -> str | None:
    """The executable: `TENZIR`, on the path, or where `tests/servers/install.sh` puts it."""
    cache = Path(os.environ.get("CACHE_DIR", ".cache")) / "tenzir/bin/tenzir"
    return os.environ.get("TENZIR") or shutil.which("tenzir") or (str(cache) if cache.exists() else None)


def run(folder: Path, runs: int) -> Iterator[str]:
    """Lines to print."""
    events = folder / "events.ndjson"
    write_events(events, EVENTS)
    other = tenzir()
    for count in RULES:
        rules = folder / f"rules-{count}"
        write_rules(rules, count)
        ours = _hunt(rules, events)
        pipeline = f'from_file "{events}" {{ read_ndjson }}\nsigma path="{rules}"\nwrite_ndjson'
        theirs = [other or "", pipeline]
        _timed(ours, folder)  # a rule is read and checked once, and kept by its content
        pairs = [(_timed(ours, folder), _timed(theirs, folder) if other else None) for _ in range(runs)]
        yield from _told(count, pairs)
    yield _start(folder)


def _start(folder: Path) -> str:
    """With one event: the first time, and when the rules were read before."""
    rules, event = folder / "rules-many", folder / "event.ndjson"
    write_rules(rules, MANY_RULES)
    write_events(event, 1)
    first, warm = (_timed(_hunt(rules, event), folder)[0] for _ in range(2))
    return f"{MANY_RULES:,} rules: hunt --raw starts in {first:.1f} s, in {warm:.1f} s when it has read them before"


def _hunt(rules: Path, events: Path) -> list[str]:
    return [sys.executable, "-m", "agent", "hunt", "--raw", "--rules", str(rules), str(events)]


def _timed(command: list[str], folder: Path) -> tuple[float, int]:
    """Seconds, and lines on standard output."""
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=False, env={**os.environ, "HOME": str(folder)})
    if done.returncode not in (0, 1) or (done.returncode == 1 and not done.stdout):
        raise RuntimeError(done.stderr.decode())
    return time.perf_counter() - began, done.stdout.count(b"\n")


def _told(count: int, pairs: list[tuple[tuple[float, int], tuple[float, int] | None]]) -> Iterator[str]:
    speeds = sorted(EVENTS / ours[0] for ours, _ in pairs)
    yield f"{count:,} rules: hunt --raw {speeds[len(speeds) // 2]:,.0f} events/s, {pairs[0][0][1]} matches"
    both = [(ours, theirs) for ours, theirs in pairs if theirs]
    if not both:
        yield "  tenzir is not installed: tests/servers/install.sh"
        return
    theirs = sorted(EVENTS / other[0] for _, other in both)
    ratios = sorted(other[0] / ours[0] for ours, other in both)
    yield f"  tenzir's sigma {theirs[len(theirs) // 2]:,.0f} events/s, {both[0][1][1]} matches"
    yield f"  ratio          {ratios[0]:.2f}  {ratios[len(ratios) // 2]:.2f}  {ratios[-1]:.2f}"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for line in run(Path(folder), 2):
            print(line, flush=True)

"""A simulated org in a process of its own, so that what it costs is not counted; its events come at the rate that is asked for.

`python -m tests.bench.latency.publisher FOLDER` says how to reach it, and then publishes what each line on its standard input asks
for: `{"rate": 20, "leaks": 5, "seconds": 30}`, and answers with the leaks, EventIdentifier and the time of each; or
`{"changes": 20, "seconds": 100}`, and answers with the rows of the setup audit trail.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from agent.simulator.records.audit_trail import setup_version
from agent.simulator.running import RunningOrg, serve
from agent.simulator.world.simulator_settings import SimulatorSettings
from agent.simulator.world.stage import SetupChange
from agent.simulator.world.users import User

LEAK = "CredentialStuffingEvent"
"""The event of which each is an alert at once (rule credential_stuffing_detected), each of another user."""

CHANNELS = (
    *("ApiEventStream", "BulkApiResultEvent", "FileEvent", "LightningUriEventStream", "ListViewEventStream"),
    *("LoginAsEventStream", "LoginEventStream", "LogoutEventStream", "PermissionSetEvent", "ReportEventStream"),
    *("UriEventStream", "LockoutEventStream", "ApiAnomalyEvent", "GuestUserAnomalyEvent"),
    *("LoginAnomalyEvent", "ReportAnomalyEvent", "SessionHijackingEvent", "ConcurLongRunApexErrEvent"),
)
"""Over which all other events are spread."""

PROGRAM = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36"
)


@dataclass(frozen=True, slots=True)
class Facts:
    """How to reach the org, for a settings file."""

    url: str
    pubsub: str
    ca: str
    client_id: str
    secret: str
    org: str
    """Its id."""


@dataclass(frozen=True, slots=True)
class Change:
    """A row of the setup audit trail."""

    id: str
    """18 characters."""
    created: float
    """CreatedDate, seconds since 1970."""
    seen: float
    """The moment before a query could give it, seconds since 1970."""


class Publisher:
    """The org, seen from the process that measures."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.facts = Facts(**self._answer())

    def publish(self, rate: float, leaks: float, seconds: float) -> Mapping[str, float]:
        """So many events a second for so long, `leaks` of them alerts; EventIdentifier of each leak to when it happened
        (seconds since 1970). Returns when all are out.
        """
        told: dict[str, float] = self._ask({"rate": rate, "leaks": leaks, "seconds": seconds})
        return told

    def change(self, changes: int, seconds: float) -> list[Change]:
        """So many changes in Setup at random moments of so long, each of which is an alert by itself. Returns when all are made."""
        return [Change(**change) for change in self._ask({"changes": changes, "seconds": seconds})]

    def _ask(self, wanted: Mapping[str, float]) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(wanted) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


@contextmanager
def publisher(folder: Path) -> Iterator[Publisher]:
    command = [sys.executable, "-m", "tests.bench.latency.publisher", str(folder)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Publisher(process)
    finally:
        process.kill()
        process.communicate()


def _serve(folder: Path) -> None:
    settings = SimulatorSettings(folder=folder, history=timedelta(hours=1), rows_per_day=1_000, scenarios=[])
    with serve(settings) as running:
        facts = Facts(
            running.url,
            running.pubsub,
            str(running.ca),
            running.client_id,
            str(running.client_secret_file),
            running.org.id,
        )
        print(json.dumps({name: getattr(facts, name) for name in Facts.__slots__}), flush=True)
        people = iter(running.org.staff.of("person"))
        for line in sys.stdin:
            wanted = json.loads(line)
            answer = _change(running, people, **wanted) if "changes" in wanted else _publish(running, **wanted)
            print(json.dumps(answer), flush=True)


def _publish(running: RunningOrg, rate: float, leaks: float, seconds: float) -> Mapping[str, float]:
    """At even distances; an event that is late because the machine was busy does not put off those after it."""
    chosen = random.Random(f"{rate} {leaks}")
    users = [user.id for user in running.org.staff.of("person")]
    happened: dict[str, float] = {}
    began, due_leaks = time.monotonic(), 0
    for number in range(int(rate * seconds)):
        time.sleep(max(0.0, began + number / rate - time.monotonic()))
        is_leak = number * leaks / rate >= due_leaks
        due_leaks += is_leak
        channel = LEAK if is_leak else CHANNELS[number % len(CHANNELS)]
        now = time.time()
        user = f"005{chosen.randrange(36**9):012d}"[:15] if is_leak else users[number % len(users)]
        values = _values(chosen, users, user, now)
        if is_leak:
            happened[values["EventIdentifier"]] = now
        fields = running.org.bus.schema(channel).fields
        running.org.bus.publish(channel, int(now * 1000), {name: values[name] for name in fields if name in values})
    return happened


def _change(running: RunningOrg, people: Iterator[User], changes: int, seconds: float) -> list[dict[str, Any]]:
    """Rows as the org makes them: CreatedDate is the second in which somebody made the change; each by the next of `people`,
    for the alert of one who has changed the same within the hour is folded.
    """
    chosen, made = random.Random(f"{changes} {seconds}"), []
    began, moments = time.monotonic(), sorted(chosen.uniform(0, seconds) for _ in range(changes))
    for moment in moments:
        time.sleep(max(0.0, began + moment - time.monotonic()))
        user, seen = next(people), time.time()
        created = int(seen) * 1000
        change = SetupChange(created, user, "disableRequireMfa", "", f"Changed by {user.name} from on to off")
        running.org.records.plant([change], [], created)
        made.append({"id": setup_version(change).id, "created": created / 1000, "seen": seen})
    return made


def _values(chosen: random.Random, users: Sequence[str], user: str, now: float) -> dict[str, Any]:
    """Fields that most events have."""
    return {
        "EventIdentifier": str(uuid.UUID(int=chosen.getrandbits(128))),
        "EventUuid": str(uuid.UUID(int=chosen.getrandbits(128))),
        "EventDate": int(now * 1000),
        "CreatedDate": int(now * 1000),
        "UserId": user,
        "Username": f"{user.lower()}@trading.example",
        "SourceIp": f"203.0.113.{chosen.randrange(1, 250)}",
        "UserAgent": PROGRAM,
        "SessionKey": f"sk{users.index(user) if user in users else 0:014d}",
        "LoginKey": f"lk{users.index(user) if user in users else 0:014d}",
        "Operation": "Query",
        "QueriedEntities": "Account",
        "RowsProcessed": float(chosen.randrange(1, 400)),
        "Uri": "/lightning/o/Account/list",
        "Score": chosen.random() * 100,
        "Summary": "Unusual activity",
    }


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))

"""A day of reports, the same for the same seed: what integrations do every day, and the failures that are nobody's fault."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

from agent.simulator.middleware.integrations import INTEGRATIONS, LOCK, REQUIRED, Endpoint, Integration
from agent.simulator.world.record_id import short_id
from agent.simulator.world.sessions import DAY, HOUR

MINUTE = 60_000
HEARTBEAT = 5 * MINUTE
ATTEMPTS = 5
"""After so many the middleware gives up."""


@dataclass(frozen=True, slots=True)
class TimedReport:
    """`time` in milliseconds; `scenario` empty for what is of every day."""

    time: int
    document: dict[str, Any]
    scenario: str = ""


def iso(time: int) -> str:
    """Milliseconds since 1970 as RFC 3339."""
    return datetime.fromtimestamp(time / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class ReportDay:
    """Makes what one day brings."""

    def __init__(self, seed: int, begin: int) -> None:
        """`begin`: the first millisecond of the day, UTC."""
        self._seed = seed
        self.begin = begin
        self.is_workday = datetime.fromtimestamp(begin / 1000, UTC).weekday() < 5

    def reports(self) -> list[TimedReport]:
        """In the order of time."""
        found = [*self.heartbeats()]
        for integration in INTEGRATIONS:
            random = self.random(integration.name)
            found += self._calls(integration, random)
            found += self._jobs(integration, random)
        return sorted(found, key=lambda report: report.time)

    def random(self, *names: str) -> Random:
        """The same for the same day and names."""
        return Random(f"{self._seed}/{self.begin}/{'/'.join(names)}")

    def heartbeats(self) -> Iterator[TimedReport]:
        """Of the middleware itself."""
        for time in range(self.begin, self.begin + DAY, HEARTBEAT):
            document = {"type": "heartbeat", "id": f"beat-{time}", "time": iso(time), "integration": "middleware"}
            yield TimedReport(time, document)

    def call(
        self, integration: Integration, endpoint: Endpoint, time: int, random: Random, **changes: Any
    ) -> TimedReport:
        """One call; `changes` of its document."""
        size = int(endpoint.median_bytes * random.lognormvariate(0, 0.3))
        document = {
            "type": "api_call", "id": f"{integration.name}-{time}-{random.randrange(1 << 40):x}", "time": iso(time),
            "integration": integration.name, "user": integration.user, "method": endpoint.method,
            "url": endpoint.url.replace("{}", short_id("Account", random.randrange(1 << 30))), "status": 200,
            "duration_ms": round(random.lognormvariate(5, 0.6), 1), "response_bytes": size,
            "source_ip": random.choice(integration.addresses), "user_agent": integration.user_agent,
        }  # fmt: skip
        return TimedReport(time, {**document, **changes})

    def failure(
        self, integration: Integration, entity: str, time: int, attempt: int, error: tuple[str, str], **changes: Any
    ) -> TimedReport:
        """One failure of a job; `changes` of its document."""
        document = {
            "type": "sync_failure", "id": f"{integration.name}-{entity}-{time}", "time": iso(time),
            "integration": integration.name, "job": f"{integration.name}-delta", "user": integration.user,
            "object": entity, "operation": "upsert", "attempt": attempt, "max_attempts": ATTEMPTS,
            "error_code": error[0], "error_message": error[1], "status": 400, "records_failed": 1,
            "source_ip": integration.addresses[0],
        }  # fmt: skip
        return TimedReport(time, {**document, **changes})

    def _calls(self, integration: Integration, random: Random) -> Iterator[TimedReport]:
        weights = [endpoint.weight for endpoint in integration.endpoints]
        for hour in range(24):
            busy = self.is_workday and 6 <= hour < 18
            usual = integration.calls_by_day if busy else integration.calls_by_day // 5
            begin = self.begin + hour * HOUR
            count = max(0, round(random.gauss(usual, usual**0.5)))
            if hour == integration.nightly_hour:
                count += round(integration.nightly_calls * random.uniform(0.8, 1.2))
            for _ in range(count):
                endpoint = random.choices(integration.endpoints, weights)[0]
                yield self.call(integration, endpoint, begin + random.randrange(HOUR), random, **_luck(random))

    def _jobs(self, integration: Integration, random: Random) -> Iterator[TimedReport]:
        """The failures of its incremental job: few, and over with the next attempt or the one after."""
        if not integration.delta_minutes:
            return
        for time in range(self.begin, self.begin + DAY, integration.delta_minutes * MINUTE):
            if random.random() < 0.03:
                entity, error = random.choice(integration.objects), random.choice((LOCK, LOCK, REQUIRED))
                for attempt in range(1, random.choice((2, 2, 3))):
                    yield self.failure(integration, entity, time + attempt * 3 * MINUTE, attempt, error)


def _luck(random: Random) -> dict[str, Any]:
    """What a call in a hundred meets."""
    chance = random.random()
    if chance < 0.005:
        return {"status": 503, "error_code": "SERVER_UNAVAILABLE", "response_bytes": 120}
    if chance < 0.015:
        return {"status": 404, "error_code": "NOT_FOUND", "response_bytes": 90}
    # A token that has expired is renewed, and the call made again.
    return {"status": 401, "error_code": "INVALID_SESSION_ID", "response_bytes": 70} if chance < 0.018 else {}

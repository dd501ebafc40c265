"""Sends the middleware's reports to a listener as time passes, signed as Standard Webhooks does, and writes down what it sent.

The truth file is NDJSON with a line for each report that was accepted: `id`, `type`, `time`, `scenario` (or null), `message`
(the request's id), `attempts`, `accepted` (RFC 3339). What was refused for good stands there too, with `status`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx

from agent.simulator.middleware.planted import SILENT, day_of_reports
from agent.simulator.middleware.report_day import ReportDay, TimedReport, iso
from agent.simulator.world.sessions import DAY

LOOK_EVERY = 0.5
"""Seconds."""
PATIENCE = 60.0
"""Seconds between two attempts at most."""
AT_ONCE = 200
"""Reports of one request."""


class Bearer:
    """Shows a token."""

    def __init__(self, token: str) -> None:
        self._token = token.strip()

    def headers(self, message: str, _moment: int, _body: bytes) -> dict[str, str]:
        """As `Signature.headers`."""
        return {"webhook-id": message, "authorization": f"Bearer {self._token}"}


class Signature:
    """Signs requests with a key of the form `whsec_…`: HMAC-SHA256 over id, time and body, in base64."""

    def __init__(self, key: str) -> None:
        """Raises ValueError for what is not base64."""
        self._key = base64.b64decode(key.strip().removeprefix("whsec_"), validate=True)

    def headers(self, message: str, moment: int, body: bytes) -> dict[str, str]:
        """`moment`: seconds since 1970."""
        digest = hmac.digest(self._key, f"{message}.{moment}.".encode() + body, hashlib.sha256)
        return {
            "webhook-id": message,
            "webhook-timestamp": str(moment),
            "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        }


class Reporter:
    """Sends what has happened since it was started, until it is stopped. What is not accepted is sent again, in order."""

    def __init__(
        self,
        url: str,
        proof: Signature | Bearer,
        truth: Path,
        *,
        seed: int,
        scenarios: Sequence[str] = (),
        client: httpx.Client | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`url`: of `/v1/reports/<sender>`; the scenarios begin a minute after the start. Raises ValueError for unknown ones."""
        self._url = url
        self._proof = proof
        self._truth = truth
        self._seed = seed
        self._client = client or httpx.Client(timeout=10)
        self._now = now
        self._sent_until = int(now() * 1000)
        self._scenarios = tuple(scenarios)
        self._planted_at = self._sent_until + 60_000
        self._waiting: list[TimedReport] = []
        self._attempts = 0
        self._days: dict[int, Sequence[TimedReport]] = {}
        day_of_reports(ReportDay(seed, 0), self._scenarios)

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set."""
        pause = LOOK_EVERY
        while not stop.wait(pause):
            self.collect()
            pause = self.send()
        self._client.close()

    def collect(self) -> None:
        """Take note of what has happened since the last look."""
        until = int(self._now() * 1000)
        # The day before too: a scenario goes on over midnight, and is of the day on which it began.
        for begin in range((self._sent_until // DAY - 1) * DAY, until + 1, DAY):
            self._waiting += [report for report in self._day(begin) if self._sent_until < report.time <= until]
        self._sent_until = max(until, self._sent_until)

    def _day(self, begin: int) -> Sequence[TimedReport]:
        if begin not in self._days:
            planted = self._scenarios if begin == self._planted_at // DAY * DAY else ()
            if begin > self._planted_at:
                planted = tuple(name for name in self._scenarios if name == SILENT)
            self._days = {day: reports for day, reports in self._days.items() if day >= begin - DAY}
            self._days[begin] = day_of_reports(ReportDay(self._seed, begin), planted, self._planted_at)
        return self._days[begin]

    def send(self) -> float:
        """Send all that waits; seconds after which to go on."""
        while self._waiting:
            reports = self._waiting[:AT_ONCE]
            body = json.dumps([report.document for report in reports]).encode()
            message = f"msg_{hashlib.sha256(body).hexdigest()[:24]}"
            self._attempts += 1
            try:
                answer = self._post(message, body)
            except httpx.TransportError:
                return min(PATIENCE, LOOK_EVERY * float(1 << min(self._attempts, 8)))
            if answer.status_code in (429, 502, 503, 504):
                waits = str(answer.headers.get("retry-after", ""))
                return min(PATIENCE, float(waits)) if waits.isdigit() else 1.0
            self._write(reports, message, answer.status_code)
            del self._waiting[: len(reports)]
            self._attempts = 0
        return LOOK_EVERY

    def _post(self, message: str, body: bytes) -> httpx.Response:
        headers = {"content-type": "application/json", **self._proof.headers(message, int(self._now()), body)}
        return self._client.post(self._url, content=body, headers=headers)

    def _write(self, reports: Sequence[TimedReport], message: str, status: int) -> None:
        moment = iso(int(self._now() * 1000))
        with self._truth.open("a", encoding="utf-8") as file:
            for report in reports:
                line = {
                    "id": report.document["id"], "type": report.document["type"], "time": report.document["time"],
                    "scenario": report.scenario or None, "message": message, "attempts": self._attempts, "status": status,
                    "accepted": moment if 200 <= status < 300 else None,
                }  # fmt: skip
                file.write(json.dumps(line) + "\n")


def proof(key: str) -> Signature | Bearer:
    """By the form of the key: `whsec_…` signs, anything else is a token. Raises ValueError for a key that is not base64."""
    return Signature(key) if key.strip().startswith("whsec_") else Bearer(key)

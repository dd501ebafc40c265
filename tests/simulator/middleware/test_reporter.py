"""What the simulated middleware sends over HTTP: signed, in order, again until it is accepted, and written down."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from agent.simulator.middleware.planted import SCENARIOS, day_of_reports
from agent.simulator.middleware.report_day import MINUTE, ReportDay
from agent.simulator.middleware.reporter import Bearer, Reporter, Signature, proof
from agent.simulator.world.sessions import DAY

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOON = 1_782_907_200


class Listener:
    """Answers with the next of `answers`, 204 when none is left, and keeps what it got."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.requests: list[tuple[dict[str, str], bytes]] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                listener.requests.append(({name.lower(): value for name, value in self.headers.items()}, body))
                status, headers = listener.answers.pop(0) if listener.answers else (204, {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1/reports/middleware"

    @property
    def reports(self) -> list[dict[str, Any]]:
        return [report for _, body in self.requests for report in json.loads(body)]


@contextmanager
def listening() -> Iterator[Listener]:
    listener = Listener()
    thread = threading.Thread(target=listener.server.serve_forever)
    thread.start()
    try:
        yield listener
    finally:
        listener.server.shutdown()
        thread.join()
        listener.server.server_close()


class MovedClock:
    def __init__(self) -> None:
        self.now = float(NOON)

    def __call__(self) -> float:
        return self.now


def reporter(listener: Listener, truth: Path, clock: MovedClock, *scenarios: str) -> Reporter:
    return Reporter(listener.url, Signature(KEY), truth, seed=7, scenarios=scenarios, now=clock)


def test_what_happens_is_sent_once_and_signed(tmp_path: Path) -> None:
    """An hour of reports, each once and as the day has them, with signatures that the reference library verifies."""
    clock, truth = MovedClock(), tmp_path / "truth.ndjson"
    with listening() as listener:
        sending = reporter(listener, truth, clock)
        for _ in range(60):
            clock.now += 60
            sending.collect()
            sending.send()
    expected = [
        report.document
        for report in ReportDay(7, NOON * 1000 // DAY * DAY).reports()
        if NOON * 1000 < report.time <= (NOON + 3600) * 1000
    ]
    assert listener.reports == expected
    headers, body = listener.requests[0]
    signed = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    assert headers["webhook-signature"] == Webhook(KEY).sign(headers["webhook-id"], signed, body.decode())
    lines = [json.loads(line) for line in truth.read_text().splitlines()]
    assert [line["id"] for line in lines] == [document["id"] for document in expected]


def test_what_is_not_accepted_is_sent_again(tmp_path: Path) -> None:
    """A listener that is full gets the same request, under the same id, after as long as it says."""
    clock, truth = MovedClock(), tmp_path / "truth.ndjson"
    with listening() as listener:
        listener.answers = [(429, {"retry-after": "7"}), (503, {})]
        sending = reporter(listener, truth, clock)
        clock.now += 600
        sending.collect()
        assert sending.send() == 7
        assert not truth.exists()
        sending.send()
        sending.send()
    assert len({body for _, body in listener.requests[:3]}) == 1
    assert len({headers["webhook-id"] for headers, _ in listener.requests[:3]}) == 1
    assert json.loads(truth.read_text().splitlines()[0])["attempts"] == 3


def test_nobody_there_loses_nothing(tmp_path: Path) -> None:
    """Without a listener reports wait, and go out once there is one."""
    clock = MovedClock()
    with listening() as listener:
        pass
    away = reporter(listener, tmp_path / "truth.ndjson", clock)
    clock.now += 600
    away.collect()
    assert away.send() > 0
    assert not (tmp_path / "truth.ndjson").exists()


def test_a_scenario_begins_a_minute_after_the_start(tmp_path: Path) -> None:
    """It is in the truth by its name; a heartbeat that stops stays away on the days after too."""
    clock, truth = MovedClock(), tmp_path / "truth.ndjson"
    with listening() as listener:
        sending = reporter(listener, truth, clock, "sync_first_failure", "heartbeat_stops")
        for _ in range(14):
            clock.now += 3600
            sending.collect()
            sending.send()
    planted = [json.loads(line) for line in truth.read_text().splitlines() if "sync_first" in line]
    assert [line["type"] for line in planted] == ["sync_failure"]
    assert [report for report in listener.reports if report["type"] == "heartbeat"] == []


def test_a_day_is_the_same_whenever_it_is_made() -> None:
    """By seed and day alone, with what is planted beside it."""
    day = ReportDay(7, NOON * 1000 // DAY * DAY)
    usual, planted = day.reports(), day_of_reports(day, tuple(SCENARIOS))
    assert usual == ReportDay(7, day.begin).reports()
    assert usual != ReportDay(8, day.begin).reports()
    beats = [report for report in usual if report.document["type"] == "heartbeat"]
    assert {later.time - earlier.time for earlier, later in pairwise(beats)} == {5 * MINUTE}
    assert {report.scenario for report in planted} >= set(SCENARIOS) - {"heartbeat_stops"}


def test_an_unknown_scenario_is_refused() -> None:
    """With the names that there are."""
    with pytest.raises(ValueError, match="write one of sync_first_failure"):
        day_of_reports(ReportDay(7, 0), ("flood",))


def test_a_key_says_how_to_prove_oneself() -> None:
    """`whsec_…` signs; anything else is shown as a token."""
    assert isinstance(proof(KEY), Signature)
    assert proof("token\n").headers("m", 0, b"")["authorization"] == "Bearer token"
    assert isinstance(proof("token"), Bearer)

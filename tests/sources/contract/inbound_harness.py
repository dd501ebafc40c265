"""`SourceHarness` and `SenderHarness` of what senders report, with the real listener before it. A request has three reports."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from agent.model import Batch
from agent.network.doorway import Doorway
from agent.network.lasting_connection import ConnectionBounds
from agent.network.listener import Listener
from agent.normalize.vendor_identity import identify_named
from agent.source import Recall
from agent.sources.inbound.serving.application import COME_BACK, InboundApplication
from agent.sources.inbound.serving.senders import Senders
from agent.sources.inbound.settings import SenderSettings
from agent.sources.inbound.source import InboundReports
from tests.sources.contract.harness import SenderAnswer

TOKEN = "token-of-the-contract-suite-0001"


class InboundHarness:
    """The listener stays while sources come and go, as it does for orgs."""

    settings = None

    def __init__(self, request: pytest.FixtureRequest) -> None:
        folder: Path = request.getfixturevalue("tmp_path")
        (folder / "token").write_text(TOKEN)
        sender = {"name": "middleware", "org": "acme", "authentication": {"bearer": {"file": str(folder / "token")}}}
        self._senders = Senders([SenderSettings.model_validate(sender)])
        self._senders.read_secrets()
        self._source: InboundReports | None = None
        self._application = InboundApplication(
            self._senders, lambda _: self._source, max_bytes=1 << 20, description=b"{}", now=self._now
        )
        self._listener = Listener(
            "inbound", self._application, "127.0.0.1", 0, doorway=Doorway(ConnectionBounds(), None)
        )
        self._listener.open()
        self._client = httpx.Client(headers={"authorization": f"Bearer {TOKEN}"}, timeout=60)
        request.addfinalizer(self._close)
        self.begin_anew()

    def begin_anew(self) -> None:
        self._number = 0
        self._to_send: dict[str, list[dict[str, Any]]] = {}
        self._taken: set[str] = set()
        self._waits = threading.Event()

    def source(self, recall: Recall) -> InboundReports:
        self._source = InboundReports(
            "acme", lambda: "00D000000000001AAA", now=self._now, recall=recall, naming=identify_named
        )
        return self._source

    def give(self, *inputs: Sequence[str]) -> None:
        for labels in inputs:
            for begin in range(0, len(labels), 3):
                self._number += 1
                number = f"request-{self._number}"
                self._to_send[number] = [
                    {
                        "type": "sync_failure",
                        "id": f"{number}/{place}",
                        "time": "2026-07-01T10:00:00Z",
                        "integration": "contract",
                        "object": label,
                    }
                    for place, label in enumerate(labels[begin : begin + 3])
                ]

    give_tied = give

    def labels(self, batch: Batch) -> list[str]:
        return batch.frame["object"].to_list()

    def deliver(self, copies: int = 1) -> list[SenderAnswer]:
        answers: list[SenderAnswer] = []
        self._wait_until_it_serves()
        with ThreadPoolExecutor(copies) as pool:
            for number, reports in self._to_send.items():
                if number not in self._taken:
                    answers += pool.map(self._send, [reports] * copies)
                    self._taken |= {number} if answers[-1].status == 200 else set()
        self._waits.set()
        return answers

    def _send(self, reports: list[dict[str, Any]]) -> SenderAnswer:
        url = f"http://127.0.0.1:{self._listener.port}/v1/reports/middleware"
        try:
            answer = self._client.post(url, json=reports)
        except httpx.HTTPError:
            return SenderAnswer(0)
        retry_after = answer.headers.get("retry-after")
        # The listener always says when; this is what it says where nobody knows.
        known = retry_after is not None and float(retry_after) != COME_BACK
        return SenderAnswer(answer.status_code, float(retry_after) if known else None)

    def _wait_until_it_serves(self) -> None:
        end = time.monotonic() + 60
        while self._source is None or not self._source._open:
            assert time.monotonic() < end
            time.sleep(0.001)

    def give_malformed(self, *labels: str) -> bytes:
        """Nothing of a request is taken that cannot be read, so that its sender mends it."""
        raise NotImplementedError

    def expire(self) -> None:
        """Nobody signs in here."""

    def fail(self) -> None:
        """Nobody is asked here."""

    def hang(self) -> threading.Event:
        """No sender sends; the listener waits as it always does."""
        return self._waits

    def recover(self) -> None:
        """Nothing failed."""

    def interrupt(self) -> None:
        """Nothing besides the stop event."""

    def left_behind(self) -> list[str]:
        return []

    def forget_answers(self) -> None:
        self._taken.clear()

    @staticmethod
    def _now() -> datetime:
        return datetime(2026, 7, 1, 10, tzinfo=UTC)

    def _close(self) -> None:
        self._client.close()
        self._listener.close()
        self._application.close()

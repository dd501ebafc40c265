"""The stream source before a scripted Pub/Sub API and a scripted org, over real gRPC and HTTPS."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from agent.model import Batch
from agent.normalize.vendor_identity import identify_events
from agent.source import ContinuousSource, Recall
from agent.sources.real_time import feed_batches
from agent.sources.real_time.pace import StreamPace
from agent.sources.real_time.settings import RealTimeSettings
from agent.sources.real_time.source import RealTime
from agent.sources.salesforce.session import Session
from tests.scripted_org.serving import RunningScriptedOrg
from tests.scripted_pubsub.scripted_pubsub import Refusal, ScriptedPubSub
from tests.sources.conftest import MakeSession
from tests.sources.reader import Clock

CHANNEL = "LoginEventStream"
UNHURRIED = StreamPace(company=0.0, hold=60.0, settle=60.0, idle=0.05)
"""What arrives decides, and no time: a slow machine sees the same."""
MALFORMED = b"\x01\x02"


class StreamHarness:
    """`SourceHarness` of `RealTime`. An input is a few events, of which a response holds as many as there are."""

    def __init__(self, request: pytest.FixtureRequest, batch_bytes: int = 500) -> None:
        """`batch_bytes`: of a batch, a few rows."""
        self._server: RunningScriptedOrg = request.getfixturevalue("server")
        self._clock: Clock = request.getfixturevalue("clock")
        self._make_session: MakeSession = request.getfixturevalue("make_session")
        self._pubsub: ScriptedPubSub = request.getfixturevalue("pubsub")
        request.getfixturevalue("monkeypatch").setattr(feed_batches, "BATCH_BYTES", batch_bytes)
        self.settings = RealTimeSettings(type="real_time", endpoint=self._pubsub.endpoint, start="earliest")
        self._sessions: list[Session] = []
        self._sources: list[RealTime] = []
        self.begin_anew()

    def source(self, recall: Recall) -> ContinuousSource:
        self._sessions.append(self._make_session())
        source = RealTime(
            self._sessions[-1],
            self.settings,
            now=self._clock,
            recall=recall,
            naming=identify_events,
            pace=UNHURRIED,
        )
        self._sources.append(source)
        return source

    def begin_anew(self) -> None:
        self.interrupt()
        self._server.org.begin_anew(self._clock)
        self._server.org.status["describe"] = (200, {"sobjects": [{"name": CHANNEL}, {"name": "LoginEvent"}]})
        self._pubsub.begin_anew()
        self._pubsub.is_valid = lambda token: self._server.tokens.check(token, self._server.org.faults)
        self._pubsub.topic(CHANNEL)
        self._number = 0
        self._sources.clear()

    def give(self, *inputs: Sequence[str]) -> None:
        for labels in inputs:
            self._pubsub.give(CHANNEL, *(self._values(label) for label in labels))

    give_tied = give

    def give_malformed(self, *labels: str) -> bytes:
        self.give(labels[:1])
        self._pubsub.give_raw(CHANNEL, MALFORMED)
        self.give(labels[1:])
        return MALFORMED

    def labels(self, batch: Batch) -> list[str]:
        return batch.frame["UserId"].to_list()

    def expire(self) -> None:
        self._server.tokens.revoke_all()
        self._pubsub.change()

    def fail(self) -> None:
        """Returns once the source could know."""
        running = self._pubsub.open_streams > 0
        self._server.org.status["describe"] = (503, b"<html>maintenance</html>")
        self._pubsub.change(refusals={"Subscribe": Refusal(), "GetTopic": Refusal()})
        while running and not any(source.held for source in self._sources):
            threading.Event().wait(0.01)

    def hang(self) -> threading.Event:
        self._pubsub.change(silent=True)
        if self._pubsub.open_streams:
            self._pubsub.waits.set()
        return self._pubsub.waits

    def recover(self) -> None:
        self._server.org.status["describe"] = (200, {"sobjects": [{"name": CHANNEL}, {"name": "LoginEvent"}]})
        self._pubsub.change(refusals={}, silent=False)

    def interrupt(self) -> None:
        for session in self._sessions:
            session.close()
        self._sessions.clear()

    def left_behind(self) -> list[str]:
        gone = self._pubsub.wait_for(lambda: self._pubsub.open_streams == 0)
        return [] if gone else ["a stream"]

    def _values(self, label: str) -> dict[str, object]:
        self._number += 1
        time = int(self._clock().timestamp() * 1000)
        return {
            "CreatedDate": time,
            "EventDate": time,
            "EventIdentifier": f"event-{self._number}",
            "UserId": label,
            "RowsProcessed": 1.0,
        }

"""What harnesses share whose other side is the scripted org, over real HTTPS."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import pytest

from agent.source import Recall
from agent.sources.salesforce.session import Session
from tests.scripted_org.scripted_org import ScriptedOrg
from tests.scripted_org.serving import RunningScriptedOrg
from tests.sources.conftest import MakeSession
from tests.sources.reader import Clock


@dataclass(frozen=True, slots=True)
class GivenMemory:
    """What the source remembered (`agent.assembly.sources.SourceMemory`)."""

    name: str
    """The source's."""
    memory: Recall

    def recall(self, source: str) -> Recall:
        assert source == self.name
        return self.memory


class ScriptedOrgHarness:
    """The part of `SourceHarness` that is the same for all of them."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self._server: RunningScriptedOrg = request.getfixturevalue("server")
        self._clock: Clock = request.getfixturevalue("clock")
        self._make_session: MakeSession = request.getfixturevalue("make_session")
        self._sessions: list[Session] = []

    @property
    def _org(self) -> ScriptedOrg:
        return self._server.org

    def expire(self) -> None:
        self._server.tokens.revoke_all()

    def recover(self) -> None:
        self._org.status = {}
        self._org.stuck = set()

    def interrupt(self) -> None:
        for session in self._sessions:
            session.close()
        self._sessions.clear()


class QueryHarness(ScriptedOrgHarness):
    """Of sources that query objects and leave nothing on disk."""

    def fail(self) -> None:
        refusal = (503, b"<html>maintenance</html>")
        self._org.status = {"query": refusal, "listing": refusal, "describe": refusal}

    def hang(self) -> threading.Event:
        self._org.stuck |= {"listing", "query"}
        return self._org.is_stuck

    def left_behind(self) -> list[str]:
        return []

"""Every channel is dead, nobody is on call, and then nothing runs for six hours: what was told late, and why, is written down."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.daemon.control.client import ask
from agent.notice.messages import outbox
from agent.notice.messages.message import Message, decode
from agent.store import keys
from agent.store.directory.state_directory import StateDirectory
from agent.store.state import StateRecall
from agent.trail.shard_trail import ShardTrail
from tests.chaos.receiving.received import Received
from tests.chaos.receiving.receivers import CHANNELS, Receivers
from tests.chaos.reports import report_until_taken
from tests.chaos.told_agent import ORG, ToldAgentSettings
from tests.end_to_end.broken_stream.moved_agent import CLOCK
from tests.end_to_end.broken_stream.moved_clock import MovedClock
from tests.end_to_end.forking import ForkedAgentProcess

STOPPED = timedelta(hours=6)
AWARE_BEFORE = timedelta(hours=70)
"""So that 90 % of the 72 hours have passed at the start, and all of them while nothing runs."""
PEOPLE = ("ana", "ben")


class StoppedAgent:
    """Its clock is moved; nobody is on call in these days."""

    def __init__(self, folder: Path, receivers: Receivers) -> None:
        later = datetime.now(UTC) + timedelta(days=3)
        rotation = {"name": "primary", "people": ["ana"], "every": "7d", "handover": "Mon 09:00 UTC"}
        hours = [f"{later:%a} 03:00-04:00"]
        policy = {
            "name": "default",
            "levels": ["high", "critical"],
            "steps": [
                {"notify": ["on_call"]},
                {"notify": ["on_call"], "after": "15m"},
                {"notify": ["everyone"], "after": "45m"},
            ],
            "repeat": 1,
        }
        settings = ToldAgentSettings(
            folder, receivers, policies=[policy], on_call={"rotations": [{**rotation, "hours": hours}]}
        )
        self.folder, self.listener = folder, settings.listener
        self.clock = MovedClock(folder / "clock")
        self.clock.move_to(timedelta(0))
        self.process = ForkedAgentProcess(
            folder,
            settings.document,
            module="tests.end_to_end.broken_stream.moved_agent",
            environment={CLOCK: str(self.clock.path)},
        )

        self._runs = False

    def start(self) -> None:
        self._runs = True
        self.process.start()

    def stop(self) -> int:
        """The exit status."""
        self._runs = False
        return self.process.stop()

    def close(self) -> None:
        if self._runs and self.process.pid:  # a test has failed
            self.process.kill()
        self.process.close()

    def ask(self, command: str, **arguments: Any) -> Any:
        answer = ask(self.folder / "state" / "control.sock", command, **arguments)
        assert answer is not None
        return answer

    def events(self) -> list[dict[str, Any]]:
        """What the destination has in the lane of alerts."""
        lines = [
            line
            for path in (self.folder / "out").glob("alerts*")
            for line in path.read_text().splitlines(keepends=True)
        ]
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def said(self, action: str) -> list[str]:
        """Messages of events of one kind, in order."""
        return [event["message"] for event in self.events() if event["event"]["action"] == action]

    def recorded(self) -> dict[str, list[dict[str, Any]]]:
        """Records of the trails of all shards by their type. It has ended."""
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        directory = StateDirectory(self.folder / "state")
        try:
            for name in (keys.PROCESS, ORG):
                for line in ShardTrail(directory.shard(name)).lines():
                    record = json.loads(line)
                    found[record["type"]].append(record)
        finally:
            directory.close()
        return found

    def messages(self) -> list[Message]:
        """All that it ever meant to send. It has ended."""
        directory = StateDirectory(self.folder / "state")
        try:
            recalls = [StateRecall(directory.shard(name), keys.RESPONSE.prefix) for name in (keys.PROCESS, ORG)]
            return [
                decode(data)
                for recall in recalls
                for key in list(recall.keys(outbox.MESSAGE))
                if (data := recall(key)) is not None
            ]
        finally:
            directory.close()


@pytest.fixture
def receivers(tmp_path: Path) -> Iterator[Receivers]:
    receivers = Receivers(tmp_path / "outside", any_time=True)
    yield receivers
    receivers.close()


@pytest.fixture
def stopped(tmp_path: Path, receivers: Receivers) -> Iterator[StoppedAgent]:
    agent = StoppedAgent(tmp_path / "agent", receivers)
    yield agent
    agent.close()


@pytest.mark.timeout(900)
def test_what_nobody_could_be_told_is_told_late_with_its_cause(receivers: Receivers, stopped: StoppedAgent) -> None:
    """Once all comes back: each message of each place is accepted or said to be replaced, under one id; and trail and events say
    that nobody was on call, that channels failed, that nothing ran, and how late it is.
    """
    for channel in CHANNELS:
        receivers.set(channel, "closed")
    agent = stopped.process
    stopped.start()
    report_until_taken(stopped.listener, "job-1")
    agent.wait_for(lambda: stopped.ask("incidents_list", limit=10)["incidents"])
    number = stopped.ask("incidents_list", limit=10)["incidents"][0]["id"]
    since = (datetime.now(UTC) - AWARE_BEFORE).isoformat()
    stopped.ask("incidents_anchor", number=number, anchors=[f"aware={since}"], by="ana", basis="seen by ana")
    agent.wait_for(lambda: stopped.said("no-notification-sent") and stopped.said("deadline-alarm"))
    agent.wait_for(lambda: len(failed_channels(stopped)) == len(CHANNELS))
    agent.wait_for(lambda: any(": alarm " in sentence for sentence in stopped.said("message-failed")))
    assert stopped.stop() == 0
    assert receivers.received() == []

    stopped.clock.move_to(STOPPED)
    for channel in CHANNELS:
        receivers.set(channel, "up")
    stopped.start()
    agent.wait_for(lambda: {message.kind for message in receivers.received()} >= {"escalation", "alarm"})
    agent.wait_for(lambda: not any(channel["waiting"] for channel in stopped.ask("status")["telling"]["channels"]))
    agent.wait_for(lambda: not failed_channels(stopped))
    agent.wait_for(lambda: len(stopped.said("message-accepted")) >= len(ids(receivers.received())))
    assert stopped.stop() == 0
    events_say(stopped)
    records_say(stopped)
    nothing_is_lost(stopped, receivers.received())


def failed_channels(stopped: StoppedAgent) -> set[str]:
    return {problem["subject"] for problem in stopped.ask("status")["problems"] if problem["kind"] == "channel-failed"}


def events_say(stopped: StoppedAgent) -> None:
    assert any("is on call" in sentence for sentence in stopped.said("no-notification-sent"))
    assert any("localhost" in sentence for sentence in stopped.said("message-failed"))
    steps, alarms = stopped.said("escalation-step"), stopped.said("deadline-alarm")
    assert any("late by 5 h" in sentence and "Leakline was not running" in sentence for sentence in steps), steps
    assert any("Leakline was not running" in sentence for sentence in alarms), alarms
    assert any("Leakline was not running" in sentence for sentence in stopped.said("clock-late"))
    accepted = stopped.said("message-accepted")
    assert any("Leakline was not running, and 1 attempt failed before" in sentence for sentence in accepted), accepted


def records_say(stopped: StoppedAgent) -> None:
    """Each event about an incident has its record."""
    recorded = stopped.recorded()
    told = ("no-notification-sent", "escalation-step", "deadline-alarm", "message-failed", "message-accepted")
    for action in told:
        assert len(recorded[action]) == len(stopped.said(action)) > 0, action
    late = [record["data"] for record in recorded["escalation-step"] if "late" in record["data"]]
    withdrawn = {message.id for message in stopped.messages() if message.state == "withdrawn"}
    assert withdrawn
    assert {number for data in late for number in data["replaced"]} == withdrawn


def nothing_is_lost(stopped: StoppedAgent, received: list[Received]) -> None:
    meant = stopped.messages()
    assert {message.state for message in meant} <= {"accepted", "withdrawn"}
    assert ids(received) == {message.id for message in meant if message.state == "accepted"}
    # What was withdrawn is replaced by a newer one to the same place that was accepted.
    newest = {(message.target.channel, message.target.address) for message in meant if message.state == "accepted"}
    assert {(message.target.channel, message.target.address) for message in meant} == newest
    occasions = defaultdict(set)
    for message in received:
        if message.kind == "escalation" and message.due:
            occasions[message.channel, message.tier, message.due].add(message.id)
    assert occasions
    assert all(len(numbers) == 1 for numbers in occasions.values())


def ids(received: list[Received]) -> set[str]:
    return {message.id for message in received}

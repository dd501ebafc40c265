"""A run: an agent under a supervisor, receivers outside, havoc, and incidents now and then."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson
import yaml

from tests.chaos.havoc import Havoc, Pace
from tests.chaos.receiving.receivers import CHANNELS, Receivers
from tests.chaos.responders import Responders
from tests.chaos.supervisor import Supervisor
from tests.chaos.told_agent import ToldAgentSettings
from tests.chaos.verdict import (
    IN_TIME,
    CanaryVerdict,
    IncidentVerdict,
    canary_verdict,
    gaps,
    incident_verdict,
    longest_gap,
    planned_times,
)

START_WITHIN = 300.0
"""Seconds until the first canary has come, before anything goes wrong; no measure of speed."""
SETTLED_AFTER = 30.0
"""Seconds in which what is late can still come, with all receivers up and the agent running."""
HEARTBEAT_EVERY = 10.0
SILENCE = 300.0
"""Seconds without a heartbeat after which a monitor should call somebody (docs/escalation.md)."""


@dataclass(frozen=True)
class ChaosResult:
    """Of one run."""

    seed: int
    every: float
    """Seconds between two canaries."""
    minutes: float
    canaries: CanaryVerdict
    incidents: IncidentVerdict
    kills: int
    starts: int
    ended_otherwise: list[int]
    downs: Mapping[str, int]
    down_share: float
    """Of the time, in which one of the receivers was down."""
    busy_spells: int
    longest_silence: float
    """Seconds between two heartbeats."""
    silences: int
    """Longer than a monitor should wait."""
    unsigned: int
    """Webhooks that the receiver could not verify."""

    @property
    def is_kept(self) -> bool:
        return self.canaries.is_kept and self.incidents.is_kept and not self.ended_otherwise and not self.unsigned


def run_chaos(folder: Path, minutes: float, every: float, pace: Pace, seed: int) -> ChaosResult:
    """`folder`: is made; `every`: whole seconds between two canaries. Takes a minute or two longer than `minutes`."""
    receivers = Receivers(folder / "outside")
    settings = ToldAgentSettings(
        folder / "agent",
        receivers,
        canary={"every": f"{every:g}s", "channels": list(CHANNELS)},
        heartbeat=receivers.heartbeat(f"{HEARTBEAT_EVERY:g}s"),
        policies=[
            {
                "name": "default",
                "levels": ["high", "critical"],
                "steps": [{"notify": ["on_call"]}, {"notify": ["everyone"], "after": "2m"}],
            }
        ],
    )
    path = folder / "agent" / "leakline.yaml"
    path.write_text(yaml.safe_dump(settings.document))
    supervisor = Supervisor(path, folder / "agent" / "leakline.log")
    try:
        _wait_for_the_first(receivers)
        responders = Responders(settings.listener, receivers, pace.incidents, seed)
        begin = time.time()
        havoc = Havoc(supervisor, receivers, pace, seed)
        time.sleep(minutes * 60)
        end = time.time()
        responders.end_reports()
        havoc.close()
        time.sleep(SETTLED_AFTER)
        responders.close()
        status = supervisor.close()
    finally:
        supervisor.close()
        receivers.close()
    received, responses = receivers.received(), responders.responses
    # Of the last minute nobody can say whether it was in time: everything still went wrong to its end.
    planned = planned_times(begin, end - IN_TIME, every)
    heartbeats = receivers.heartbeats()
    return ChaosResult(
        seed,
        every,
        (end - begin) / 60,
        canary_verdict(received, planned),
        incident_verdict(received, responses.reported, opened(folder / "agent" / "out"), responses.acknowledged),
        len(havoc.kills),
        supervisor.starts,
        [*supervisor.ended_otherwise, *([status] if status else [])],
        dict(sorted(havoc.downs.items())),
        havoc.down_seconds / (end - begin),
        havoc.busy_spells,
        longest_gap(heartbeats, begin, end),
        gaps(heartbeats, begin, end, SILENCE),
        sum(message.kind == "unsigned" for message in received),
    )


def opened(out: Path) -> dict[str, str]:
    """The incident of each report, by the report's name, as the file destination has them."""
    found: dict[str, str] = {}
    for path in out.glob("alerts*"):
        for line in path.read_bytes().splitlines(keepends=True):
            if not line.endswith(b"\n"):
                continue
            document = orjson.loads(line)
            number = document.get("leakline", {}).get("incident", {}).get("id")
            name = str(document.get("user", {}).get("name", "")).partition("@")[0]
            if number and name:
                found.setdefault(name, number)
    return found


def _wait_for_the_first(receivers: Receivers) -> None:
    until = time.monotonic() + START_WITHIN
    while {message.channel for message in receivers.received("canary")} != set(CHANNELS):
        assert time.monotonic() < until, "no canary came"
        time.sleep(0.2)

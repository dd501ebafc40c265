"""An escalation of two minutes at real speed: real daemon, mail server and receiver of webhooks, and the link that ends it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.receiving.received import Received
from tests.chaos.receiving.receivers import Receivers
from tests.chaos.reports import ACKNOWLEDGED, BUTTON, acknowledge, report_until_taken, shown
from tests.chaos.told_agent import ToldAgentSettings
from tests.end_to_end.agent_process import AgentProcess

AFTER = (0, 30, 60, 90)
"""Seconds of the tiers."""
IN_TIME = 30.0
"""Seconds after its time within which each tier is to be received."""
QUIET = 12.0
"""Seconds of silence after the acknowledgement; the next round would begin meanwhile."""
NOTIFY = (["on_call"], ["on_call"], ["on_call", "ben"], ["everyone"])


@pytest.fixture
def receivers(tmp_path: Path) -> Iterator[Receivers]:
    receivers = Receivers(tmp_path / "outside")
    yield receivers
    receivers.close()


@pytest.mark.long
@pytest.mark.skipif(not os.environ.get("LEAKLINE_ATTACK"), reason="minutes long: .ci/run runs it")
@pytest.mark.timeout(900)
def test_each_tier_comes_in_its_time_until_the_link_is_used(receivers: Receivers, tmp_path: Path) -> None:
    """Within 30 s, over both channels, to each tier's people; opening the link ends nothing, its button all of it."""
    steps = [{"notify": notify, "after": f"{after}s"} for notify, after in zip(NOTIFY, AFTER, strict=True)]
    policy = {"name": "default", "levels": ["high"], "steps": steps, "repeat": 1, "repeat_after": f"{QUIET / 2:g}s"}
    settings = ToldAgentSettings(tmp_path / "agent", receivers, policies=[policy])
    agent = AgentProcess(tmp_path / "agent", settings.document)
    agent.start()
    try:
        began = report_until_taken(settings.listener, "job-1")
        agent.wait_for(lambda: {(call.tier, call.channel) for call in calls(receivers)} >= both(range(1, len(AFTER))))
        link = calls(receivers)[0].link
        page = shown(link)
        assert BUTTON in page
        assert calls(receivers)[0].incident in page
        agent.wait_for(lambda: {(call.tier, call.channel) for call in calls(receivers)} == both(range(1, 5)))
        assert f"<h1>{ACKNOWLEDGED}</h1>" in acknowledge(link)
        time.sleep(1.0)  # what was on its way
        told = len(calls(receivers))
        time.sleep(QUIET)
        assert len(calls(receivers)) == told
    finally:
        status = agent.stop()
    assert status == 0
    for tier, after in enumerate(AFTER, 1):
        times = [call.at for call in calls(receivers) if call.tier == tier]
        late = [at - began - after for at in times]
        print(f"tier {tier}: {', '.join(f'{seconds:.1f}' for seconds in late)} s after its time")
        assert all(-1 < seconds <= IN_TIME for seconds in late)
    # Mail of the third and fourth tier goes to both; on the channel without addresses all share a place.
    assert [number_of(receivers, tier, "mail") for tier in range(1, 5)] == [1, 1, 2, 2]
    assert [number_of(receivers, tier, "hook") for tier in range(1, 5)] == [1, 1, 1, 1]


def calls(receivers: Receivers) -> list[Received]:
    return receivers.received("escalation")


def both(tiers: range) -> set[tuple[int, str]]:
    return {(tier, channel) for tier in tiers for channel in ("mail", "hook")}


def number_of(receivers: Receivers, tier: int, channel: str) -> int:
    """Messages, by their ids."""
    return len({call.id for call in calls(receivers) if call.tier == tier and call.channel == channel})

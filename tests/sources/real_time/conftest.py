"""A stream source before a scripted org and a scripted Pub/Sub API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.scripted_org.scripted_org import ScriptedOrg
from tests.scripted_pubsub.scripted_pubsub import ScriptedPubSub
from tests.sources.conftest import MakeSession
from tests.sources.reader import Clock
from tests.sources.real_time.stream_driver import StreamDriver


@pytest.fixture
def driver(org: ScriptedOrg, pubsub: ScriptedPubSub, make_session: MakeSession, clock: Clock) -> Iterator[StreamDriver]:
    """With two channels, from the earliest event on."""
    driver = StreamDriver(org, pubsub, make_session, clock)
    yield driver
    driver.end()

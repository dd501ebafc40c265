"""How much is let come, how it is handed over, and what connections are refused."""

from __future__ import annotations

from typing import Any

import pytest

from agent.errors import NotReady
from tests.sources.conftest import MakeSession
from tests.sources.real_time.stream_driver import FILES, LOGINS, StreamDriver


def test_nothing_more_is_asked_for_while_the_loop_does_not_ask(driver: StreamDriver) -> None:
    """Credits are given for what was handed over, so that memory stays flat behind a slow disk."""
    labels = [f"login {number}" for number in range(350)]
    driver.pubsub.give(LOGINS, *map(driver.values, labels))
    driver.run(lambda: bool(driver.rows()) and driver.pubsub.open_streams == 2)
    assert driver.pubsub.asked == 200
    driver.receive(*labels)
    assert driver.rows() == labels
    assert driver.pubsub.asked <= 200 + 350


def test_large_events_are_asked_for_in_small_numbers(driver: StreamDriver) -> None:
    """After the first response a channel is let send about 4 MB at a time."""
    labels = [f"{number} {'x' * 100_000}" for number in range(100)]
    driver.pubsub.give(LOGINS, *(driver.values(label, EventIdentifier=label[:3]) for label in labels))
    driver.receive(*labels)
    driver.run(lambda: driver.pubsub.asked > 200)
    assert driver.pubsub.asked <= 200 + 42


def test_channels_are_handed_over_by_event_type(driver: StreamDriver) -> None:
    """Each batch has the spelling where it was read, and a cursor of all channels."""
    driver.logins("login")
    driver.pubsub.give(FILES, driver.values("file"))
    driver.receive("login", "file")
    assert sorted(batch.event_type for batch in driver.filled()) == [FILES, LOGINS]
    assert {batch.source for batch in driver.filled()} == {"real_time_event_monitoring"}
    assert FILES in (driver.cursor or "")
    assert LOGINS in (driver.cursor or "")


def test_the_same_event_has_the_same_id_wherever_it_is_read(driver: StreamDriver) -> None:
    """By its EventIdentifier; without one by its cells."""
    driver.logins("named", EventIdentifier="one")
    driver.logins("named again", EventIdentifier="one")
    driver.logins("unnamed", EventIdentifier=None)
    driver.logins("unnamed", EventIdentifier=None)
    driver.run(lambda: len(driver.rows()) == 4)
    ids = driver.rows("event.id")
    assert ids[0] == ids[1]
    assert len({*ids}) == 4 - 1


def test_the_state_of_each_channel_is_shown(driver: StreamDriver) -> None:
    """What it is, and up to when it is read."""
    driver.logins("login")
    driver.receive("login")
    driver.run(lambda: [feed.read_up_to for feed in driver.source.feeds()] == [driver.clock()] * 2)
    feeds = {feed.name: feed for feed in driver.source.feeds()}
    assert (feeds[LOGINS].state, feeds[LOGINS].problem) == ("streaming", "")
    driver.end()
    assert driver.source.feeds() == ()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"proxy": {"url": "https://proxy.example.com:3128"}}, "http://"),
        ({"tls": {"ca": "/nowhere.pem"}}, "readable PEM file"),
        ({"tls": {"minimum_version": "1.3"}}, "TLS 1.2"),
    ],
)
def test_what_grpc_cannot_do_is_refused(
    driver: StreamDriver, make_session: MakeSession, settings: dict[str, Any], message: str
) -> None:
    """And is not left out in silence."""
    driver.make_session = lambda: make_session(**settings)
    driver.restart()
    with pytest.raises(NotReady, match=message):
        driver.run(lambda: False)

"""Channels that an org offers, does not offer any more, or offers again."""

from __future__ import annotations

import grpc
import pytest

from agent.errors import Forbidden
from agent.sources.real_time.discovery import Discovery
from agent.sources.real_time.wire.access import Access
from agent.sources.salesforce.token import Token
from tests.scripted_pubsub.scripted_pubsub import NOT_FOUND, Refusal
from tests.sources.real_time.stream_driver import FILES, LOGINS, StreamDriver


def test_an_org_that_streams_nothing_says_what_to_do(driver: StreamDriver) -> None:
    """Of events that the settings name each is reported."""
    driver.restart(events=["LoginEvent", "ReportEventStream"])
    driver.run(lambda: bool(driver.own("stream-missing")))
    (event,) = driver.own("stream-missing")
    assert event["leakline.channel"] == "ReportEvent"
    assert "Event Manager" in event["message"]
    driver.end()
    driver.pubsub.topics.clear()
    driver.restart(events="all")
    with pytest.raises(Forbidden, match="Event Manager"):
        driver.run(lambda: False)


def test_a_channel_that_is_switched_on_is_found(driver: StreamDriver) -> None:
    """At the next look, while the others go on; what was missing is reported as found."""
    driver.restart(events=["LoginEvent", "ReportEvent"])
    driver.logins("login")
    driver.receive("login")
    driver.run(lambda: bool(driver.own("stream-missing")))
    driver.offer("ReportEventStream")
    driver.pubsub.give("ReportEventStream", driver.values("report"))
    driver.seconds += 301
    driver.receive("report")
    driver.run(lambda: bool(driver.own("stream-found")))


def test_a_channel_that_is_not_offered_any_more_is_a_failure_over_restarts(driver: StreamDriver) -> None:
    """Its open stream, which would still give signs of life, ends; nobody has to be connected when it is switched off."""
    driver.logins("login")
    driver.pubsub.give(FILES, driver.values("file"))
    driver.receive("login", "file")
    driver.pubsub.refusals[LOGINS] = NOT_FOUND
    driver.restart()
    driver.run(lambda: bool(driver.own("stream-failed")))
    (event,) = driver.own("stream-failed")
    assert event["leakline.channel"] == LOGINS
    assert "Event Manager" in event["message"]
    driver.pubsub.change(refusals={})
    driver.seconds += 301
    driver.run(lambda: bool(driver.own("stream-recovered")))


def test_a_channel_that_is_switched_off_for_a_day_is_not_a_failure_any_more(driver: StreamDriver) -> None:
    """It is reported once, over a restart too, status says so; and when it is switched on again."""
    driver.logins("login")
    driver.pubsub.give(FILES, driver.values("file"))
    driver.receive("login", "file")
    topic = driver.pubsub.topics.pop(LOGINS)
    driver.restart()
    driver.run(lambda: bool(driver.own("stream-failed")))
    driver.seconds += 61
    driver.run(lambda: f"absent/{LOGINS}" in driver.memory)
    driver.clock.advance(hours=25)
    driver.restart()
    driver.run(lambda: bool(driver.own("stream-withdrawn")))
    driver.restart()
    driver.run(lambda: [feed.state for feed in driver.source.feeds()] == ["streaming", "withdrawn"])
    assert len(driver.own()) == 2
    driver.pubsub.topics[LOGINS] = topic
    driver.seconds += 301
    driver.run(lambda: bool(driver.own("stream-recovered")))
    driver.run(lambda: {feed.state for feed in driver.source.feeds()} == {"streaming"})
    driver.seconds += 61
    driver.run(lambda: f"absent/{LOGINS}" not in driver.memory)


def test_a_channel_is_waited_for_a_day_from_when_it_is_switched_off(driver: StreamDriver) -> None:
    """However long it had failed before."""
    driver.logins("login")
    driver.pubsub.give(FILES, driver.values("file"))
    driver.receive("login", "file")
    driver.pubsub.refusals[LOGINS] = Refusal()
    driver.restart()
    driver.run(lambda: bool(driver.own("stream-failed")))
    driver.clock.advance(hours=25)
    del driver.pubsub.topics[LOGINS]
    driver.restart()
    driver.run(lambda: "refused" in {feed.state for feed in driver.source.feeds()})
    driver.seconds += 61
    driver.run(lambda: f"absent/{LOGINS}" in driver.memory)
    driver.restart()
    driver.pubsub.give(FILES, driver.values("later"))
    driver.receive("later")
    assert driver.own("stream-withdrawn") == []


def test_a_channel_that_this_user_may_not_see_stays_a_failure(driver: StreamDriver) -> None:
    """However long: nobody switched it off."""
    driver.logins("login")
    driver.pubsub.give(FILES, driver.values("file"))
    driver.receive("login", "file")
    driver.pubsub.refusals[LOGINS] = Refusal(grpc.StatusCode.PERMISSION_DENIED, "topic.meta.permission")
    driver.restart()
    driver.run(lambda: bool(driver.own("stream-failed")))
    driver.clock.advance(hours=25)
    driver.restart()
    driver.pubsub.give(FILES, driver.values("later"))
    driver.receive("later")
    driver.run(lambda: "refused" in {feed.state for feed in driver.source.feeds()})
    assert driver.own("stream-withdrawn") == []


def test_a_channel_is_off_where_the_org_does_not_have_it() -> None:
    """Neither one that is read nor one that is kept from this user."""
    access = Access(Token("token", "https://localhost", "00D000000000001AAA"))
    found = Discovery(access, ["Read"], {"Kept": "why", "Off": "why"}, {}, absent=["Off"])
    assert [found.is_off(channel) for channel in ("Read", "Kept", "Off", "Unnamed")] == [False, False, True, True]

"""What other sides do that they should not: each channel is by itself, and nothing stops a topic."""

from __future__ import annotations

import pytest

from agent.errors import Forbidden, TransportError, Unauthorized
from agent.sources.real_time.renewals import AT_ONCE
from tests.scripted_pubsub.scripted_pubsub import EXPIRED, NOT_FOUND, Refusal
from tests.scripted_pubsub.scripted_topic import DEFAULT_FIELDS, payload_of, schema_of
from tests.sources.real_time.stream_driver import FILES, LOGINS, StreamDriver


def test_a_channel_that_fails_does_not_stop_its_neighbours(driver: StreamDriver) -> None:
    """It is reported once, tried again while the others go on, and its recovery is reported."""
    driver.pubsub.refusals[LOGINS] = Refusal()
    driver.pubsub.give(FILES, driver.values("file"))
    driver.logins("login")
    driver.run(lambda: bool(driver.own("stream-failed")))
    driver.receive("file")
    driver.pubsub.give(FILES, driver.values("another"))
    driver.receive("another")
    assert [event["leakline.channel"] for event in driver.own("stream-failed")] == [LOGINS]
    driver.pubsub.change(refusals={})
    driver.seconds += 600
    driver.receive("login")
    driver.run(lambda: bool(driver.own("stream-recovered")))
    assert len(driver.own("stream-failed")) == 1


def test_a_failure_that_was_reported_before_a_restart_ends_after_it(driver: StreamDriver) -> None:
    """The report is remembered: it is not made again, and its end is."""
    driver.pubsub.refusals[LOGINS] = Refusal()
    driver.run(lambda: bool(driver.own("stream-failed")))
    driver.restart()
    driver.pubsub.change(refusals={})
    driver.run(lambda: bool(driver.own("stream-recovered")))
    assert len(driver.own("stream-failed")) == 1


def test_servers_that_are_replaced_are_not_a_problem(driver: StreamDriver) -> None:
    """A stream that ends is opened again at once, behind its last event."""
    driver.logins("first")
    driver.receive("first")
    driver.pubsub.change(once={LOGINS: Refusal(), FILES: Refusal()})
    driver.logins("second")
    driver.receive("second")
    assert driver.rows() == ["first", "second"]
    assert driver.own() == []


def test_a_token_that_expires_in_a_stream_is_renewed_once_for_all(driver: StreamDriver) -> None:
    """The streams go on with the new one."""
    driver.logins("first")
    driver.receive("first")
    granted = len(driver.org.forms)
    driver.pubsub.change(once={LOGINS: EXPIRED, FILES: EXPIRED})
    driver.logins("second")
    driver.receive("second")
    assert len(driver.org.forms) == granted + 1
    assert driver.own() == []


def test_a_token_that_expires_again_at_once_is_renewed_too(driver: StreamDriver) -> None:
    """A session that ends moments after it was renewed is not a refusal."""
    driver.logins("first")
    driver.receive("first")
    granted = len(driver.org.forms)
    driver.pubsub.change(is_valid=lambda _: len(driver.org.forms) >= granted + 2)
    driver.logins("second")
    driver.receive("second")
    assert len(driver.org.forms) == granted + 2
    assert driver.own() == []


def test_a_user_whose_new_tokens_are_refused_is_not_signed_in_without_end(driver: StreamDriver) -> None:
    """Three in succession are a refusal: it is reported, and left alone for a while."""
    driver.logins("first")
    driver.receive("first")
    granted = len(driver.org.forms)
    driver.pubsub.change(is_valid=lambda _: False)
    with pytest.raises(Unauthorized, match=r"service\.auth\.error"):
        driver.run(lambda: False)
    assert len(driver.org.forms) == granted + AT_ONCE


def test_a_silent_stream_is_opened_again(driver: StreamDriver) -> None:
    """One that is silent for longer than Salesforce lets it be is dead, although its connection lives."""
    driver.logins("first")
    driver.receive("first")
    driver.pubsub.change(silent=True)
    driver.logins("second")
    driver.seconds += 331
    driver.pubsub.change(silent=False)
    opened = driver.pubsub.calls["Subscribe"]
    driver.run(lambda: driver.pubsub.calls["Subscribe"] > opened or "second" in driver.rows())
    driver.receive("second")
    assert driver.rows() == ["first", "second"]


def test_no_channel_at_all_is_an_outage(driver: StreamDriver) -> None:
    """Then the source ends, and says what the other side says."""
    driver.pubsub.refusals["Subscribe"] = Refusal()
    with pytest.raises(TransportError, match=r"service\.unavailable"):
        driver.run(lambda: False)
    driver.restart()
    driver.pubsub.refusals["Subscribe"] = NOT_FOUND
    with pytest.raises(Forbidden, match="Event Manager"):
        driver.run(lambda: False)


def test_streams_cost_no_api_calls(driver: StreamDriver) -> None:
    """Where they are used up, the channels of the last time are read."""
    driver.logins("first")
    driver.receive("first")
    driver.seconds += 61
    driver.run(lambda: "channels" in driver.memory)
    driver.restart()
    refusal = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
    driver.org.status["describe"] = (403, refusal)
    driver.logins("second")
    driver.receive("second")


def test_events_of_a_new_schema_go_on(driver: StreamDriver) -> None:
    """A field that is new is a column of its own; rows of both schemas are in one batch."""
    driver.pubsub.schemas["schema-2"] = schema_of({**DEFAULT_FIELDS, "NewField": ["null", "string"]})
    driver.logins("old")
    driver.pubsub.give(LOGINS, driver.values("new", NewField="x"), schema_id="schema-2")
    driver.receive("old", "new")
    (batch,) = driver.filled()
    assert batch.frame["NewField"].to_list() == [None, "x"]


def test_what_cannot_be_read_is_kept_and_the_topic_goes_on(driver: StreamDriver) -> None:
    """An unknown schema, a payload that does not fit, one that has bytes left over, and one that is huge."""
    whole = payload_of(driver.pubsub.schemas["schema-1"], driver.values("whole"))
    driver.pubsub.give_raw(LOGINS, whole, schema_id="unknown")
    driver.pubsub.give_raw(LOGINS, b"\xff" * 12, whole + b"\x00", b"\x00" * (5 << 20))
    driver.logins("after")
    driver.receive("after")
    rejections = [rejection for batch in driver.batches for rejection in batch.rejections]
    words = ["does not have its schema", "does not fit", "left over", "5,242,880 bytes"]
    assert [word in rejection.reason for word, rejection in zip(words, rejections, strict=True)] == [True] * 4
    assert [len(rejection.raw) for rejection in rejections] == [len(whole), 12, len(whole) + 1, 1 << 20]
    assert driver.rows() == ["after"]


def test_a_schema_that_is_not_there_now_ends_in_another_attempt(driver: StreamDriver) -> None:
    """What cannot be asked for the moment is not rejected: its events come again."""
    driver.pubsub.refusals["GetSchema"] = Refusal(suffix="schema.api.unavailable")
    driver.logins("first")
    driver.run(lambda: bool(driver.own("stream-failed")))
    driver.restart()
    driver.pubsub.change(refusals={})
    driver.receive("first")
    assert [batch.rejections for batch in driver.filled()] == [[]]


def test_an_event_that_nobody_knows_is_reported_once(driver: StreamDriver) -> None:
    """It is forwarded as it comes, also after a restart."""
    driver.offer("MobileEmailEvent", "BrandNewEvent")
    for channel in ("MobileEmailEvent", "BrandNewEvent", LOGINS):
        driver.pubsub.give(channel, driver.values(f"{channel} first"))
    driver.receive("MobileEmailEvent first", "BrandNewEvent first", f"{LOGINS} first")
    driver.run(lambda: len(driver.own("event-without-mapping")) == 2)
    driver.restart()
    driver.pubsub.give("BrandNewEvent", driver.values("second"))
    driver.receive("second")
    driver.run(lambda: driver.source.held == 0)
    assert len(driver.own("event-without-mapping")) == 2


def test_an_org_that_asks_for_fewer_attempts_is_told_of_at_once_and_left_alone(driver: StreamDriver) -> None:
    """The next attempt is a minute away: until then nothing is received."""
    driver.pubsub.refusals["Subscribe"] = Refusal(suffix="subscription.limit.exceeded")
    with pytest.raises(Forbidden, match=r"subscription\.limit\.exceeded"):
        driver.run(lambda: False)

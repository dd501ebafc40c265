"""Where reading continues: after restarts, refused replay ids and outages; and what is known to be covered."""

from __future__ import annotations

import orjson
import pytest

from agent.pubsub_api.pubsub_api_pb2 import CUSTOM, EARLIEST, LATEST
from agent.sources.event_identity import ONCE
from agent.sources.real_time.channel_openings import PUBLISHED_WITHIN, SKEW
from agent.sources.real_time.stream_cursor import ReplayPosition, decode
from tests.scripted_pubsub.scripted_pubsub import CORRUPTED, Refusal, ScriptedPubSub
from tests.sources.real_time.stream_driver import FILES, LOGINS, StreamDriver

HOUR = 3_600_000
NOWHERE = ReplayPosition(0)


def presets(pubsub: ScriptedPubSub, channel: str = LOGINS) -> list[int]:
    return [request.replay_preset for request in pubsub.requests if request.topic_name == f"/event/{channel}"]


def test_a_start_with_the_latest_does_not_move_by_a_restart(driver: StreamDriver) -> None:
    """What happens while Leakline is down before the first event came is taken; what happened before the start is not."""
    driver.logins("too early")
    driver.restart(start="latest")
    driver.pubsub.says_when_empty = False
    driver.clock.advance(hours=1)
    driver.run(lambda: LOGINS in (driver.cursor or "") and LATEST in presets(driver.pubsub))
    driver.restart()
    driver.clock.advance(minutes=1)
    driver.logins("meanwhile")
    driver.receive("meanwhile")
    assert driver.rows() == ["meanwhile"]
    assert presets(driver.pubsub) == [LATEST, EARLIEST]


def test_a_start_with_the_latest_does_not_move_by_a_refused_replay_id(driver: StreamDriver) -> None:
    """What happened before the start is not taken, neither behind a response without events nor behind the first event."""
    driver.logins("too early")
    driver.clock.advance(hours=1)
    driver.restart(start="latest")
    driver.run(lambda: LATEST in presets(driver.pubsub) and "covered/LoginEvent" in driver.memory)
    driver.seconds += 61
    driver.run(lambda: bool(decode(driver.cursor).get(LOGINS, NOWHERE).replay_id))
    for label in ("first", "second"):
        driver.restart()
        driver.pubsub.once[LOGINS] = CORRUPTED
        driver.clock.advance(minutes=5)
        driver.logins(label)
        driver.receive(label)
        assert presets(driver.pubsub)[-2:] == [CUSTOM, EARLIEST]
    assert driver.rows() == ["first", "first", "second"]


def test_what_is_published_late_is_taken_behind_a_replay_id(driver: StreamDriver) -> None:
    """Also of before the start: the org had not said it by then."""
    driver.restart(start="latest")
    driver.run(lambda: LATEST in presets(driver.pubsub) and "covered/LoginEvent" in driver.memory)
    before = driver.milliseconds() - HOUR
    driver.logins("late", CreatedDate=before, EventDate=before)
    driver.receive("late")


def test_each_channel_continues_behind_what_was_handed_over(driver: StreamDriver) -> None:
    """Replay ids are of the channels, and a restart asks for what lies behind them."""
    driver.logins("first")
    driver.pubsub.give(FILES, driver.values("file"))
    driver.receive("first", "file")
    driver.restart()
    driver.logins("second")
    driver.receive("second")
    assert sorted(driver.rows()) == ["file", "first", "second"]
    assert presets(driver.pubsub)[-1] == presets(driver.pubsub, FILES)[-1] == CUSTOM


def test_a_channel_where_nothing_happens_moves_once_a_minute(driver: StreamDriver) -> None:
    """An empty response says that nothing came up to now; one commit moves all channels."""
    driver.logins("first")
    driver.receive("first")
    before, count = driver.cursor, len(driver.batches)
    driver.clock.advance(hours=1)
    driver.pubsub.change(once={LOGINS: Refusal()})
    driver.run(lambda: CUSTOM in presets(driver.pubsub) and driver.source.held == 0)
    driver.seconds += 61
    driver.run(lambda: driver.cursor != before)
    assert len(driver.batches) == count + 1
    assert not driver.batches[-1].frame.height


def test_a_refused_replay_id_begins_with_the_earliest(driver: StreamDriver) -> None:
    """Nothing is lost within the retention; that events come again is reported, and no gap is."""
    driver.logins("first")
    driver.receive("first")
    driver.restart()
    driver.pubsub.once[LOGINS] = CORRUPTED
    driver.clock.advance(hours=10)
    driver.logins("second")
    driver.receive("second")
    assert presets(driver.pubsub)[-2:] == [CUSTOM, EARLIEST]
    assert driver.rows() == ["first", "first", "second"]
    assert {batch.once for batch in driver.filled()} == {ONCE}
    driver.run(lambda: bool(driver.own("replay-id-refused")))
    assert driver.own("stream-gap") == []


@pytest.mark.parametrize("is_refused", [True, False])
def test_an_outage_beyond_the_retention_is_a_gap(driver: StreamDriver, is_refused: bool) -> None:
    """Its bounds are reported, remembered for whoever fills it, and left out of what is covered; once."""
    driver.logins("first")
    driver.receive("first")
    begin = driver.milliseconds()
    driver.restart()
    driver.clock.advance(hours=72.5 if is_refused else 80)
    if is_refused:
        driver.pubsub.once[LOGINS] = CORRUPTED
    end = driver.milliseconds() - 72 * HOUR + SKEW
    driver.logins("second")
    driver.receive("second")
    driver.run(lambda: bool(driver.own("stream-gap")))
    key = f"gap/LoginEvent/{begin - PUBLISHED_WITHIN}"
    assert orjson.loads(driver.memory[key]) == {"from": begin - PUBLISHED_WITHIN, "to": end, "filled": []}
    driver.seconds += 61
    driver.run(lambda: driver.covered("LoginEvent")[-1][1] == driver.milliseconds())
    assert driver.covered("LoginEvent") == [[begin, begin], [end, driver.milliseconds()]]
    driver.restart()
    driver.logins("third")
    driver.receive("third")
    assert [event["leakline.channel"] for event in driver.own("stream-gap")].count(LOGINS) == 1


def test_an_outage_ends_when_something_is_streamed_again(driver: StreamDriver) -> None:
    """What leaves the retention while streams are tried and refused is within the gap, too; and it is one gap."""
    driver.logins("first")
    driver.receive("first")
    begin = driver.milliseconds()
    driver.restart()
    driver.clock.advance(hours=80)
    driver.pubsub.change(refusals={LOGINS: Refusal()})
    driver.run(lambda: EARLIEST in presets(driver.pubsub) and driver.pubsub.open_streams <= 1)
    driver.clock.advance(minutes=50)
    driver.restart()
    driver.pubsub.change(refusals={})
    driver.logins("second")
    driver.receive("second")
    driver.run(lambda: bool(driver.own("stream-gap")))
    end = driver.milliseconds() - 72 * HOUR + SKEW
    assert orjson.loads(driver.memory[f"gap/LoginEvent/{begin - PUBLISHED_WITHIN}"])["to"] == end
    assert [event["leakline.channel"] for event in driver.own("stream-gap")].count(LOGINS) == 1


def test_a_gap_is_remembered_before_the_rows_behind_it(driver: StreamDriver) -> None:
    """Whoever is killed between the two commits does not forget it."""
    driver.logins("first")
    driver.receive("first")
    driver.restart()
    driver.clock.advance(hours=80)
    driver.logins("second")
    driver.receive("second")
    remembered = [any(key.startswith("gap/LoginEvent/") for key in batch.remember) for batch in driver.batches]
    (last,) = [number for number, batch in enumerate(driver.batches) if batch is driver.filled()[-1]]
    assert True in remembered[:last]


def test_what_is_covered_is_one_span_over_restarts(driver: StreamDriver) -> None:
    """A restart that continues behind the last event leaves no gap."""
    driver.logins("first")
    driver.receive("first")
    begin = driver.milliseconds()
    for label in ("second", "third"):
        driver.restart()
        driver.clock.advance(hours=5)
        driver.logins(label)
        driver.receive(label)
    driver.seconds += 61
    driver.run(lambda: driver.covered("LoginEvent")[-1][1] == driver.milliseconds())
    assert driver.covered("LoginEvent") == [[begin, driver.milliseconds()]]

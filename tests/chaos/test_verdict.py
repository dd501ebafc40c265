"""What a run is judged to be, by what receivers noted."""

import math
from datetime import UTC, datetime
from itertools import count

from tests.chaos.receiving.received import Received
from tests.chaos.verdict import canary_verdict, gaps, incident_verdict, longest_gap, planned_times

BEGIN = 1_795_000_000.0
_numbers = count()


def canary(due: float, after: float, channel: str = "mail", number: str = "") -> Received:
    at = datetime.fromtimestamp(due, UTC).isoformat()
    return Received(due + after, channel, number or f"msg-{next(_numbers)}", "canary", "canary", "", at)


def call(incident: str, at: float, due: str, number: str, channel: str = "hook") -> Received:
    return Received(at, channel, number, "escalation", "an incident waits", "", due, incident, 1)


def test_a_canary_counts_once_by_its_first_receipt() -> None:
    """In time within a minute on either channel; late after it; lost if it never came."""
    planned = planned_times(BEGIN, BEGIN + 9, 2)
    assert planned == [BEGIN, BEGIN + 2, BEGIN + 4, BEGIN + 6, BEGIN + 8]
    verdict = canary_verdict(
        [
            canary(BEGIN, 70), canary(BEGIN, 1, "hook"), canary(BEGIN + 2, 60), canary(BEGIN + 4, 61),
            canary(BEGIN + 20, 1),
        ],
        planned,
    )  # fmt: skip
    assert (verdict.planned, verdict.in_time, verdict.late, verdict.lost) == (5, 2, 1, 2)
    assert verdict.availability == 0.4
    assert verdict.delays == [1, 60, 61]
    assert not verdict.is_kept


def test_the_same_id_again_is_allowed_and_another_one_is_not() -> None:
    """Each channel has an id of its own for a time."""
    planned = [BEGIN]
    allowed = canary_verdict(
        [canary(BEGIN, 1, "mail", "a"), canary(BEGIN, 2, "mail", "a"), canary(BEGIN, 2, "hook", "b")], planned
    )
    assert (allowed.again, allowed.two_ids, allowed.is_kept) == (1, 0, True)
    refused = canary_verdict([canary(BEGIN, 1, "mail", "a"), canary(BEGIN, 2, "mail", "c")], planned)
    assert (refused.again, refused.two_ids, refused.is_kept) == (0, 1, False)


def test_planned_times_are_those_between_begin_and_end() -> None:
    """Whole multiples of the span, the ends included."""
    assert planned_times(10.5, 20, 2) == [12, 14, 16, 18, 20]
    assert planned_times(11, 11.5, 2) == []


def test_incidents_are_judged_from_the_answer_to_the_report() -> None:
    """Whether the first tier came in time, and whether it was quiet after somebody had acknowledged."""
    received = [
        call("inc-1", BEGIN + 1, "t1", "a"),
        call("inc-1", BEGIN + 3, "t1", "a"),
        call("inc-2", BEGIN + 100, "t2", "b"),
        call("inc-2", BEGIN + 101, "t2", "c"),
        call("inc-1", BEGIN + 90, "t3", "d"),
    ]
    reported = {"job-1": BEGIN, "job-2": BEGIN}
    incidents = {"job-1": "inc-1", "job-2": "inc-2"}
    verdict = incident_verdict(received, reported, incidents, {"inc-1": BEGIN + 5})
    assert (verdict.opened, verdict.in_time, verdict.acknowledged) == (2, 1, 1)
    assert (verdict.after, verdict.two_ids, verdict.slowest) == (1, 1, 100)
    assert incident_verdict([], reported, incidents, {}).slowest == math.inf


def test_a_first_tier_after_a_minute_is_not_kept() -> None:
    """An incident that somebody hears of late was not told in time, as one that nobody hears of."""
    reported, incidents = {"job-1": BEGIN}, {"job-1": "inc-1"}
    for after, kept in ((60, True), (61, False)):
        assert incident_verdict([call("inc-1", BEGIN + after, "t1", "a")], reported, incidents, {}).is_kept == kept
    assert not incident_verdict([], reported, incidents, {}).is_kept


def test_gaps_are_what_a_monitor_does_not_hear() -> None:
    """From the begin and to the end too."""
    heard = [BEGIN + 5, BEGIN + 15, BEGIN + 40]
    assert longest_gap(heard, BEGIN, BEGIN + 45) == 25
    assert gaps(heard, BEGIN, BEGIN + 45, 9) == 2
    assert longest_gap([], BEGIN, BEGIN + 45) == 45

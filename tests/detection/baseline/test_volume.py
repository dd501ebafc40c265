"""A volume against what a group, or its peers, did before."""

from __future__ import annotations

import pytest

from agent.detection.baseline import volume
from agent.detection.detector import Detector
from tests.detection.baseline.history_rows import BURST, DAY, Load, NewDetector, checked, frame, month, tried


def test_a_burst_is_told_while_it_runs_with_what_is_usual(new_detector: NewDetector) -> None:
    """It is revised when it has doubled, under the same alert id and an event id of its own."""
    detector = new_detector()
    assert tried(detector, frame(month("A", 20))) == []
    at = 28 * DAY + 9 * 60
    assert tried(detector, frame([("A", at, 99)])) == []
    (raised,) = tried(
        detector, frame([("A", at + 10, 41)], **{"user.name": "ann@example.com", "source.ip": "192.0.2.7"})
    )
    assert tried(detector, frame([("A", at + 20, 30)])) == []
    (revised,) = tried(detector, frame([("A", at + 30, 200)]))
    assert (raised["event.action"], revised["event.action"]) == ("alert-raised", "alert-revised")
    assert raised["event.id"] == raised["leakline.alert.id"] == revised["leakline.alert.id"] != revised["event.id"]
    assert (raised["leakline.measure.value"], raised["leakline.measure.threshold"]) == (140, 100)
    assert revised["leakline.measure.value"] == 370
    assert raised["leakline.baseline.expected"] == 20
    assert raised["leakline.baseline.deviation"] == 60  # in spreads of 2, a tenth of the median
    assert raised["leakline.baseline.compared_with"] == "own"
    assert raised["leakline.baseline.group"] == "USER_ID=A"
    assert raised["leakline.alert.count"] == 2
    assert (raised["user.name"], raised["related.ip"]) == ("ann@example.com", ["192.0.2.7"])
    assert raised["rule.name"] == "Past"
    assert raised["event.severity"] == 75
    assert raised["message"] == (
        'Past: value adding up to 140 in "Row" within 1 hour, where 20 is usual, by ann@example.com, from 192.0.2.7, 2 events'
    )


def test_who_reads_as_much_every_day_raises_nothing(new_detector: NewDetector) -> None:
    """Large is not more than usual."""
    detector = new_detector()
    assert tried(detector, frame([*month("A", 5_000), ("A", 28 * DAY, 6_000)])) == []


def test_nothing_is_said_of_a_fresh_installation(new_detector: NewDetector) -> None:
    """There is no past to hold it against."""
    assert tried(new_detector(), frame([("A", minute, 100_000) for minute in range(0, 3 * DAY, 60)])) == []


def test_newcomers_are_held_against_their_peers(new_detector: NewDetector) -> None:
    """Somebody who never exported anything and now exports more than anybody is not overlooked."""
    text = BURST + "  newcomers: peers\n"
    past = [row for number in range(12) for row in month(f"P{number}", 20 + number)]
    detector = new_detector(text)
    assert tried(detector, frame(past)) == []
    (raised,) = tried(detector, frame([("new", 28 * DAY, 500), ("quiet", 28 * DAY, 99)]))
    assert raised["leakline.baseline.compared_with"] == "peers"
    assert raised["leakline.baseline.expected"] == 25.5
    few = new_detector(text)
    tried(few, frame(past[: 28 * 9]))
    assert tried(few, frame([("new", 28 * DAY, 500)])) == []


def test_a_slow_drip_is_caught_by_a_long_timespan(new_detector: NewDetector) -> None:
    """Each day by itself is below everything that is asked."""
    days = [("A", day * DAY, 20) for day in range(49)] + [("A", day * DAY, 60) for day in range(49, 56)]
    hourly = new_detector()
    assert [row for day in days for row in tried(hourly, frame([day]))] == []
    text = BURST.replace("timespan: 1h", "timespan: 7d\n  step: 1d\n  history: 56d").replace("ratio: 5", "ratio: 2.5")
    weekly = new_detector(text)
    (raised,) = [row for day in days for row in tried(weekly, frame([day]))]
    assert (raised["leakline.measure.value"], raised["leakline.baseline.expected"]) == (380, 140)
    assert raised["leakline.alert.count"] == 7


def test_an_hour_is_held_against_the_same_hour_of_other_days(new_detector: NewDetector) -> None:
    """What is usual at night would be much at noon."""
    text = BURST + "  season: hour_of_day\n"
    nights = [("A", day * DAY + 2 * 60, 1_000) for day in range(28)]
    days = [("A", day * DAY + 12 * 60, 10) for day in range(28)]
    for minute, alerts in ((28 * DAY + 2 * 60, 0), (28 * DAY + 12 * 60, 1), (28 * DAY + 15 * 60, 1)):
        detector = new_detector(text)
        tried(detector, frame(nights + days))
        assert len(tried(detector, frame([("A", minute, 1_000)]))) == alerts


def test_a_flood_of_made_up_groups_pushes_nobody_out(
    new_detector: NewDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is counted, and who has a past goes on to be judged."""
    monkeypatch.setattr(volume, "NEW", 100)
    monkeypatch.setattr(volume, "GROUPS", 150)
    detector = new_detector()
    tried(detector, frame(month("A", 20)))
    for batch in range(5):
        flood = [(f"U{batch}-{n}", 28 * DAY + batch * DAY, 1) for n in range(400)]
        tried(detector, frame(flood))
    assert sum(detector.baseline_engine.dropped.values()) > 1_000
    (memory,) = detector.baseline_engine._memories.values()
    assert memory.frames["past"]["key"].n_unique() <= 150
    assert memory.frames["open"]["key"].n_unique() <= 500
    assert len(tried(detector, frame([("A", 33 * DAY, 500)]))) == 1


def test_orgs_are_kept_apart(new_detector: NewDetector) -> None:
    """The past of one says nothing of another."""
    detector = new_detector()
    tried(detector, frame(month("A", 20), **{"organization.id": "00D1"}))
    assert tried(detector, frame([("A", 28 * DAY, 500)], **{"organization.id": "00D2"})) == []
    assert len(tried(detector, frame([("A", 28 * DAY, 500)], **{"organization.id": "00D1"}))) == 1


def test_a_row_that_two_rules_match_counts_once(loaded: Load) -> None:
    """As one row."""
    text = BURST.replace("title: Past", "title: Same\nname: same\nlogsource: {product: salesforce, service: event_log_file}\n"
                         "detection: {sel: {KIND: a}, condition: sel}\n---\ntitle: Past").replace("[row]", "[row, same]")  # fmt: skip
    detector = Detector(checked(loaded(text)))
    tried(detector, frame(month("A", 20)))
    assert tried(detector, frame([("A", 28 * DAY, 99)])) == []

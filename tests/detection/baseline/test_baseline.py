"""Baseline documents, and what baselines tell, remember and leave out."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest

from agent.detection.authoring.lint import lint
from agent.detection.baseline import first_seen as baseline_first_seen
from agent.detection.baseline import memory as baseline_memory
from agent.detection.baseline import volume as baseline_volume
from agent.detection.baseline.baseline import adjusted
from agent.detection.detector import Detector
from agent.detection.load import load
from agent.detection.sigma.log_source import LogSource
from tests.detection.baseline.test_order import FILES, NOW, RULES, START, Store

BURST = (
    RULES.replace("  wait: 2h\n", "").lstrip("\n")
    + """\
  group-by: [USER_ID]
  type: volume
  timespan: 1h
  condition: {field: VALUE, gte: 100, ratio: 5}
"""
)
DAY = 24 * 60


def frame(events: list[tuple[str, int, object]], **more: object) -> pl.DataFrame:
    """User, minutes after the start, value."""
    return pl.DataFrame(
        {
            "event.id": [f"{user}-{minute}-{number}" for number, (user, minute, _) in enumerate(events)],
            "USER_ID": [user for user, *_ in events],
            "KIND": "a",
            "@timestamp": [START + timedelta(minutes=minute) for _, minute, _ in events],
            "VALUE": [str(value) for *_, value in events],
        },
        schema_overrides={"@timestamp": pl.Datetime("ms", "UTC"), "USER_ID": pl.String, "VALUE": pl.String},
    ).with_columns(**{name: pl.lit(value) for name, value in more.items()})


def month(user: str, value: int) -> list[tuple[str, int, object]]:
    """The same every day at nine, for four weeks."""
    return [(user, day * DAY + 9 * 60, value) for day in range(28)]


@pytest.fixture
def detector(loaded):
    return lambda text=BURST: Detector(checked(loaded(text)))


def checked(rules):
    assert not rules.errors, rules.errors
    return rules


def tried(detector: Detector, rows: pl.DataFrame, now=NOW) -> list[dict]:
    detection = detector.detect(rows, FILES, now)
    detection.commit()
    return detection.alerts.to_dicts()


def test_a_burst_is_told_while_it_runs_with_what_is_usual(detector):
    """It is revised when it has doubled, under the same alert id and an event id of its own."""
    one = detector()
    assert tried(one, frame(month("A", 20))) == []
    at = 28 * DAY + 9 * 60
    assert tried(one, frame([("A", at, 99)])) == []
    (raised,) = tried(one, frame([("A", at + 10, 41)], **{"user.name": "ann@example.com", "source.ip": "192.0.2.7"}))
    assert tried(one, frame([("A", at + 20, 30)])) == []
    (revised,) = tried(one, frame([("A", at + 30, 200)]))
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
    assert raised["message"].endswith("VALUE 140, 2 events, where 20 is usual")


def test_who_reads_as_much_every_day_raises_nothing(detector):
    """Large is not more than usual."""
    one = detector()
    assert tried(one, frame([*month("A", 5_000), ("A", 28 * DAY, 6_000)])) == []


def test_nothing_is_said_of_a_fresh_installation(detector):
    """There is no past to hold it against."""
    assert tried(detector(), frame([("A", minute, 100_000) for minute in range(0, 3 * DAY, 60)])) == []


def test_newcomers_are_held_against_their_peers(detector):
    """Somebody who never exported anything and now exports more than anybody is not overlooked."""
    text = BURST + "  newcomers: peers\n"
    past = [row for number in range(12) for row in month(f"P{number}", 20 + number)]
    one = detector(text)
    assert tried(one, frame(past)) == []
    (raised,) = tried(one, frame([("new", 28 * DAY, 500), ("quiet", 28 * DAY, 99)]))
    assert raised["leakline.baseline.compared_with"] == "peers"
    assert raised["leakline.baseline.expected"] == 25.5
    few = detector(text)
    tried(few, frame(past[: 28 * 9]))
    assert tried(few, frame([("new", 28 * DAY, 500)])) == []


def test_a_slow_drip_is_caught_by_a_long_timespan(detector):
    """Each day by itself is below everything that is asked."""
    days = [("A", day * DAY, 20) for day in range(49)] + [("A", day * DAY, 60) for day in range(49, 56)]
    hourly = detector()
    assert [row for one in days for row in tried(hourly, frame([one]))] == []
    text = BURST.replace("timespan: 1h", "timespan: 7d\n  step: 1d\n  history: 56d").replace("ratio: 5", "ratio: 2.5")
    weekly = detector(text)
    (raised,) = [row for one in days for row in tried(weekly, frame([one]))]
    assert (raised["leakline.measure.value"], raised["leakline.baseline.expected"]) == (380, 140)
    assert raised["leakline.alert.count"] == 7


def test_an_hour_is_held_against_the_same_hour_of_other_days(detector):
    """What is usual at night would be much at noon."""
    text = BURST + "  season: hour_of_day\n"
    nights = [("A", day * DAY + 2 * 60, 1_000) for day in range(28)]
    days = [("A", day * DAY + 12 * 60, 10) for day in range(28)]
    for minute, alerts in ((28 * DAY + 2 * 60, 0), (28 * DAY + 12 * 60, 1), (28 * DAY + 15 * 60, 1)):
        one = detector(text)
        tried(one, frame(nights + days))
        assert len(tried(one, frame([("A", minute, 1_000)]))) == alerts


def test_a_flood_of_made_up_groups_pushes_nobody_out(detector, monkeypatch):
    """It is counted, and who has a past goes on to be judged."""
    monkeypatch.setattr(baseline_volume, "NEW", 100)
    monkeypatch.setattr(baseline_volume, "GROUPS", 150)
    one = detector()
    tried(one, frame(month("A", 20)))
    for batch in range(5):
        flood = [(f"U{batch}-{n}", 28 * DAY + batch * DAY, 1) for n in range(400)]
        tried(one, frame(flood))
    assert sum(one.baselining.dropped.values()) > 1_000
    (memory,) = one.baselining._memories.values()
    assert memory.frames["past"]["key"].n_unique() <= 150
    assert memory.frames["open"]["key"].n_unique() <= 500
    assert len(tried(one, frame([("A", 33 * DAY, 500)]))) == 1


FIRST = (
    RULES.lstrip("\n")
    + """\
  group-by: [USER_ID]
  type: first_seen
  condition: {field: VALUE}
"""
)


def test_a_new_value_is_told_once(detector):
    """After the learning period, with the value; what was seen before is no news."""
    one = detector(FIRST)
    assert tried(one, frame(month("A", 1))) == []
    (raised,) = tried(one, frame([("A", 28 * DAY, 2), ("A", 28 * DAY + 1, 1), ("B", 28 * DAY, 9)]))
    assert raised["leakline.baseline.value"] == "2"
    assert "VALUE 2" in raised["message"]
    assert tried(one, frame([("A", 29 * DAY, 2), ("A", 30 * DAY, 2)])) == []


def test_one_who_makes_up_values_fills_a_part_of_the_memory_only(detector, monkeypatch):
    """Others are still learned about, and what was left out is counted."""
    monkeypatch.setattr(baseline_first_seen, "VALUES", 50)
    one = detector(FIRST)
    tried(one, frame([*month("A", 1), *month("B", 1)]))
    assert len(tried(one, frame([("A", 28 * DAY + n, f"x{n}") for n in range(200)]))) == 49
    assert sum(one.baselining.dropped.values()) == 151
    assert len(tried(one, frame([("B", 28 * DAY + 300, 2)]))) == 1


def test_a_value_that_was_forgotten_is_new_again(detector):
    """When it was not seen for the length of the history."""
    text = FIRST + "  history: 20d\n"
    one = detector(text)
    tried(one, frame([*month("A", 1), ("A", 0, 7)]))
    assert len(tried(one, frame([("A", 28 * DAY, 7)]))) == 1


SOURCE = (
    RULES.lstrip("\n")
    + """\
  type: silence
  timespan: 12h
"""
)


def test_a_source_that_stops_is_told_by_the_clock(detector):
    """Once, and not because a file is merely late, nor because the daemon was away."""
    one = detector(SOURCE)
    end = START + timedelta(days=20)
    tried(one, frame([("A", minute, 1) for minute in range(0, 20 * DAY, 30)]), end)

    def ticks(since: timedelta, until: timedelta) -> list[dict]:
        found = []
        for minute in range(int(since.total_seconds() // 60), int(until.total_seconds() // 60), 10):
            detection = one.detect(pl.DataFrame(), LogSource("leakline", "agent"), end + timedelta(minutes=minute))
            detection.commit()
            found += detection.alerts.to_dicts()
        return found

    assert ticks(timedelta(), timedelta(hours=13)) == []
    (raised,) = ticks(timedelta(hours=13), timedelta(hours=40))
    assert raised["leakline.baseline.silence"] == "lasting"
    assert raised["event.start"] == end - timedelta(minutes=30)
    away = detector(SOURCE)
    tried(away, frame([("A", minute, 1) for minute in range(0, 20 * DAY, 30)]), end)
    one = away
    assert ticks(timedelta(hours=40), timedelta(hours=41)) == []


def test_orgs_are_kept_apart(detector):
    """The past of one says nothing of another."""
    one = detector()
    tried(one, frame(month("A", 20), **{"organization.id": "00D1"}))
    assert tried(one, frame([("A", 28 * DAY, 500)], **{"organization.id": "00D2"})) == []
    assert len(tried(one, frame([("A", 28 * DAY, 500)], **{"organization.id": "00D1"}))) == 1


def test_a_row_that_two_rules_match_counts_once(loaded):
    """As one row."""
    text = BURST.replace("title: Past", "title: Same\nname: same\nlogsource: {product: salesforce, service: event_log_file}\n"
                         "detection: {sel: {KIND: a}, condition: sel}\n---\ntitle: Past").replace("[row]", "[row, same]")  # fmt: skip
    one = Detector(checked(loaded(text)))
    tried(one, frame(month("A", 20)))
    assert tried(one, frame([("A", 28 * DAY, 99)])) == []


def test_rows_beyond_the_wait_are_counted(detector):
    """They are not taken, for what they would change was told."""
    one = detector()
    tried(one, frame([("A", 10 * DAY, 1)]))
    tried(one, frame([("A", 5 * DAY, 1)]))
    assert sum(one.baselining.late.values()) == 1


def test_a_source_that_is_behind_is_waited_for(loaded):
    """Rows of the faster one are judged once the slower one is as far, restarts between them."""
    text = BURST.replace(", service: event_log_file", "")
    rules, store = checked(loaded(text)), Store()
    alerts = []
    for source, rows in (
        (FILES, frame(month("A", 20))),
        (LogSource("salesforce", "login_history"), frame([("A", 29 * DAY, 500)])),
        (FILES, frame([("B", 30 * DAY, 1)])),
    ):
        detection = Detector(rules, recall=store.get).detect(rows, source, NOW)
        store.apply(detection.remember)
        alerts.append(detection.alerts.height)
    assert alerts == [0, 0, 1]


def test_a_batch_without_rows_that_settles_nothing_writes_nothing(detector):
    """Only how far the source is."""
    one = detector()
    tried(one, frame([*month("A", 20), ("A", 28 * DAY + 9 * 60, 500)]))

    def written(minute: int) -> set[str]:
        detection = one.detect(frame([("A", minute, 1)], KIND="b"), FILES, NOW)
        detection.commit()
        return {key for key in detection.remember if key.startswith("baseline/")}

    assert written(28 * DAY + 9 * 60 + 30) == {"baseline/sources"}
    assert written(29 * DAY + 9 * 60 + 30) > {"baseline/sources"}


def test_an_alert_that_closes_is_told_by_a_batch_without_rows(detector):
    """Within the hour too: what grew since it was told is told then."""
    one = detector(FIRST.replace("wait: 2h", "wait: 125m"))
    at = 28 * DAY
    tried(one, frame(month("A", 1)))
    tried(one, frame([("A", at, 2), ("A", at + 1, 2)]))
    tried(one, frame([("A", at + 2, 2)]))
    assert tried(one, frame([("A", at + 245, 9)], KIND="b")) == []
    (revised,) = tried(one, frame([("A", at + 255, 9)], KIND="b"))
    assert (revised["event.action"], revised["leakline.alert.count"]) == ("alert-revised", 3)


def test_rows_that_wait_are_taken_by_a_batch_without_rows(loaded):
    """Within the hour too, restarts between them."""
    text = BURST.replace(", service: event_log_file", "").replace("timespan: 1h", "timespan: 1h\n  wait: 2h")
    rules, store = checked(loaded(text)), Store()
    alerts = []
    at = 28 * DAY + 9 * 60
    for source, rows in (
        (FILES, frame(month("A", 20))),
        (FILES, frame([("B", at + 10, 1)])),
        (LogSource("salesforce", "login_history"), frame([("A", at + 20, 500)])),
        (FILES, frame([("B", at + 25, 1)], KIND="b")),
    ):
        detection = Detector(rules, recall=store.get).detect(rows, source, NOW)
        store.apply(detection.remember)
        alerts.append(detection.alerts.height)
    assert alerts == [0, 0, 0, 1]


def test_what_is_appended_is_put_together_before_it_is_twice_of_what_is_needed(detector, monkeypatch):
    """Memory is what the buckets need, whatever the number of batches and rows."""
    monkeypatch.setattr(baseline_memory, "SPARE", 10)
    one = detector()
    for minute in range(200):
        tried(one, frame([("A", minute // 60 * 60, 1), ("B", minute // 60 * 60, 1)]))
        (memory,) = one.baselining._memories.values()
        held = memory.frames["open"]
        assert held.height <= 2 * held.select("key", "slot").n_unique() + 10
        assert held["count"].sum() == 2 * minute + 2


def daily(rules, store: Store, days: range, detector: Detector | None = None) -> Detector:
    """Two users at work every day, a batch for each; what is remembered is in `store` too."""
    one = detector or Detector(rules, recall=store.get)
    for day in days:
        detection = one.detect(frame([(user, day * DAY + 9 * 60, 20) for user in "AB"]), FILES, NOW)
        store.apply(detection.remember)
        detection.commit()
    return one


def test_what_is_read_back_is_what_was_there(loaded):
    """Settled buckets are no longer open after a restart either."""
    rules, store = checked(loaded(BURST)), Store()
    before, after = daily(rules, store, range(30)), Detector(rules, recall=store.get)
    after.detect(frame([("A", 30 * DAY, 1)]), FILES, NOW)
    (held,), (read,) = before.baselining._memories.values(), after.baselining._memories.values()
    assert all(held.frames[name].height for name in ("open", "past"))
    for name in ("open", "past"):
        assert held.frames[name].sort("key", "slot").equals(read.frames[name].sort("key", "slot"))


def test_a_baseline_of_another_shape_begins_anew(loaded):
    """Sums of hours are no past for sums of days; what was stored of them goes."""
    store, fresh = Store(), Store()
    text = BURST.replace("title: Past", "title: Past\nid: 0e4b5b1e-7b1f-4b63-bb0c-2f3f0f7a1d09")
    daily(checked(loaded(text)), store, range(30))
    rules = checked(loaded(text.replace("timespan: 1h", "timespan: 1d")))
    for kept in (store, fresh):
        detection = Detector(rules, recall=kept.get).detect(frame([("A", 30 * DAY, 5_000)]), FILES, NOW)
        kept.apply(detection.remember)
        assert not detection.alerts.height
    assert store.keys() == fresh.keys()


def test_what_is_remembered_does_not_grow_with_the_days(loaded, monkeypatch):
    """Once the history is full, what comes and what goes are as much."""
    monkeypatch.setattr(baseline_memory, "SPARE", 10)
    monkeypatch.setattr(baseline_memory, "PIECES", 8)
    rules, store = checked(loaded(BURST + "  history: 10d\n")), Store()
    one = daily(rules, store, range(30))
    sizes = []
    for day in range(30, 90):
        daily(rules, store, range(day, day + 1), one)
        (memory,) = one.baselining._memories.values()
        sizes.append((sum(frame.height for frame in memory.frames.values()), len(store)))
    assert max(rows for rows, _ in sizes[:30]) == max(rows for rows, _ in sizes[30:])
    assert max(values for _, values in sizes[30:]) <= max(values for _, values in sizes[:30])


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("[row]", "[rows]", 10, "there is no rule rows"),
        ("type: volume", "type: volumes", 12, "'volumes' is no `type`"),
        ("timespan: 1h", "timespan: 1x", 13, "no span of time"),
        ("timespan: 1h", "timespan: 90m\n  step: 1h", 14, "no multiple"),
        ("timespan: 1h", "timespan: 1h\n  histroy: 7d", 14, "no key `histroy`"),
        ("timespan: 1h", "timespan: 1h\n  history: 800d", 14, "too many steps"),
        ("timespan: 1h", "timespan: 7d\n  season: hour_of_day", 14, "season does not fit"),
        ("timespan: 1h", "timespan: 1h\n  history: 7d\n  minimum-history: 7d", 14, "longer than the history"),
        ("gte: 100, ", "", 14, "no least volume"),
        (", ratio: 5", "", 14, "compares with nothing"),
        ("ratio: 5", "ratio: many", 14, "no number for `ratio`"),
        ("ratio: 5", "rate: 5", 14, "`rate` is no bound"),
        ("type: volume\n  timespan: 1h", "type: first_seen", 13, "`gte` is no bound"),
        ("name: past", "name: row", 6, "row is taken by"),
        ("level: high", "level: hgih", 8, "level"),
    ],
)
def test_a_wrong_baseline_is_refused_with_its_line(write, old, new, line, words):
    """The rules beside it run."""
    rules = load([write("wrong.yml", BURST.replace(old, new, 1))])
    assert [(error.line, words in str(error)) for error in rules.errors] == [(line, True)], rules.errors
    assert len(rules.rules) == 1
    assert not rules.baselines


def test_a_silence_longer_than_the_history_is_refused(write):
    """It could never be told: who was silent for so long is forgotten."""
    head = BURST.split("baseline:")[0]
    text = head + "baseline: {type: silence, rules: [row], group-by: [USER_ID], timespan: 29d}\n"
    (error,) = load([write("wrong.yml", text)]).errors
    assert "longer than the history" in error.reason
    assert not load([write("right.yml", text.replace("29d", "28d"))]).errors


def test_bounds_can_be_adjusted_and_not_with_nonsense(loaded):
    """For thresholds from the settings."""
    (one,) = checked(loaded(BURST)).baselines
    assert adjusted(one, {"ratio": 9, "highest": 2}).bounds == {**one.bounds, "ratio": 9.0, "highest": 2.0}
    for wrong in ({"rate": 1}, {"gte": -1}, {"gte": "many"}):
        with pytest.raises(ValueError):
            adjusted(one, wrong)


def test_selected_rules_keep_what_feeds_baselines(loaded):
    """And their bases are silent."""
    rules = checked(loaded(BURST))
    assert [rule.name for rule in rules.selected(minimum="high").rules] == ["row"]
    assert not rules.selected(without=["past"]).baselines
    assert [rule.name for rule in rules.alerting] == ["past"]


def test_lint_looks_at_baselines(write):
    """As at other rules."""
    assert [one.message for one in lint([write("plain.yml", BURST)]) if one.subject == "past"] == ["the rule has no id"]


def test_state_is_frames_and_readable_text(detector):
    """Nothing of it is a pickle."""
    kept = detector().detect(frame(month("A", 20)), FILES, NOW).remember
    assert all(value.startswith((b"ARROW1", b"{")) for value in kept.values())

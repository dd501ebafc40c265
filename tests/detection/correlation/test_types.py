"""Every type and operator of correlations, chains included, against an obvious evaluator: any split, order and restart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.detection.correlation import memory, text_codes
from agent.detection.detector import Detector
from agent.detection.load import load
from agent.detection.memory import piece_cache
from agent.detection.rule_set import RuleSet
from tests.detection.correlation.cases import BASES, CASES, CHAINS, STEPS
from tests.detection.correlation.events import EVENTS, FILES, NOW, TEN, Event, event_rows, frame
from tests.detection.correlation.naive import Alert, alerts, handed_on
from tests.detection.memory_store import MemoryStore

Ready = Callable[[str], RuleSet]
"""Text of correlations to the rule set that it makes with `BASES`."""

Numbered = list[tuple[int, Event]]
"""Events by number."""

Said = list[dict[str, Any]]
"""Alerts as rows, in the order in which they were announced."""


def run(loaded: RuleSet, batches: list[Numbered], restarts: list[bool], lateness: timedelta) -> Said:
    """All that is said, in its order. Every batch is tried twice, as after a failed transaction."""
    store = MemoryStore()
    late = {"event_log_file": lateness}
    detector = Detector(loaded, recall=store.get, lateness=late)
    said: Said = []
    end = [(9_999_999, ("", "", "", 60 * 24 * 20, 0))]  # the watermark passes everything
    for number, batch in enumerate([*batches, end]):
        detector.detect(frame(batch), FILES, NOW)
        detection = detector.detect(frame(batch), FILES, NOW)
        store.apply(detection.remember)
        detection.commit()
        said += [row for row in detection.alerts.to_dicts() if row["rule.name"] == "Tried"]
        if restarts[number % len(restarts)]:
            detector = Detector(loaded, recall=store.get, lateness=late)
    assert not any(reason in ("late", "crowded") for _, reason in detector.correlation_engine.left_out)
    return said


def final(said: Said) -> set[Alert]:
    """The last word on every alert that was not joined to another."""
    last = {row["leakline.alert.id"]: row for row in said}
    return {
        (
            tuple(part.split("=")[1] for part in row["leakline.correlation.group"].split(", ") if part),
            int((row["event.start"] - TEN).total_seconds() // 60),
            int((row["event.end"] - TEN).total_seconds() // 60),
            row["leakline.correlation.count"],
            row["leakline.measure.value"],
            frozenset(int(identity, 16) for identity in row["leakline.alert.event_ids"]),
        )
        for row in last.values()
        if not row.get("leakline.alert.merged_into")
    }


@pytest.fixture(scope="module", autouse=True)
def _little_room() -> Iterator[None]:
    """Pieces are small, soon made into one, and read again from the state whenever they are looked at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(piece_cache, "ROOM", 1)
        patch.setattr(memory, "PIECE_ROWS", 4)
        patch.setattr(memory, "SMALL_PIECES", 2)
        patch.setattr(memory, "DELTAS", 2)
        patch.setattr(text_codes, "PIECES", 2)
        patch.setattr(text_codes, "FRESH", 60_000)
        yield


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Ready:
    """Rule sets by the text of their correlations, loaded once."""
    folder = tmp_path_factory.mktemp("rules")
    known: dict[str, RuleSet] = {}

    def rule_set(text: str) -> RuleSet:
        if text not in known:
            path = folder / f"{len(known)}.yml"
            path.write_text(BASES + text)
            known[text] = load([path])
            assert not known[text].errors, known[text].errors
        return known[text]

    return rule_set


def batches_of(order: Numbered, cuts: list[int]) -> list[Numbered]:
    edges = sorted(min(cut, len(order)) for cut in cuts)
    return [order[a:b] for a, b in zip([0, *edges], [*edges, len(order)], strict=True)]


CUTS = st.lists(st.integers(0, 26), max_size=5)
RESTARTS = st.lists(st.booleans(), min_size=1, max_size=4)


@pytest.mark.parametrize("case", CASES)
@settings(max_examples=20, deadline=None)
@given(events=EVENTS, cuts=CUTS, restarts=RESTARTS, dice=st.randoms(use_true_random=False))
def test_any_split_order_and_restart_end_in_the_alerts_of_an_obvious_evaluator(
    case: str, ready: Ready, events: list[Event], cuts: list[int], restarts: list[bool], dice: Random
) -> None:
    """Late rows are put in by their time; alerts agree by group, start, end, count, measured value and ids."""
    text, spec = CASES[case]
    order = list(enumerate(events))
    dice.shuffle(order)
    said = run(ready(text), batches_of(order, cuts), restarts, timedelta(hours=30))
    assert final(said) == alerts(spec, event_rows(events))


@pytest.mark.parametrize("case", CHAINS)
@settings(max_examples=20, deadline=None)
@given(events=EVENTS, cuts=CUTS, restarts=RESTARTS, dice=st.randoms(use_true_random=False))
def test_so_do_correlations_of_correlations(
    case: str, ready: Ready, events: list[Event], cuts: list[int], restarts: list[bool], dice: Random
) -> None:
    """What one hands on to the next is a row at which its condition held."""
    text, child, parent = CHAINS[case]
    order = list(enumerate(events))
    dice.shuffle(order)
    said = run(ready(text), batches_of(order, cuts), restarts, timedelta(hours=30))
    assert final(said) == alerts(parent, [*event_rows(events), *handed_on(child, event_rows(events), "child")])


@pytest.mark.parametrize("case", [*CASES, *CHAINS])
@settings(max_examples=12, deadline=None)
@given(start=EVENTS, steps=st.lists(st.integers(0, 9), max_size=90), cuts=CUTS, restarts=RESTARTS)
def test_what_is_let_go_on_the_way_is_neither_lost_nor_counted_twice(
    case: str, ready: Ready, start: list[Event], steps: list[int], cuts: list[int], restarts: list[bool]
) -> None:
    """Alerts that go on for hours, in order, while the watermark follows the rows closely."""
    minute = 0
    events: list[Event] = []
    for place, step in enumerate(steps):
        minute += step
        user, address, kind, _, value = (
            start[place % len(start)] if start else ("A", "192.0.2.1", STEPS[place % 3], 0, 2)
        )
        events.append((user, address, kind, minute, value))
    batches = batches_of(list(enumerate(events)), [cut * 4 for cut in cuts])
    text, *specs = CHAINS[case] if case in CHAINS else CASES[case]
    seen = event_rows(events)
    if case in CHAINS:
        seen = [*seen, *handed_on(specs[0], seen, "child")]
    said = run(ready(text), batches, restarts, timedelta())
    wanted = {
        (group, start, end, count, measured, frozenset(sorted(ids, key=lambda n: (events[n][3], n))[:100]))
        for group, start, end, count, measured, ids in alerts(specs[-1], seen)
    }
    assert final(said) == wanted


@pytest.mark.parametrize("case", [*CASES, *CHAINS])
@settings(max_examples=10, deadline=None)
@given(events=EVENTS, cuts=CUTS, dice=st.randoms(use_true_random=False))
def test_what_is_told_early_stands(case: str, ready: Ready, events: list[Event], cuts: list[int], dice: Random) -> None:
    """Each alert raised on the way is in the end an alert of its rule and group that contains it, or part of one."""
    order = list(enumerate(events))
    dice.shuffle(order)
    said = run(
        ready((CHAINS[case] if case in CHAINS else CASES[case])[0]),
        batches_of(order, cuts),
        [False],
        timedelta(hours=30),
    )
    ends = final(said)
    for row in said:
        begin, end = (int((row[f"event.{edge}"] - TEN).total_seconds() // 60) for edge in ("start", "end"))
        group = tuple(part.split("=")[1] for part in row["leakline.correlation.group"].split(", ") if part)
        assert any(alert[0] == group and alert[1] <= begin and end <= alert[2] for alert in ends)

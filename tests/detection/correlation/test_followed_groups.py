"""Groups that are followed row by row say what their rows say when they are looked at anew with each batch."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.detection.correlation import at_once, group_windows
from agent.detection.detector import Detector
from agent.detection.load import load
from agent.detection.rule_set import RuleSet
from tests.detection.correlation.cases import BASES, CASES, CHAINS
from tests.detection.correlation.events import EVENTS, FILES, NOW, Event, frame

PROMPT = [name for name, (_, spec) in CASES.items() if not spec.waits]
TEXTS = {name: CASES[name][0] for name in PROMPT} | {name: chain[0] for name, chain in CHAINS.items()}


@pytest.fixture(scope="module")
def rule_sets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RuleSet]:
    """By the name of the case."""
    path = tmp_path_factory.mktemp("followed") / "rules.yml"
    found = {}
    for name, text in TEXTS.items():
        path.write_text(BASES + text)
        found[name] = load([path])
    return found


@pytest.mark.parametrize("case", TEXTS)
@settings(max_examples=12, deadline=None)
@given(
    events=EVENTS,
    size=st.integers(1, 6),
    swapped=st.integers(0, 25),
    pending=st.sampled_from([2, 16]),
    again=st.sampled_from([0, 16]),
)
def test_what_is_followed_says_what_is_read_anew(
    case: str,
    rule_sets: dict[str, RuleSet],
    events: list[Event],
    size: int,
    swapped: int,
    pending: int,
    again: int,
) -> None:
    """Each batch tells the same alerts, in order and with one batch late, also where few rows wait for a window, and
    whether or not groups of few rows are followed.
    """
    numbered = sorted(enumerate(events), key=lambda event: event[1][3])
    batches = [numbered[at : at + size] for at in range(0, len(numbered), size)]
    if len(batches) > 1:
        place = swapped % (len(batches) - 1)
        batches[place], batches[place + 1] = batches[place + 1], batches[place]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(group_windows, "PENDING", pending)
        patch.setattr(at_once, "AGAIN", again)
        followed = _told(rule_sets[case], batches)
        patch.setattr(group_windows, "ROOM", 0)
        patch.setattr(at_once, "AGAIN", 0)
        assert followed == _told(rule_sets[case], batches)


def _told(rules: RuleSet, batches: list[list[tuple[int, Event]]]) -> list[list[dict[str, Any]]]:
    """What is said of alerts, batch by batch, in no order."""
    detector, told = Detector(rules), []
    for number, batch in enumerate(batches):
        detection = detector.detect(frame(batch), FILES, NOW + timedelta(minutes=10 * number))
        detection.commit()
        told.append(sorted(detection.alerts.to_dicts(), key=lambda alert: str(alert["event.id"])))
    return told


def test_groups_leave_when_there_is_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those whose last row is oldest; one that alone takes half of the room is not followed at all."""
    monkeypatch.setattr(group_windows, "ROOM", 100)
    small, large = (group_windows.GroupWindows([]) for _ in range(2))
    small.bytes, large.bytes = 40, 60
    live = group_windows.LiveGroups().with_groups({1: small, 2: small, 3: large})
    assert (list(live.groups), live.bytes) == ([1, 2], 80)
    live = live.with_groups({1: small}).with_groups({4: small})
    assert (list(live.groups), live.bytes) == ([4], 40)
    assert live.with_groups({4: None}).bytes == 0


def test_groups_that_are_still_for_long_leave(rule_sets: dict[str, RuleSet]) -> None:
    """Their windows are empty once two timespans are over, and they come back as if they had never been followed."""
    detector = Detector(rule_sets["count gte"], lateness={"event_log_file": timedelta(hours=2)})
    followed: list[int] = []
    for hour in range(0, 120, 3):
        user = f"user {hour % 60}"
        events: list[Event] = [(user, "192.0.2.1", "a", 60 * hour + minute, 1) for minute in range(4)]
        detection = detector.detect(frame([*enumerate(events, hour * 10)]), FILES, NOW + timedelta(hours=hour))
        detection.commit()
        assert detection.alerts.height == 1
        (memory,) = detector.correlation_engine._memories[""].values()
        followed.append(len(memory.live.groups))
        assert memory.live.bytes == sum(windows.bytes for windows in memory.live.groups.values())
    assert 0 < max(followed) < 5

"""Settings for a time, one upon another: whatever ends first, nothing stays that nobody approved for good."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from agent.changes.change import SettingsChange
from agent.daemon.changes.booked_settings import voting_permissions
from agent.daemon.changes.change_writer import ChangeRefused
from agent.permissions.settings import PermissionSettings
from tests.daemon.changes.change_state import ChangeState, stricter, weaker

HOUR = timedelta(hours=1)


def wider(document: dict[str, Any]) -> None:
    """Another group has votes."""
    document["permissions"]["groups"]["friends"] = "privacy"


def later(document: dict[str, Any]) -> None:
    document["trail"]["checkpoint_every"] = "10m"


def break_glass(state: ChangeState, edit: Any, lasts: timedelta) -> SettingsChange:
    change = state.propose("adam", edit, lasts=lasts, way="break-glass")
    state.restart()
    return change


def approve(state: ChangeState, change: SettingsChange, voters: Sequence[str] = ("paul", "olaf")) -> SettingsChange:
    for voter in voters:
        change = state.vote(voter, change)
    state.restart()
    return change


def pass_time(state: ChangeState, time: timedelta) -> None:
    state.now += time
    state.desk.look()
    state.restart()


@pytest.mark.parametrize("hours", list(itertools.permutations((1, 2, 3))))
def test_glass_broken_upon_broken_glass_leaves_nothing(state: ChangeState, hours: tuple[int, ...]) -> None:
    """In whichever order they end, what was approved is in force afterwards."""
    baseline = state.in_force
    for edit, long in zip((weaker, stricter, later), hours, strict=True):
        break_glass(state, edit, HOUR * long)
    for _ in hours:
        assert state.in_force != baseline
        pass_time(state, HOUR)
    assert state.in_force == baseline
    assert not state.stores.problems.open()


def test_all_that_end_at_once_leave_nothing(state: ChangeState) -> None:
    """The daemon was down while their times ended."""
    baseline = state.in_force
    for edit, long in ((weaker, 2), (stricter, 1)):
        break_glass(state, edit, HOUR * long)
    pass_time(state, HOUR * 5)
    assert state.in_force == baseline


def test_what_still_has_time_comes_back(state: ChangeState) -> None:
    """A change of seven days is in force again after an hour of broken glass, and ends at its own time."""
    baseline = state.in_force
    week = approve(state, state.propose("adam", weaker, lasts=timedelta(days=7)))
    break_glass(state, stricter, HOUR)
    pass_time(state, HOUR)
    assert state.in_force == week.outcome
    pass_time(state, timedelta(days=7))
    assert state.in_force == baseline


def test_what_is_for_a_time_does_not_become_lasting_unseen(state: ChangeState) -> None:
    """A proposal made while glass is broken is held against what comes back: what it would keep is among its differences."""
    break_glass(state, weaker, HOUR)
    change = state.propose("adam", stricter)
    assert change.change_class == "weaken"
    assert any("people" in found.path and found.change_class == "weaken" for found in change.differences)
    assert state.vote("olaf", change).state == "open"


def test_what_is_for_a_time_can_be_made_lasting(state: ChangeState) -> None:
    """By the votes that it needs, although nothing differs from what is in force."""
    broken = break_glass(state, weaker, HOUR)
    lasting = approve(state, state.propose("adam", lambda _: None))
    assert (lasting.state, lasting.outcome) == ("applied", broken.outcome)
    pass_time(state, HOUR)
    assert state.in_force == lasting.outcome


def voting(state: ChangeState) -> PermissionSettings:
    found = voting_permissions(state.desk_alone.recall, lambda: state.settings, state.now)
    assert found is not None
    return found


def test_broken_glass_gives_nobody_a_vote(state: ChangeState) -> None:
    """Votes count by the permissions that were approved, and what comes back by them has them again."""
    break_glass(state, wider, HOUR * 2)
    assert state.settings.permissions is not None and "friends" in state.settings.permissions.groups
    assert "friends" not in voting(state).groups
    break_glass(state, weaker, HOUR)
    assert "friends" not in voting(state).groups
    pass_time(state, HOUR)
    assert "friends" not in voting(state).groups


def test_a_deputy_who_was_approved_for_a_time_has_a_vote(state: ChangeState) -> None:
    """While glass is broken upon that as well, and no longer than the time."""
    approve(state, state.propose("adam", wider, lasts=timedelta(days=7)))
    assert "friends" in voting(state).groups
    break_glass(state, weaker, HOUR)
    assert "friends" in voting(state).groups
    state.now += timedelta(days=7)
    assert "friends" not in voting(state).groups


def test_whose_role_nobody_approved_cannot_vote(state: ChangeState) -> None:
    """Whatever the running settings say of them; neither for nor against."""
    change = state.propose("adam", stricter)
    for approves in (True, False):
        with pytest.raises(ChangeRefused, match="rosa has no vote"):
            state.vote("rosa", change, approves=approves)


def test_before_the_restart_the_book_counts(state: ChangeState) -> None:
    """What is proposed in the seconds between is held against what is in force, and not against what still runs."""
    applied = state.propose("adam", stricter)
    state.vote("olaf", applied)
    change = state.propose("adam", later)
    assert change.base == applied.outcome
    assert change.change_class == "weaken"
    assert "notice.jurisdictions[uk]" in [found.path for found in change.differences]

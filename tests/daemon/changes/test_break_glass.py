"""Breaking the glass: at once, without approval, seen by everybody, and for a time only."""

from __future__ import annotations

from datetime import timedelta

import pytest

from agent.daemon.changes.change_writer import BREAK_GLASS, ChangeRefused
from tests.daemon.changes.change_state import ChangeState, stricter, weaker

TIME = timedelta(hours=4)


def open_problems(state: ChangeState) -> list[str]:
    return [problem.kind for problem in state.stores.problems.open()]


def test_it_is_in_force_at_once_and_a_problem_until_it_ends(state: ChangeState) -> None:
    """And the settings before it come back at its time."""
    change = state.propose("adam", weaker, lasts=TIME, way="break-glass")
    assert (change.state, state.in_force) == ("applied", change.outcome)
    assert open_problems(state) == [BREAK_GLASS]
    assert state.recorded()[-2:] == ["change-proposed", "change-applied"]
    state.restart()
    state.now += TIME
    state.desk.look()
    assert (state.in_force, open_problems(state)) == (change.base, [])


def test_it_ends_on_the_word_of_an_admin(state: ChangeState) -> None:
    """Before its time."""
    change = state.propose("adam", weaker, lasts=TIME, way="break-glass")
    state.restart()
    assert state.desk.end(state.principal("adam"), change.number).state == "reverted"
    assert state.in_force == change.base
    with pytest.raises(ChangeRefused, match="is not a break-glass change in force"):
        state.desk.end(state.principal("adam"), change.number)


def test_what_is_approved_meanwhile_stays(state: ChangeState) -> None:
    """The end of the break-glass change does not undo it."""
    broken = state.propose("adam", weaker, lasts=TIME, way="break-glass")
    state.restart()
    lasting = state.propose("adam", stricter)
    for voter in ("olaf", "paul"):
        state.vote(voter, lasting)
    state.restart()
    state.now += TIME
    state.desk.look()
    assert state.in_force == lasting.outcome
    assert state.desk.change(broken.number).state == "reverted"
    assert open_problems(state) == []


def test_it_is_bounded_and_cannot_do_what_is_forbidden(state: ChangeState) -> None:
    """A day at most, and never below what no votes could allow."""
    with pytest.raises(ChangeRefused, match="from 1m to 1d"):
        state.propose("adam", weaker, lasts=timedelta(days=2), way="break-glass")
    with pytest.raises(ChangeRefused, match="need an end"):
        state.propose("adam", weaker, way="break-glass")
    with pytest.raises(ChangeRefused):
        state.propose("adam", lambda document: document.update(notice=None), lasts=TIME, way="break-glass")
    assert not state.restarts

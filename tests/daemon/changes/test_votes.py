"""Four eyes, and every way round them that is known (the demands on a console say which)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from agent.assembly.notice.floors import refuse_weaker
from agent.changes import book
from agent.changes.change import OPEN_FOR
from agent.daemon.changes.change_writer import ChangeRefused
from agent.errors import LeaklineError, SettingsError
from agent.store.keys import RESPONSE
from tests.daemon.changes.change_state import ChangeState, stricter, weaker


def test_what_strengthens_needs_one_other_person(state: ChangeState) -> None:
    """With the first approval it is in force, and the daemon restarts for it."""
    before = state.in_force
    change = state.propose("adam", stricter)
    assert (change.change_class, state.in_force, state.restarts) == ("strengthen", before, [])
    applied = state.vote("olaf", change)
    assert (applied.state, state.in_force, len(state.restarts)) == ("applied", change.outcome, 1)
    state.restart()
    assert state.settings.notice is not None and state.settings.notice.jurisdictions == ["eu", "uk"]


def test_what_weakens_needs_two_and_the_privacy_officer(state: ChangeState) -> None:
    """Two approvers without the role privacy are not enough, however many they are."""
    state.people["otto"] = state.people["olaf"]
    change = state.propose("adam", weaker)
    assert change.change_class == "weaken"
    assert state.vote("olaf", change).state == "open"
    assert state.vote("otto", change).state == "open"
    assert state.desk.standing(state.desk.change(change.number)).missing == "one of a person with the role privacy"
    assert state.vote("paul", change).state == "applied"


def test_nobody_approves_their_own_proposal(state: ChangeState) -> None:
    """Not by another role, not in a second session."""
    change = state.propose("alma", stricter)
    with pytest.raises(ChangeRefused, match="a person other than who proposed it has to approve it"):
        state.vote("alma", change)
    assert not list(state.desk.change(change.number).votes)


def test_nobody_votes_twice(state: ChangeState) -> None:
    """The same person is one vote."""
    change = state.propose("adam", weaker)
    state.vote("paul", change)
    with pytest.raises(ChangeRefused, match="paul has voted on CH-2026-0001 already"):
        state.vote("paul", change)
    assert state.desk.change(change.number).state == "open"


def test_who_has_lost_the_role_meanwhile_has_no_vote(state: ChangeState) -> None:
    """The first vote counts no longer when the second comes."""
    change = state.propose("adam", weaker)
    state.vote("paul", change)
    state.people["paul"] = frozenset()
    assert state.vote("olaf", change).state == "open"
    assert state.vote("pia", change).state == "applied"


def test_a_vote_is_about_what_was_looked_at(state: ChangeState) -> None:
    """Another digest, a short one or none is no vote."""
    change = state.propose("adam", stricter)
    for outcome in ("", "0" * 64, change.base, change.outcome[:11]):
        with pytest.raises(ChangeRefused, match="not to those that were looked at"):
            state.desk.vote(state.principal("olaf"), change.number, outcome, approves=True)
    assert (
        state.desk.vote(state.principal("olaf"), change.number, change.outcome[:12], approves=True).state == "applied"
    )


def test_votes_end_with_the_time_of_a_proposal(state: ChangeState) -> None:
    """A day later nothing can be approved, whether anybody looked meanwhile or not."""
    change = state.propose("adam", stricter)
    other = state.propose("adam", weaker)
    state.now += OPEN_FOR
    with pytest.raises(ChangeRefused, match="has expired"):
        state.vote("olaf", change)
    state.desk.look()
    assert {state.desk.change(known.number).state for known in (change, other)} == {"expired"}
    assert state.recorded().count("change-expired") == 2


def test_a_proposal_is_void_when_others_have_come_into_force(state: ChangeState) -> None:
    """Its votes were about the difference from settings that are no longer those in force."""
    first, second = state.propose("adam", stricter), state.propose("adam", weaker)
    state.vote("paul", second)
    state.vote("olaf", first)
    state.restart()
    with pytest.raises(ChangeRefused, match="is void"):
        state.vote("olaf", second)
    assert state.in_force == first.outcome


def test_what_is_void_does_not_go_on_waiting(state: ChangeState) -> None:
    """A minute later no list has it among those that can be approved."""
    first, second = state.propose("adam", stricter), state.propose("adam", weaker)
    state.vote("olaf", first)
    state.restart()
    state.desk.look()
    assert state.desk.change(second.number).state == "void"
    assert "have come into force since" in state.desk.change(second.number).ended_reason


def test_one_vote_against_ends_it(state: ChangeState) -> None:
    """And an approval afterwards changes nothing."""
    change = state.propose("adam", stricter)
    assert state.vote("paul", change, approves=False).state == "rejected"
    with pytest.raises(ChangeRefused, match="is rejected already"):
        state.vote("olaf", change)


def test_only_the_proposer_withdraws(state: ChangeState) -> None:
    """Another admin does not."""
    change = state.propose("adam", stricter)
    with pytest.raises(ChangeRefused, match="was proposed by adam"):
        state.desk.withdraw(state.principal("alma"), change.number)
    assert state.desk.withdraw(state.principal("adam"), change.number).state == "withdrawn"


def test_what_was_stored_and_changed_since_is_not_approved(state: ChangeState) -> None:
    """Whoever writes into the state itself gets no votes for it: the content has its digest."""
    change = state.propose("adam", stricter)
    with state.stores.state.transact() as transaction:
        transaction.apply(RESPONSE.prefix, {book.CONTENT + change.outcome: b'{"notice": null}'})
    with pytest.raises(LeaklineError, match="are not as they were approved"):
        state.vote("olaf", change)
    assert state.in_force == change.base


def test_what_is_forbidden_is_not_even_proposed(state: ChangeState) -> None:
    """It is refused with its reason, and the attempt is recorded."""
    for edit in (lambda document: document.update(notice=None), lambda document: document.update(permissions=None)):
        with pytest.raises(ChangeRefused):
            state.propose("adam", edit)
    assert state.recorded().count("change-refused") == 2
    assert not state.desk.changes()


def test_what_is_weaker_than_law_is_not_even_proposed(state: ChangeState) -> None:
    """The floor of the law is asked for proposals as for the file."""

    def refuse(_: object) -> None:
        raise SettingsError("later than the law allows")

    state.floor = refuse
    with pytest.raises(ChangeRefused, match="later than the law allows"):
        state.propose("adam", stricter)
    assert state.recorded()[-1] == "change-refused"


@pytest.mark.parametrize("by", ["votes", "break-glass"])
def test_what_leaves_fewer_than_two_approvers_is_not_even_proposed(state: ChangeState, by: str) -> None:
    """Groups can have the roles and no people: then nothing that weakens could be approved any more."""

    def elsewhere(document: dict[str, Any]) -> None:
        document["permissions"]["groups"] = {"admins": "admin", "empty": "privacy", "board": "approver"}

    with pytest.raises(ChangeRefused, match="only 1 of the people of this system could approve"):
        state.propose("adam", elsewhere, way=by, lasts=timedelta(hours=1))
    assert state.recorded()[-1] == "change-refused"
    state.members["rosa"] = "empty"
    assert state.propose("adam", elsewhere, way=by, lasts=timedelta(hours=1)).number


def test_where_too_few_can_approve_already_it_can_get_better(state: ChangeState) -> None:
    """Another group with as few is no worse."""
    state.members = {"olaf": "board"}
    assert state.propose("adam", lambda document: document["permissions"]["groups"].update(more="approver")).number


def test_what_cannot_be_recorded_whole_is_not_proposed(state: ChangeState) -> None:
    """In a sentence, and nothing is stored of it; many small differences are."""

    def endless(document: dict[str, Any]) -> None:
        document["rules"]["placeholders"] = {"Apps": [f"{number:040}" for number in range(15_000)]}

    with pytest.raises(ChangeRefused, match="has at most 500,000"):
        state.propose("adam", endless)
    assert state.recorded() == ["settings-baseline"]

    def many(document: dict[str, Any]) -> None:
        document["rules"]["disabled"] = [f"rule_{number}" for number in range(5_000)]

    change = state.propose("adam", many)
    assert len(change.differences) == 5_000
    record = state.records()[-1]["data"]
    assert (len(record["paths"]), record["differences"]) == (1_000, 5_000)
    assert len(state.desk.change(change.number).differences) == 5_000


def test_every_act_is_recorded_with_its_reason_and_what_was_before(state: ChangeState) -> None:
    """In the transaction that makes it true; who did it stands in the record."""
    change = state.propose("adam", weaker)
    state.vote("paul", change)
    state.vote("olaf", change)
    kinds = ["settings-baseline", "change-proposed", "change-approved", "change-approved", "change-applied"]
    assert state.recorded() == kinds
    records = state.records()
    assert [record["actor"].get("name", "") for record in records] == ["", "adam", "paul", "olaf", "olaf"]
    assert records[1]["data"]["base_sha256"] == change.base and records[1]["data"]["paths"]
    before = next(found for found in change.differences if "people" in found.path).before
    assert "ben" in str(before)


def test_a_change_for_a_time_ends_with_it(state: ChangeState) -> None:
    """The settings before it are in force again, by themselves."""
    change = state.propose("adam", weaker, lasts=timedelta(days=7))
    state.vote("paul", change)
    state.vote("olaf", change)
    state.restart()
    state.now += timedelta(days=7) - timedelta(seconds=1)
    state.desk.look()
    assert state.in_force == change.outcome
    state.now += timedelta(seconds=1)
    state.desk.look()
    assert (state.in_force, state.desk.change(change.number).state) == (change.base, "reverted")
    assert len(state.restarts) == 2


@pytest.mark.parametrize("lasts", [timedelta(days=31), timedelta(seconds=1)])
def test_a_time_that_is_too_long_or_too_short_is_refused(state: ChangeState, lasts: timedelta) -> None:
    """A month at most."""
    with pytest.raises(ChangeRefused, match="a change lasts from 1m to 30d"):
        state.propose("adam", weaker, lasts=lasts)


@pytest.mark.parametrize("by", ["votes", "break-glass"])
def test_later_than_the_law_is_refused_by_the_law_itself(state: ChangeState, by: str) -> None:
    """By the pack that is shipped, on both ways."""
    state.floor = refuse_weaker

    def later(document: dict[str, Any]) -> None:
        document["notice"]["presume_aware_after"] = "30d"

    with pytest.raises(ChangeRefused, match=r"presume_aware_after"):
        state.propose("adam", later, way=by, lasts=timedelta(hours=1))
    assert state.recorded()[-1] == "change-refused"
    assert not state.restarts

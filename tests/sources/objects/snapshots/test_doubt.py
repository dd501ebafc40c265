"""What is missing is revoked only where the user certainly sees as much as before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from agent.sources.objects.snapshots.look_reader import LookReader
from tests.sources.objects.snapshots.assignments import auth_session
from tests.sources.objects.snapshots.conftest import SnapshotReader


def revoked(*numbers: int) -> list[tuple[str, int]]:
    return [("revoked", number) for number in numbers]


def own_only(reader: SnapshotReader) -> list[int]:
    """The user loses the permission, and sees their own records alone; the numbers of the others."""
    hidden = [int(record["Id"][3:15]) for record in reader.records if record["AssigneeId"][-4] != "0"]
    reader.take(*hidden)
    return hidden


def begin(reader: SnapshotReader, numbers: Sequence[int], permitted: bool | None) -> None:
    reader.permit(permitted)
    reader.give(*numbers)
    reader.look()


def test_many_that_are_missing_are_revoked_by_a_second_look(reader: SnapshotReader) -> None:
    """They are held back and reported; when they are missing again, each is revoked once."""
    begin(reader, range(60), True)
    reader.take(*range(40))
    batches = reader.look()
    assert reader.rows(batches) == []
    assert reader.own(batches) == {
        "snapshot-doubtful": "40 records of PermissionSetAssignment are missing at once and are not reported as revoked "
        "yet: the next look decides"
    }
    batches = reader.look()
    assert reader.differences(batches) == revoked(*range(40))
    assert list(reader.own(batches)) == ["snapshot-settled"]
    assert reader.differences(reader.look()) == []


def test_many_that_are_back_were_never_missing(reader: SnapshotReader) -> None:
    """A look that was wrong leaves nothing behind: neither revocations nor grants."""
    begin(reader, range(60), True)
    reader.take(*range(40))
    reader.look()
    reader.records.clear()
    reader.give(*range(60))
    batches = reader.look()
    assert reader.rows(batches) == []
    assert list(reader.own(batches)) == ["snapshot-settled"]


def test_only_those_are_revoked_that_are_missing_twice(reader: SnapshotReader) -> None:
    """Of looks that miss now these, now those, none is believed for what the other one saw."""
    begin(reader, range(100), True)
    reader.take(*range(50))
    reader.look()
    reader.records.clear()
    reader.give(*range(10), *range(50, 100))
    assert reader.differences(reader.look()) == revoked(*range(10, 50))


@pytest.mark.parametrize("numbers", [range(60), range(15)], ids=["many", "few"])
def test_a_permission_that_is_lost_revokes_nothing(reader: SnapshotReader, numbers: Sequence[int]) -> None:
    """However often it is looked; when the user has it again, what was revoked meanwhile is."""
    begin(reader, numbers, True)
    hidden = own_only(reader)
    reader.permit(False)
    batches = reader.look()
    assert "does not have the permission View Setup and Configuration" in reader.own(batches)["snapshot-doubtful"]
    assert reader.rows(batches) == []
    for _ in range(3):
        batches = reader.look()
        assert (reader.rows(batches), reader.own(batches)) == ([], {})
    reader.permit(True)
    reader.give(*hidden[1:])
    batches = reader.look()
    assert reader.differences(batches) == revoked(hidden[0])
    assert list(reader.own(batches)) == ["snapshot-settled"]


def test_an_org_that_does_not_say(reader: SnapshotReader) -> None:
    """Where only the records of one user are left of many, they are not revoked, whatever looks agree."""
    begin(reader, range(60), None)
    own_only(reader)
    reader.look()
    batches = reader.look()
    assert reader.rows(batches) == []
    assert "the rest belongs to one user" in reader.own(batches)["snapshot-doubtful"]
    assert reader.rows(reader.look()) == []


def test_an_org_that_does_not_say_and_shows_others(reader: SnapshotReader) -> None:
    """Where others' records are left, a second look decides."""
    begin(reader, range(60), None)
    reader.take(*range(40))
    assert reader.rows(reader.look()) == []
    assert reader.differences(reader.look()) == revoked(*range(40))


def test_a_user_who_never_had_the_permission(reader: SnapshotReader) -> None:
    """It was not lost: they see what they saw, and a second look decides."""
    begin(reader, range(60), False)
    reader.take(*range(40))
    assert reader.rows(reader.look()) == []
    assert reader.differences(reader.look()) == revoked(*range(40))


def test_few_are_revoked_at_once(reader: SnapshotReader) -> None:
    """A large share of a few records is nothing odd while the user has the permission."""
    begin(reader, range(6), True)
    reader.take(0, 1, 2)
    assert reader.differences(reader.look()) == revoked(0, 1, 2)


def test_a_small_share_is_no_reason_to_believe_a_lost_permission(reader: SnapshotReader) -> None:
    """More than a few records are not revoked without asking, though they are less than the share of all."""
    begin(reader, range(200), True)
    reader.take(*range(30))
    reader.permit(False)
    batches = reader.look()
    assert reader.rows(batches) == []
    assert "does not have the permission" in reader.own(batches)["snapshot-doubtful"]


def test_an_object_without_any_record_revokes_nothing(reader: SnapshotReader) -> None:
    """The reading user has assignments and a session of their own: however often nothing is seen, something is wrong."""
    begin(reader, range(60), True)
    reader.take(*range(60))
    batches = reader.look()
    assert "none of them can be seen" in reader.own(batches)["snapshot-doubtful"]
    for _ in range(2):
        batches = reader.look()
        assert (reader.rows(batches), reader.own(batches)) == ([], {})
    reader.give(*range(59))
    assert reader.differences(reader.look()) == revoked(59)


def test_a_page_that_is_cut_like_a_last_one(reader: SnapshotReader, monkeypatch: pytest.MonkeyPatch) -> None:
    """The org counts more than it gave: the look has no effect, though less than the share is missing."""
    begin(reader, range(200), True)
    whole = list(reader.records)
    reader.take(*range(170, 200))
    monkeypatch.setattr(LookReader, "count", lambda *_: len(whole))
    batches = reader.look()
    assert reader.rows(batches) == []
    assert "the org counts 200 records and gave 170" in reader.own(batches)["snapshot-failed"]
    reader.records[:] = whole
    assert reader.differences(reader.look()) == []


def test_an_ordinary_loss_costs_no_call(reader: SnapshotReader) -> None:
    """Neither count nor permission are asked where less than the share is gone."""
    begin(reader, range(60), True)
    reader.asked()
    reader.take(*range(15))
    assert len(reader.differences(reader.look())) == 15
    assert len(reader.asked()) == 1


def test_grants_are_not_held_back(reader: SnapshotReader) -> None:
    """What is certain is reported while something else is in doubt."""
    begin(reader, range(60), True)
    reader.take(*range(40))
    reader.give(70)
    assert reader.differences(reader.look()) == [("granted", 70)]


def test_records_that_come_into_view_are_not_granted(reader: SnapshotReader) -> None:
    """A user who is given a permission sees many older records; what was made since is granted."""
    hidden = [number for number in range(60) if number % 10]
    begin(reader, range(60), False)
    records = [record for record in reader.records if int(record["Id"][3:15]) in hidden]
    reader.memory.clear()
    own_only(reader)
    reader.look()
    reader.records.extend(records)
    reader.clock.advance(minutes=30)
    reader.give(99)
    batches = reader.look(after=timedelta(minutes=30))
    assert reader.differences(batches) == [("granted", 99)]
    assert reader.own(batches)["snapshot-widened"].startswith("54 older records")
    reader.take(hidden[0])
    assert reader.differences(reader.look()) == revoked(hidden[0])


def test_sessions_that_reached_their_end(reader: SnapshotReader) -> None:
    """All that end in an evening are revoked at once, while the user has the permission; sooner ones are doubtful."""
    reader.watched = "AuthSession"
    reader.permit(True)
    reader.records.extend(auth_session(number, reader.clock(), NumSecondsValid=14_400) for number in range(60))
    reader.look()
    del reader.records[5:]
    early = reader.look()
    assert reader.rows(early) == []
    assert list(reader.own(early)) == ["snapshot-doubtful"]
    reader.records.clear()
    reader.records.extend(auth_session(number, reader.clock(), NumSecondsValid=14_400) for number in range(100, 160))
    reader.look()
    del reader.records[5:]
    assert len(reader.rows(reader.look(after=timedelta(hours=3)))) == 55

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from agent.enrichment.user import COLUMNS, UserColumns, UserRecord

ADA, BEN, ROBOT = "005A00000012345AAA", "005A00000067890AAA", "005B00000000001AAA"
FIELDS: dict[str, Any] = {
    "Id": ADA,
    "Username": "ada@example.com",
    "Name": "Ada Stone",
    "Email": "ada@mail.example",
    "Profile.Name": "Standard User",
    "UserRole.Name": "Sales EMEA",
    "UserType": "Standard",
    "Department": "Sales",
    "IsActive": False,
}


class CountingLookup:
    """An org that knows Ada, and says what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def users(self, ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        self.asked.append(sorted(ids))
        return {user_id: FIELDS for user_id in ids if user_id[:15] == ADA[:15]}


def test_users_are_told_by_id() -> None:
    """Names, profile and the rest stand beside every row of the user, in the types of the columns."""
    told = UserColumns(CountingLookup().users).columns(pl.Series([BEN, ADA, None, ADA]))
    assert {name: column[1] for name, column in told.items() if name != "user.roles"} == {
        "user.name": "ada@example.com",
        "user.full_name": "Ada Stone",
        "user.email": "ada@mail.example",
        "salesforce.user.profile": "Standard User",
        "salesforce.user.role": "Sales EMEA",
        "salesforce.user.type": "Standard",
        "salesforce.user.department": "Sales",
        "salesforce.user.is_active": False,
    }
    assert told["user.roles"].to_list() == [None, ["Standard User"], None, ["Standard User"]]
    assert all(column.dtype == COLUMNS[name] for name, column in told.items())


def test_users_not_found_are_asked_for_again() -> None:
    """A look-up that could not answer is tried with the next batch; what was answered is not."""
    org = CountingLookup()
    persons = UserColumns(org.users)
    for _ in range(2):
        persons.columns(pl.Series([ADA, BEN]))
    assert org.asked == [[ADA, BEN], [BEN]]


def test_only_user_ids_are_asked_for() -> None:
    """Text that is no user id, hostile or not, never reaches the org."""
    org = CountingLookup()
    told = UserColumns(org.users).columns(pl.Series(["' OR Id != '", "00D000000000001AAA", "", "005", ADA[:15]]))
    assert org.asked == [[ADA[:15]]]
    assert told["user.name"].to_list() == [None, None, None, None, "ada@example.com"]


def test_nobody_to_ask_for_asks_nobody() -> None:
    """A batch without user ids makes no call."""
    org = CountingLookup()
    assert UserColumns(org.users).columns(pl.Series([None, "x"])) == {}
    assert org.asked == []


def test_an_answer_with_odd_values_is_taken_as_far_as_it_is_right() -> None:
    """A field of another type counts as not there."""
    assert UserRecord.of({"Username": 7, "Name": "", "IsActive": "yes", "Email": "a@b"}) == UserRecord(email="a@b")


def test_targets_have_names_alone() -> None:
    """Of the user that something was done to, only names are told."""
    told = UserColumns(CountingLookup().users).target_columns(pl.Series([ADA]))
    assert {name: column[0] for name, column in told.items()} == {
        "user.target.name": "ada@example.com",
        "user.target.full_name": "Ada Stone",
        "user.target.email": "ada@mail.example",
    }

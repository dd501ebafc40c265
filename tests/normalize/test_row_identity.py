from __future__ import annotations

import hashlib
from collections.abc import Mapping

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.columns.id_set import IdSet
from agent.columns.small import SMALL
from agent.normalize.row_identity import ESCAPE, SEPARATOR, EarlierIds, Occurrences, identify, nth

ORG = "00D000000000001AAA"

names = st.text(st.sampled_from("AB_" + SEPARATOR + ESCAPE + "01é"), min_size=1, max_size=4)
values = st.none() | st.text(
    st.sampled_from("ab01=\\" + SEPARATOR + ESCAPE + "é\U0001f600\0\n"), min_size=1, max_size=5
)
rows = st.lists(st.dictionaries(names, values, max_size=5), min_size=1, max_size=8)


def framed(rows: list[dict[str, str | None]]) -> pl.DataFrame:
    columns = {name: pl.String for row in rows for name in row}
    return pl.DataFrame([{name: row.get(name) for name in columns} for row in rows], schema=columns)


def identified(row: Mapping[str, str | None], event_type: str = "Login") -> str:
    return str(identify(framed([dict(row)]), ORG, event_type)[0])


def by_hand(row: Mapping[str, str | None], event_type: str = "Login") -> str:
    """The definition, a row at a time."""
    filled = sorted((name, value) for name, value in row.items() if value is not None)
    parts = [ORG, event_type, *(name for name, _ in filled), *(value for _, value in filled)]
    text = SEPARATOR.join(part.replace(ESCAPE, ESCAPE + "0").replace(SEPARATOR, ESCAPE + "1") for part in parts) + (
        "" if filled else SEPARATOR
    )
    return hashlib.blake2b(text.encode(), digest_size=16, person=b"leakline.event").hexdigest()


@given(rows, st.booleans())
def test_ids_follow_the_definition_whatever_stands_beside_a_row(rows: list[dict[str, str | None]], many: bool) -> None:
    """A row's id depends on that row alone, not on the batch it comes in, be it small or large."""
    if framed(rows).height != len(rows):
        return  # a frame without columns has no rows
    times = SMALL // len(rows) + 1 if many else 1
    assert identify(framed(rows * times), ORG, "Login").to_list() == [by_hand(row) for row in rows] * times


@given(rows)
def test_different_rows_have_different_ids(rows: list[dict[str, str | None]]) -> None:
    """Two rows share an id only if their non-empty cells are the same."""
    if framed(rows).height != len(rows):
        return
    contents = [frozenset((k, v) for k, v in row.items() if v is not None) for row in rows]
    pairs = set(zip(contents, identify(framed(rows), ORG, "Login"), strict=True))
    assert len(pairs) == len({content for content, _ in pairs}) == len({event_id for _, event_id in pairs})


def test_an_id_never_changes_from_release_to_release() -> None:
    """The ids of rows already delivered stay what they are, or a replay would double them."""
    row = {"EVENT_TYPE": "Login", "USER_ID": "005000000000001", "URI": None, "CLIENT_IP": "11.20.16.4"}
    assert identified(row) == "b17a9a24614486bef15dcdb39717f49d"


def test_new_empty_columns_and_another_column_order_leave_the_id_alone() -> None:
    """A log file that gained a column which is empty, or has its columns moved, names its rows as before."""
    row = {"A": "1", "B": "2"}
    assert identified(row) == identified({"B": "2", "NEW": None, "A": "1"})


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ({"A": "1"}, {"B": "1"}),
        ({"A": "1", "B": None}, {"A": None, "B": "1"}),
        ({"A": f"1{SEPARATOR}2"}, {"A": "1", "B": "2"}),
        ({"A": SEPARATOR}, {"A": ESCAPE + "1"}),
        ({"A": "é"}, {"A": "e\u0301"}),
    ],
)
def test_look_alike_rows_are_told_apart(left: dict[str, str | None], right: dict[str, str | None]) -> None:
    """A value in another column, a separator inside a value and another spelling each make another id."""
    assert identified(left) != identified(right)


def test_org_and_event_type_are_part_of_the_id() -> None:
    """The same cells in another org or under another event type are another event."""
    frame = framed([{"A": "1"}])
    ids = {identify(frame, org, kind)[0] for org in (ORG, "00D000000000002AAA") for kind in ("Login", "Logout")}
    assert len(ids) == 4


def test_more_partly_empty_columns_than_one_integer_has_bits() -> None:
    """Seventy columns, each empty in another row, are kept apart."""
    rows: list[dict[str, str | None]] = [{f"C{n}": "x" if n != row else None for n in range(70)} for row in range(70)]
    ids = identify(framed(rows), ORG, "Login").to_list()
    assert ids == [by_hand(row) for row in rows]
    assert len(set(ids)) == 70


def test_an_empty_frame_has_no_ids() -> None:
    """No rows, no ids, and still text."""
    ids = identify(framed([{"A": "1"}]).clear(), ORG, "Login")
    assert (ids.len(), ids.dtype, ids.name) == (0, pl.String(), "event.id")


def test_an_event_id_already_there_is_not_part_of_the_row() -> None:
    """Naming a frame twice gives the same ids."""
    frame = framed([{"A": "1"}, {"A": "2"}])
    ids = identify(frame, ORG, "Login")
    assert identify(frame.with_columns(ids), ORG, "Login").equals(ids)


def hashed(*numbers: int) -> pl.Series:
    return pl.Series(
        [hashlib.md5(str(n).encode(), usedforsecurity=False).hexdigest() for n in numbers], dtype=pl.String
    )


small = st.lists(st.integers(0, 6), max_size=8)
batches = st.lists(small | small.map(lambda numbers: numbers * (SMALL // 4)), max_size=6)


@settings(max_examples=60, deadline=None)
@given(batches, st.integers(0, 6))
def test_equal_rows_are_numbered_over_the_batches_of_a_file(batches: list[list[int]], stop: int) -> None:
    """The n-th of several equal rows gets the n-th id, also when reading stopped in mid-file and was taken up again."""
    seen: dict[str, int] = {}
    occurrences, pieces = Occurrences(), list[bytes]()
    for place, batch in enumerate(batches):
        if place == stop:
            occurrences = Occurrences(pieces)
        ids = hashed(*batch)
        numbered, piece = occurrences.number(ids)
        pieces.append(piece)
        assert len(piece) == 8 * len(batch)
        assert ids.equals(hashed(*batch)), "what was handed in is unchanged"
        for event_id, given_id in zip(ids, numbered, strict=True):
            assert given_id == nth(event_id, seen.get(event_id, 0))
            seen[event_id] = seen.get(event_id, 0) + 1


def test_many_repeats_of_one_row_are_numbered_without_gaps() -> None:
    """A row repeated thousands of times over batches gets thousands of ids, quickly found."""
    occurrences, told = Occurrences(), []
    for _ in range(10):
        told += occurrences.number(hashed(*[1] * 500))[0].to_list()
    assert told == [nth(hashed(1)[0], number) for number in range(5000)]


def test_a_file_issued_again_in_another_order_has_the_same_ids() -> None:
    """Numbering by order of appearance gives the same set of ids whatever the order."""
    first, _ = Occurrences().number(hashed(1, 2, 1, 3, 1))
    again, _ = Occurrences().number(hashed(1, 1, 3, 1, 2))
    assert sorted(first) == sorted(again)


@given(batches, st.lists(st.integers(0, 12), max_size=20))
def test_taken_tells_what_went_before(batches: list[list[int]], asked: list[int]) -> None:
    """An id is taken if and only if a piece holds it."""
    pieces = [IdSet().add(hashed(*batch)) for batch in batches]
    taken = {n for batch in batches for n in batch}
    assert EarlierIds(pieces).mask(hashed(*asked)).to_list() == [n in taken for n in asked]


def test_pieces_of_a_file_tell_its_repeats_when_it_comes_again() -> None:
    """The pieces of a first reading mark every row of the second as taken, and one repeat more as new."""
    _, piece = Occurrences().number(hashed(1, 1, 2))
    again, _ = Occurrences().number(hashed(2, 1, 1, 1))
    assert EarlierIds([piece]).mask(again).to_list() == [True, True, True, False]


def test_a_set_that_grew_in_many_parts_holds_them_all() -> None:
    """Joining parts loses nothing, and few parts remain."""
    grown = IdSet()
    for start in range(0, 3000, 30):
        grown.add(hashed(*range(start, start + 30)))
    assert len(grown) == 3000
    assert grown.mask(hashed(*range(3000))).all()
    assert len(grown._parts) <= 6

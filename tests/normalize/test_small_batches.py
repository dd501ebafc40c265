"""A small batch comes to the same as a large one of the same rows."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agent.columns.timestamp import TIME
from agent.model import Batch
from agent.normalize.computed.guest import guest_columns
from agent.normalize.computed.sign_in import sign_in_columns
from agent.normalize.event_time import is_plain_compact, is_plain_iso, read_time, write_iso
from agent.normalize.mapping.conversion import CONVERSIONS, plain_numbers
from agent.normalize.mapping.row_condition import RowCondition
from agent.normalize.mapping.url_parts import split_urls
from agent.normalize.mapping.value_kinds import VALUE_KINDS
from agent.normalize.raw_cells import RawCells, json_objects
from agent.normalize.shape import Normalizer
from tests.columns.odd_texts import CELL, CELLS, check_both, check_equal, large, text
from tests.golden.documents import SEEN, golden_batch
from tests.normalize.batches import EVENT_TYPES, NORMALIZER

ORIGINALS = Normalizer(NORMALIZER.mappings, keep_original=True)

CELLWISE = {
    **CONVERSIONS,
    "plain numbers": plain_numbers,
    "time": lambda cells: read_time(cells, None),
    **{f"{name} read": kind.read for name, kind in VALUE_KINDS.items()},
}


@pytest.mark.parametrize("name", sorted(CELLWISE))
@settings(deadline=None, max_examples=15)
@given(cells=CELLS)
@example(cells=["/services/data/v62.0/query?q=x"])
def test_cells_of_a_small_column_are_read_like_those_of_a_large_one(name: str, cells: list[str | None]) -> None:
    """Every conversion gives the same value, null and type for a cell, however many stand beside it."""
    check_both(CELLWISE[name], cells)


@pytest.mark.parametrize("name", sorted(VALUE_KINDS))
@settings(deadline=None, max_examples=15)
@given(cells=CELLS)
def test_values_of_a_small_column_are_written_like_those_of_a_large_one(name: str, cells: list[str | None]) -> None:
    """The way back to the text of a cell is the same, however many stand beside it."""
    kind = VALUE_KINDS[name]
    check_both(lambda cells: kind.write(kind.read(cells)), cells)


@settings(deadline=None, max_examples=40)
@given(CELLS)
def test_what_is_plain_in_a_small_column_can_be_written_back(cells: list[str | None]) -> None:
    """No look at a small column says that its cells come back from their field where one of them does not."""
    for kind in ("integer", "id", "boolean"):
        raw = text(cells)
        value = VALUE_KINDS[kind].read(raw)
        assert not VALUE_KINDS[kind].is_plain(raw, value) or VALUE_KINDS[kind].write(value).equals(raw)


@settings(deadline=None, max_examples=40)
@given(CELLS)
def test_urls_of_a_small_column_have_the_same_parts(cells: list[str | None]) -> None:
    """The parts that occur, in their order, whether all cells are paths or not."""
    few, many = (
        {name: part.alias(name) for name, part in split_urls(text(column)).items()} for column in (cells, large(cells))
    )
    check_equal(few, many, len(cells))


TIMES = st.sampled_from(["2026-03-02T10:20:30.456Z", "1969-12-31T23:59:59.999Z", "2026-03-02T10:20:30.45Z", "2026-02-30T00:00:00.000Z"])  # fmt: skip
COMPACT = st.sampled_from(["20260302102030.456", "19691231235959.999", "20260302102030.45", "20260302 02030.456"])


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(TIMES, COMPACT), min_size=1, max_size=4))
def test_times_of_a_small_column_are_plain_where_those_of_a_large_one_are(rows: list[tuple[str, str]]) -> None:
    """Both spellings, and only where each cell is just what would be written."""
    iso, compact = [row[0] for row in rows], [row[1] for row in rows]
    spelled_alike = compact == [cell.translate(str.maketrans("", "", "-T:Z")) for cell in iso]
    for cells, other in ((text(iso), text(compact)), (text(large(iso)), text(large(compact)))):
        time = read_time(cells, None)
        plain = is_plain_iso(cells, time)
        assert plain == write_iso(time).equals(cells)
        assert not plain or is_plain_compact(other, cells) == spelled_alike


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(CELL, st.booleans(), CELL, st.booleans()), min_size=1, max_size=5))
def test_raw_cells_of_few_rows_are_written_like_those_of_many(
    rows: list[tuple[str | None, bool, str | None, bool]],
) -> None:
    """The same JSON byte for byte, of columns that are there and of one that is not."""
    size = len(large([""] * len(rows)))

    def written(rows: list[tuple[str | None, bool, str | None, bool]]) -> pl.Series:
        first, kept, second, also = (list(cells) for cells in zip(*rows, strict=True))
        return json_objects(
            [
                RawCells("A", text(first), pl.Series(kept, dtype=pl.Boolean)),
                RawCells('B "é', text(second), pl.Series(also, dtype=pl.Boolean)),
                RawCells("C", None, pl.Series(kept, dtype=pl.Boolean)),
            ]
        )

    few, many = written(rows), written([*rows] * (size // len(rows)))
    assert (few.name, few.to_list()) == (many.name, many.head(len(rows)).to_list())


PATTERNS = st.lists(st.text(st.sampled_from("aAsé*./\n1ſ"), max_size=5), min_size=1, max_size=3)


@settings(deadline=None, max_examples=40)
@given(PATTERNS, st.lists(st.none() | st.text(st.sampled_from("aASéE./\n1b"), max_size=8), min_size=1, max_size=5))
def test_a_condition_holds_in_the_same_rows_of_small_and_large_columns(
    patterns: list[str], cells: list[str | None]
) -> None:
    """Stars stand for any text, capitals do not matter, and a null fits nothing."""
    condition = RowCondition((("A", tuple(patterns)),))
    check_both(lambda column: condition.holds(lambda _: column, column.len()).alias(""), cells)


GUESTS = ("USER_TYPE", "IS_GUEST", "salesforce.user.license", "USER_ID", "SITE_ID", "LOGIN_KEY", "EVENT_TYPE", "URI", "ACTION_MESSAGE")  # fmt: skip
SIGN_INS = ("EVENT_TYPE", "EventType", "LOGIN_STATUS", "Status", "REQUEST_STATUS", "LoginTime")


@settings(deadline=None, max_examples=40)
@given(st.data(), st.integers(1, 4))
def test_guests_and_sign_ins_of_few_rows_are_those_of_many(data: st.DataObject, height: int) -> None:
    """The same columns and values, whichever columns there are."""
    for names, computed in ((GUESTS, guest_columns), (SIGN_INS, sign_in_columns)):
        columns = {
            name: data.draw(st.lists(CELL, min_size=height, max_size=height))
            for name in data.draw(st.lists(st.sampled_from(names), unique=True, min_size=1))
        }
        few = computed({name: text(cells, name) for name, cells in columns.items()})
        many = computed({name: text(large(cells), name) for name, cells in columns.items()})
        check_equal(few, many, height)


@settings(deadline=None, max_examples=60)
@given(st.data(), st.sampled_from(EVENT_TYPES), st.booleans())
def test_a_small_batch_is_shaped_like_a_large_one(data: st.DataObject, event_type: str, keep_original: bool) -> None:
    """Columns, their order and types, values and nulls, with odd cells in any place."""
    golden = golden_batch(event_type)
    columns = {name: golden.frame[name].to_list() for name in golden.frame.columns}
    for name in data.draw(st.lists(st.sampled_from([name for name in columns if name != "event.id"]), max_size=8)):
        columns[name] = data.draw(st.lists(CELL.map(lambda cell: cell or None), min_size=golden.frame.height, max_size=golden.frame.height))  # fmt: skip
    normalizer = ORIGINALS if keep_original else NORMALIZER

    def frames(columns: dict[str, list[str | None]]) -> tuple[pl.DataFrame, pl.DataFrame]:
        frame = pl.DataFrame([text(cells, name) for name, cells in columns.items()])
        batch = Batch(golden.org, golden.source, event_type, frame, created=golden.created)
        prepared = normalizer.prepare(batch)
        return prepared, normalizer.shape(prepared, batch, SEEN)

    few, many = frames(columns), frames({name: large(cells) for name, cells in columns.items()})
    for small_frame, large_frame in zip(few, many, strict=True):
        check_equal(small_frame.to_dict(), large_frame.to_dict(), golden.frame.height)


def test_a_frame_without_rows_keeps_its_types() -> None:
    """Of no rows there are still the columns that every frame has."""
    batch = golden_batch("Login")
    empty = Batch(batch.org, batch.source, "Login", batch.frame.clear())
    shaped = NORMALIZER.shape(NORMALIZER.prepare(empty), empty, SEEN)
    assert (shaped.height, shaped.schema["@timestamp"]) == (0, TIME)

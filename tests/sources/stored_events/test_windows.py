"""Windows of time over an object bring each of its records, wherever reading stops, and no more calls than allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import SourceError
from agent.simulator.api import query, soql_parser
from agent.simulator.api.filters.soql import SoqlError
from agent.simulator.org.objects import Table
from agent.sources.object_query import object_reader
from agent.sources.object_query.cells import raw_frame
from agent.sources.object_query.object_reader import CallBudget, ObjectReader
from agent.sources.object_query.queried_object import QueriedObject
from agent.sources.object_query.span import DIGITS, Span, bounded, milliseconds
from agent.sources.salesforce.api_error import QueryTimeout, Refused, UnreadableAnswer
from tests.sources.stored_events.stored_rows import FIELDS, stored_row

BEGIN = datetime(2026, 7, 1, tzinfo=UTC)
Kind = Literal["big", "standard", "keyless"]


class SimulatedObject:
    """An object of the simulated org, without the network."""

    def __init__(self, kind: Kind, rows: list[dict[str, Any]], *, strict: bool = False) -> None:
        """`strict`: a big object refuses what the simulated org's refuse, ranges of keys too."""
        self.queried = QueriedObject("LoginEvent", kind)
        self._table = Table("LoginEvent", FIELDS, lambda: rows)
        if strict:
            newest = sorted(rows, key=lambda row: str(row["EventDate"]), reverse=True)
            index = ("EventDate", "EventIdentifier")
            self._table = replace(self._table, newest=lambda low, high: iter(newest), index=index)
        self.asked: list[str] = []
        self.longest = timedelta(days=1_000)
        """Spans that are longer take too long."""
        self.most = 10_000
        """Pages of more records are too long."""
        self.expires_behind = 0
        """Records after which the org has forgotten a query; 0: never."""

    def ask(self, soql: str) -> Iterator[Mapping[str, Any]]:
        self.asked.append(soql)
        question = soql_parser.parse(soql, BEGIN)
        bounds = [word for word in soql.split() if word.startswith("2026-")]
        times = [datetime.fromisoformat(word) for word in bounds]
        if len(times) == 2 and times[1] - times[0] > self.longest:
            raise QueryTimeout("QUERY_TIMEOUT")
        try:
            _, records = query.run(question, self._table, "64.0")
        except SoqlError as error:
            raise Refused(str(error), error.code) from error
        if len(records) > self.most:
            raise UnreadableAnswer("too long")
        for number, record in enumerate(records):
            if self.expires_behind and number == self.expires_behind:
                raise Refused("invalid query locator", object_reader.EXPIRED)
            yield record

    def reader(self, calls: int = 1_000) -> ObjectReader:
        return ObjectReader(self.ask, self.queried, list(FIELDS), CallBudget(calls))


def row(number: int, millisecond: int) -> dict[str, Any]:
    name = f"{number * 0x9E3779B97F4A7C15 % (1 << 64):016x}"
    return stored_row(number, BEGIN + timedelta(milliseconds=millisecond), f"{name[:8]}-{name[8:]}")


def whole() -> list[Span]:
    return [Span(milliseconds(BEGIN), milliseconds(BEGIN + timedelta(days=1)))]


moments = st.lists(st.integers(0, 40) | st.just(7), max_size=40)


@settings(max_examples=60, deadline=None)
@given(moments, st.integers(2, 6), st.sampled_from(["big", "standard", "keyless"]), st.integers(1, 30))
def test_every_record_is_read_wherever_reading_stops(times: list[int], page: int, kind: Kind, stop: int) -> None:
    """In a pass that is ended behind every few pages, and goes on with what was unread; in the order of time in a page.

    Not while nothing has come of it yet: a moment of records without ids that fills several pages takes a pass by itself.
    """
    rows = [row(number, millisecond) for number, millisecond in enumerate(times)]
    simulated, found, spans = SimulatedObject(kind, rows), list[str](), whole()
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(object_reader, "PAGE", page)
        while spans:
            begun = spans
            for number, read in enumerate(simulated.reader().pages(spans), start=1):
                names = [record["Id"] for record in read.records]
                assert [record["EventDate"] for record in read.records] == sorted(
                    record["EventDate"] for record in read.records
                )
                found += names
                spans = [Span.of(span.told()) for span in bounded(read.unread)]
                if number >= stop and spans != begun:
                    break
    assert set(found) == {record["Id"] for record in rows}
    if kind != "big":
        assert len(found) == len(rows)


@pytest.mark.parametrize("kind", ["big", "standard", "keyless"])
def test_no_more_is_asked_than_allowed(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left is unread, and comes with the next calls."""
    monkeypatch.setattr(object_reader, "PAGE", 4)
    rows = [row(number, 10 * number) for number in range(40)]
    simulated, found, passes, spans = SimulatedObject(kind, rows), set[str](), 0, whole()
    while spans:
        passes += 1
        for page in simulated.reader(calls=3).pages(spans):
            found |= {record["Id"] for record in page.records}
            spans = list(page.unread)
        assert len(simulated.asked) <= 3 * passes
    assert len(found) == 40
    assert passes >= 4


def test_a_moment_beyond_all_pages_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Records whose keys begin alike cannot be told apart; those around them are read."""
    monkeypatch.setattr(object_reader, "PAGE", 2)
    rows = [stored_row(n, BEGIN + timedelta(seconds=5), f"same-{n}") for n in range(5)] + [row(9, 1_000)]
    pages = list(SimulatedObject("big", rows).reader().pages(whole()))
    (lost,) = [span for page in pages for span in page.lost]
    assert (lost.start, lost.end) == (milliseconds(BEGIN) + 5_000, milliseconds(BEGIN) + 5_001)
    assert rows[-1]["Id"] in {record["Id"] for page in pages for record in page.records}


def test_an_org_that_refuses_ranges_of_keys_loses_a_full_moment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told once; everything else of the object is read, with nothing that a big object refuses."""
    monkeypatch.setattr(object_reader, "PAGE", 3)
    times = [*range(0, 5_000, 500), *[2_500] * 6]
    rows = [row(number, millisecond) for number, millisecond in enumerate(times)]
    pages = list(SimulatedObject("big", rows, strict=True).reader().pages(whole()))
    found = {record["Id"] for page in pages for record in page.records}
    assert found >= {record["Id"] for record, time in zip(rows, times, strict=True) if time != 2_500}
    begin = milliseconds(BEGIN) + 2_500
    assert [span for page in pages for span in page.lost] == [Span(begin, begin + 1)]
    assert pages[-1].unread == []


def test_a_moment_that_takes_all_calls_is_told_and_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of records without ids, which nothing parts: what came of it is kept, and reading goes on behind it."""
    monkeypatch.setattr(object_reader, "PAGE", 2)
    rows = [row(0, 1), *(row(number, 5) for number in range(1, 20)), row(20, 9)]
    simulated, spans = SimulatedObject("keyless", rows), whole()
    found, lost = set[str](), list[Span]()
    for _ in range(4):
        for page in simulated.reader(calls=4).pages(spans):
            found |= {str(record["Id"]) for record in page.records}
            lost += page.lost
            spans = list(page.unread)
    begin = milliseconds(BEGIN) + 5
    assert (spans, lost) == ([], [Span(begin, begin + 1)])
    assert {rows[0]["Id"], rows[-1]["Id"]} < found


@pytest.mark.parametrize("kind", ["standard", "keyless"])
def test_a_forgotten_query_is_asked_from_the_last_record_on(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it is forgotten within a page; one that brings nothing at all is an error."""
    monkeypatch.setattr(object_reader, "PAGE", 4)
    simulated = SimulatedObject(kind, [row(number, number) for number in range(20)])
    simulated.expires_behind = 3
    found = [record["Id"] for page in simulated.reader().pages(whole()) for record in page.records]
    assert found == [row(number, number)["Id"] for number in range(20)]
    simulated = SimulatedObject(kind, [row(number, 5) for number in range(20)])
    simulated.expires_behind = 1
    if kind == "keyless":
        with pytest.raises(Refused):
            list(simulated.reader().pages(whole()))


def test_a_query_that_takes_too_long_is_asked_in_parts() -> None:
    """Down to a second; then it is an error, and nothing counts as read."""
    simulated = SimulatedObject("big", [row(number, 3_600_000 * number) for number in range(20)])
    simulated.longest = timedelta(hours=2)
    read = [record["Id"] for page in simulated.reader().pages(whole()) for record in page.records]
    assert len(read) == 20
    simulated.longest = timedelta()
    with pytest.raises(QueryTimeout):
        list(simulated.reader().pages(whole()))


@pytest.mark.parametrize("kind", ["big", "standard", "keyless"])
def test_an_answer_that_is_too_long_is_asked_for_in_smaller_pages(kind: Kind) -> None:
    """Down to 50 records."""
    simulated = SimulatedObject(kind, [row(number, number) for number in range(300)])
    simulated.most = 200
    read = {record["Id"] for page in simulated.reader().pages(whole()) for record in page.records}
    assert len(read) == 300
    simulated.most = 10
    with pytest.raises(SourceError):
        list(simulated.reader().pages(whole()))


@given(st.text(DIGITS, max_size=3), st.text("0123456789abcdefgzA-", max_size=8))
def test_parts_of_a_moment_leave_no_key_out(prefix: str, key: str) -> None:
    """A key that lies in a part lies in exactly one of its sixteen."""
    span = Span(1, 2, prefix)

    def holds(part: Span) -> bool:
        return key >= part.low and (not part.high or key < part.high)

    assert sum(map(holds, span.parts())) == holds(span)


def test_spans_are_kept_in_bounds_and_none_is_left_out() -> None:
    """The oldest are joined."""
    spans = [Span(10 * number, 10 * number + 5) for number in range(200)]
    kept = bounded(spans)
    assert len(kept) == 64
    assert all(any(span.start >= k.start and span.end <= k.end for k in kept) for span in spans)


def test_cells_are_written_as_those_of_a_stream() -> None:
    """Times in UTC with milliseconds, whole numbers without a fraction, empty cells null."""
    record = {"T": "2026-07-01T10:00:00.000+0000", "N": 1234.0, "F": 0.25, "B": True, "E": "", "J": {"a": 1}}
    kinds = {"T": "datetime", "N": "double", "F": "double", "B": "boolean", "E": "string", "J": "string", "M": "string"}
    cells = raw_frame([record], kinds).row(0)
    assert cells == ("2026-07-01T10:00:00.000Z", "1234", "0.25", "true", None, '{"a":1}', None)
    times = raw_frame(
        [{"T": "2026-07-01T10:00:00Z"}, {"T": "2026-07-01T10:00:00.5+00:00"}, {"T": "x"}], {"T": "datetime"}
    )
    assert times["T"].to_list() == ["2026-07-01T10:00:00.000Z", "2026-07-01T10:00:00.500Z", "x"]

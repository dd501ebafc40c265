"""Reads the records of spans of time, page after page, within a number of calls.

After each page it is known what is still to be read, so a pass may end anywhere and go on there. A big object gives the
newest records of a span: what is older than the oldest of a full page is the next span, its moment included, for the page
may have cut it in two; those records come twice, and who reads them takes them once (`agent.model.TakenOnce`). A moment
that fills a page by itself is parted by the records' keys.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from agent.errors import SourceError
from agent.sources.object_query.queried_object import QueriedObject
from agent.sources.object_query.record_path import Record
from agent.sources.object_query.span import Span, moment, read_time
from agent.sources.salesforce import soql_literal
from agent.sources.salesforce.api_error import QueryTimeout, Refused, UnreadableAnswer
from agent.sources.salesforce.id_form import is_record_id

PAGE = 2_000
"""Records of a page: what an org gives at most."""
SMALLEST_PAGE = 50
"""To which pages shrink whose answers are too long."""
EXPIRED = "INVALID_QUERY_LOCATOR"
"""What an org says that has forgotten a query's next page."""


@dataclass(slots=True)
class CallBudget:
    """Calls that are left."""

    left: int


@dataclass(frozen=True, slots=True)
class ReadPage:
    """What a call brought."""

    records: Sequence[Record]
    """In the order of their time; those without a readable one come first."""
    unread: Sequence[Span]
    """What is to be read after it."""
    lost: Sequence[Span] = ()
    """Moments of which only a part can be read: they hold more records than can be told apart."""


class ObjectReader:
    """Of one object in one pass. `ask`: a SOQL query to its records; raises what `Session.query` raises."""

    def __init__(
        self,
        ask: Callable[[str], Iterator[Record]],
        queried: QueriedObject,
        fields: Sequence[str],
        calls: CallBudget,
    ) -> None:
        """`fields`: those that are selected, with the object's time and key."""
        self._ask = ask
        self._queried = queried
        self._fields = fields
        self._calls = calls
        self._page = PAGE

    def pages(self, spans: Sequence[Span]) -> Generator[ReadPage]:
        """All pages of the spans, the newest span first, until they are read or no call is left.

        A query that takes too long is asked anew for half of its span, an answer that is too long for fewer records, and
        one whose next page the org has forgotten from the last record on. Raises what `ask` raises where nothing helps.
        """
        waiting = sorted(spans)
        while waiting and self._calls.left > 0:
            span = waiting.pop()
            rest: Sequence[Span] = [span]
            try:
                for page in self._newest(span) if self._queried.kind == "big" else self._ascending(span):
                    rest = page.unread
                    yield ReadPage(page.records, [*waiting, *rest], page.lost)
            except Refused as error:
                if error.code == EXPIRED and rest != [span]:
                    pass
                elif (
                    span.prefix
                ):  # a key may perhaps not be filtered by a range: nothing documents it for stored events
                    waiting = [part for part in waiting if not part.prefix or part.start != span.start]
                    yield ReadPage([], list(waiting), [replace(span, prefix="")])
                    rest = []
                else:
                    raise
            except QueryTimeout:
                rest = span.halves() if rest == [span] else rest
                if not rest:
                    raise
            except UnreadableAnswer:
                if self._page <= SMALLEST_PAGE:
                    raise
                self._page = max(SMALLEST_PAGE, self._page // 4)
            waiting += sorted(rest)

    def _newest(self, span: Span) -> Iterator[ReadPage]:
        self._calls.left -= 1
        found = list(self._ask(f"{self._select(span)} ORDER BY {self._queried.time} DESC LIMIT {self._page}"))
        records = self._sorted(found)
        if len(found) < self._page:
            yield ReadPage(records, [])
            return
        times = [time for record in records if (time := read_time(record.get(self._queried.time))) is not None]
        if not times:  # what lies behind it cannot be told
            halves = span.halves()
            yield ReadPage(records, halves, () if halves else [span])
            return
        oldest = min(times)
        if oldest + 1 < span.end:
            yield ReadPage(records, [Span(span.start, oldest + 1)])
            return
        parts = Span(oldest, span.end, span.prefix).parts()
        older = [Span(span.start, oldest)] if span.start < oldest else []
        yield ReadPage(records, [*older, *parts], () if parts else [span])

    def _ascending(self, span: Span) -> Iterator[ReadPage]:
        order = f" ORDER BY {self._queried.time} ASC" + (", Id ASC" if self._queried.kind == "standard" else "")
        limit = f" LIMIT {self._page}" if self._page < PAGE else ""  # in pages of the org's own size otherwise
        records, rest = self._ask(self._select(span) + order + limit), span
        held: list[Record] = []
        while self._calls.left > 0:
            self._calls.left -= 1
            # What is held back counts, so that a pass that begins with it brings the same pages.
            wanted = self._page - len(held) if len(held) < self._page else self._page
            page, failure = self._page_of(records, wanted)
            is_last = failure is None and len(page) < wanted
            rest, page = self._behind(page, rest), self._sorted([*held, *page])
            held = [] if is_last or self._queried.kind == "standard" else self._since(page, rest.start)
            if is_last:
                yield ReadPage(page, [])
            elif held and len(held) == len(page) and rest == span and not self._calls.left:
                # All calls went into one moment, and would again.
                yield ReadPage(page, [replace(span, start=span.start + 1)], [Span(span.start, span.start + 1)])
            else:
                yield ReadPage(page[: len(page) - len(held)], [rest])
            if failure is not None:
                raise failure
            if is_last or limit:
                return

    def _page_of(self, records: Iterator[Record], wanted: int) -> tuple[list[Record], SourceError | None]:
        """What came of a page, and why no more did. Raises it where nothing came."""
        page: list[Record] = []
        try:
            page += islice(records, wanted)
        except (Refused, QueryTimeout, UnreadableAnswer) as failure:
            if not page:
                raise
            return page, failure
        return page, None

    def _behind(self, page: Sequence[Record], rest: Span) -> Span:
        """What is unread of a span behind a page. Of records without ids the last moment is read again as a whole."""
        for record in page:
            time, ident = read_time(record.get(self._queried.time)), record.get("Id")
            if time is not None and time >= rest.start:
                is_named = self._queried.kind == "standard" and is_record_id(ident)
                rest = Span(time, rest.end, after=str(ident) if is_named else "")
        return rest

    def _since(self, page: Sequence[Record], moment_: int) -> list[Record]:
        return [record for record in page if (read_time(record.get(self._queried.time)) or 0) >= moment_]

    def _select(self, span: Span) -> str:
        time, key = self._queried.time, self._queried.key
        start, end = _literal(span.start), _literal(span.end)
        where = [f"{time} >= {start}", f"{time} < {end}"]
        if span.after:
            where[0] = f"({time} > {start} OR ({time} = {start} AND Id > {soql_literal.text(span.after)}))"
        if span.prefix:  # a key is filtered only beside the very moment
            where = [f"{time} = {start}"]
            where += [f"{key} >= {soql_literal.text(span.low)}"] if span.low else []
            where += [f"{key} < {soql_literal.text(span.high)}"] if span.high else []
        return f"SELECT {', '.join(self._fields)} FROM {self._queried.name} WHERE {' AND '.join(where)}"  # noqa: S608 - of names that its caller has checked

    def _sorted(self, records: Sequence[Record]) -> list[Record]:
        return sorted(records, key=lambda record: read_time(record.get(self._queried.time)) or 0)


def _literal(time: int) -> str:
    """A datetime literal with milliseconds: never quoted, in UTC."""
    return moment(time).strftime("%Y-%m-%dT%H:%M:%S.") + f"{time % 1000:03}Z"

"""SOQL as text to a tree: the part of the language that log readers use, and no more forgiving than the real one."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NoReturn, TypeVar

from agent.simulator.api.filters.soql import (
    Comparison,
    Condition,
    Conjunction,
    Disjunction,
    Literal,
    Negation,
    Ordering,
    Query,
    SelectItem,
    SoqlError,
)

MAX_CHARACTERS = 100_000
_MOST_DAYS = 10_000

_Item = TypeVar("_Item")
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^\s,()]*)
    | (?P<date>\d{4}-\d\d-\d\d)
    | (?P<number>[+-]?\d+(?:\.\d+)?)
    | (?P<string>'(?:[^'\\]|\\.)*')
    | (?P<word>[A-Za-z_][A-Za-z0-9_.]*(?::\d+)?)
    | (?P<operator><=|>=|!=|<>|=|<|>|,|\(|\))
    )""",
    re.VERBOSE,
)
_DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?(Z|[+-]\d\d:\d\d)")
_ESCAPES = {
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "b": "\b",
    "f": "\f",
    "'": "'",
    '"': '"',
    "\\": "\\",
    "%": "\\%",
    "_": "\\_",
}
_KEYWORDS = frozenset(
    [
        "select",
        "from",
        "where",
        "and",
        "or",
        "not",
        "in",
        "like",
        "group",
        "by",
        "order",
        "limit",
        "offset",
        "asc",
        "desc",
        "nulls",
        "first",
        "last",
    ]
)


def parse(text: str, now: datetime) -> Query:
    """Read a query; `now` gives TODAY and its like their meaning. Raises SoqlError."""
    if len(text) > MAX_CHARACTERS:
        raise SoqlError("SOQL statements cannot be longer than 100000 characters", "QUERY_TOO_COMPLICATED")
    parser = _SoqlParser(_tokens(text), now)
    try:
        return parser.query()
    except SoqlError as error:
        if error.at is None:
            error.at = parser.last
        raise


def _tokens(text: str) -> list[tuple[str, str, int]]:
    """Kind, text and place of each, in characters from the first; the end at last."""
    found, position = [], 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            unread = text[position:].lstrip()
            raise SoqlError(f"unexpected token: '{unread[:20]}'", at=len(text) - len(unread))
        kind = str(match.lastgroup)
        found.append((kind, match[kind], match.start(kind)))
        position = match.end()
    return [*found, ("end", "<EOF>", len(text))]


class _SoqlParser:
    def __init__(self, tokens: list[tuple[str, str, int]], now: datetime) -> None:
        self._tokens = tokens
        self._position = 0
        self._now = now

    @property
    def last(self) -> int:
        """Where the token begins that was read last."""
        return self._tokens[max(0, self._position - 1)][2]

    def query(self) -> Query:
        self._expect("select")
        selected = self._listed(self._select_item)
        self._expect("from")
        query = Query(selected, self._name())
        if self._accept("where"):
            query.where = self._condition()
        if self._accept("group"):
            self._expect("by")
            query.group_by = self._listed(self._name)
        if self._accept("order"):
            self._expect("by")
            query.order_by = self._listed(self._ordering)
        if self._accept("limit"):
            query.limit = self._count()
        if self._accept("offset"):
            query.offset = self._count()
        if self._kind() != "end":
            self._refuse()
        return query

    def _select_item(self) -> SelectItem:
        name = self._name()
        if not self._accept("("):
            return SelectItem(name)
        inner = "" if self._text() == ")" else self._name()
        self._expect(")")
        if name.lower() == "fields" and inner.lower() in ("all", "standard"):
            return SelectItem(inner.upper(), "fields")
        if name.lower() not in ("count", "min", "max", "count_distinct") or (not inner and name.lower() != "count"):
            raise SoqlError(f"unexpected token: '{name}'")
        alias = self._name() if self._kind() == "word" and self._text().lower() not in _KEYWORDS else ""
        return SelectItem(inner, name.lower(), alias)

    def _condition(self) -> Condition:
        first = self._negation()
        joined = self._text().lower()
        if joined not in ("and", "or"):
            return first
        parts = [first]
        while self._accept(joined):
            parts.append(self._negation())
        if self._text().lower() in ("and", "or"):  # the real one wants parentheses, too
            self._refuse()
        return Conjunction(tuple(parts)) if joined == "and" else Disjunction(tuple(parts))

    def _negation(self) -> Condition:
        if self._accept("not"):
            return Negation(self._negation())
        if self._accept("("):
            inner = self._condition()
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Comparison:
        name, operator = self._name(), self._text().lower()
        if operator == "not":
            self._position += 1
            operator = "not in"
            self._expect("in")
        elif operator in ("=", "!=", "<>", "<", "<=", ">", ">=", "in", "like"):
            self._position += 1
        else:
            self._refuse()
        operator = "!=" if operator == "<>" else operator
        if operator not in ("in", "not in"):
            return Comparison(name, operator, (self._literal(),))
        self._expect("(")
        values = self._listed(self._literal)
        self._expect(")")
        return Comparison(name, operator, tuple(values))

    def _literal(self) -> Literal:
        kind, text, _ = self._tokens[self._position]
        self._position += 1
        if kind == "string":
            return Literal("string", _unescaped(text[1:-1]))
        if kind == "number":
            return Literal("number", float(text))
        if kind == "datetime":
            return Literal("datetime", _moment(text))
        if kind == "date":
            return _day("date", _date(text), 1)
        if kind != "word":
            self._position -= 1
            self._refuse()
        return self._named(text)

    def _named(self, text: str) -> Literal:
        word = text.lower()
        if word in ("true", "false"):
            return Literal("boolean", word == "true")
        if word == "null":
            return Literal("null", None)
        today = self._now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        if word == "today":
            return _day("range", today, 1)
        if word == "yesterday":
            return _day("range", today, 1, back=1)
        if word.startswith("last_n_days:"):
            days = int(word.split(":")[1])
            if days > _MOST_DAYS:
                raise SoqlError(f"{text}: too many days")
            return _day("range", today, days + 1, back=days)
        raise SoqlError(f"unexpected token: '{text}'")

    def _ordering(self) -> Ordering:
        name = self._name()
        descending = self._accept("desc")
        if not descending:
            self._accept("asc")
        last = False
        if self._accept("nulls"):
            last = self._accept("last")
            if not last:
                self._expect("first")
        return Ordering(name, descending, last)

    def _listed(self, read_item: Callable[[], _Item]) -> list[_Item]:
        found = [read_item()]
        while self._accept(","):
            found.append(read_item())
        return found

    def _count(self) -> int:
        kind, text, _ = self._tokens[self._position]
        if kind != "number" or not text.isdigit():
            self._refuse()
        self._position += 1
        return int(text)

    def _name(self) -> str:
        kind, text, _ = self._tokens[self._position]
        if kind != "word" or text.lower() in _KEYWORDS:
            self._refuse()
        self._position += 1
        return text

    def _accept(self, text: str) -> bool:
        if self._kind() in ("word", "operator") and self._text().lower() == text:
            self._position += 1
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            self._refuse(f" (expecting {text})")

    def _kind(self) -> str:
        return self._tokens[self._position][0]

    def _text(self) -> str:
        return self._tokens[self._position][1]

    def _refuse(self, hint: str = "") -> NoReturn:
        _, text, place = self._tokens[self._position]
        raise SoqlError(f"unexpected token: '{text}'{hint}", at=place)


def _date(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError as error:
        raise SoqlError(f"{text}: not a date") from error


def _moment(text: str) -> datetime:
    """A date-time literal: unquoted, ending in `Z` or `+hh:mm`; `+0000`, as REST writes it, is refused."""
    if not _DATETIME.fullmatch(text):
        raise SoqlError(f"line 1, no viable alternative at character '{text[-5:-4]}' in '{text}'")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise SoqlError(f"{text}: not a date-time") from error


def _day(kind: str, today: datetime, days: int, back: int = 0) -> Literal:
    try:
        start = today - timedelta(days=back)
        return Literal(kind, start, start + timedelta(days=days))
    except OverflowError as error:
        raise SoqlError("the date is out of range") from error


def _unescaped(text: str) -> str:
    def replaced(match: re.Match[str]) -> str:
        if match[1] not in _ESCAPES:
            raise SoqlError(f"Illegal string literal: '\\{match[1]}'")
        return _ESCAPES[match[1]]

    return re.sub(r"\\(.)", replaced, text)

"""A SOQL query as a tree, and the error for what is no such query."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

Value = str | float | bool | datetime | None


class SoqlError(Exception):
    """A query that is refused; `code` is the REST errorCode.

    `word`: what of the query is wrong, as it is spelled there; `at`: where it begins, in characters from the query's
    first. Without either the whole of it is.
    """

    def __init__(self, message: str, code: str = "MALFORMED_QUERY", *, word: str = "", at: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.word = word
        self.at = at


@dataclass(frozen=True, slots=True)
class Literal:
    """`kind`: string, number, boolean, datetime, date, null, or range (a named span such as TODAY)."""

    kind: str
    value: Value
    end: datetime | None = None
    """For date and range: the moment it is over."""


@dataclass(frozen=True, slots=True)
class Comparison:
    field: str
    operator: str
    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    part: Condition


@dataclass(frozen=True, slots=True)
class Conjunction:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Disjunction:
    parts: tuple[Condition, ...]


Condition = Comparison | Negation | Conjunction | Disjunction


@dataclass(frozen=True, slots=True)
class SelectItem:
    """A column of the answer. `function` is lower case (count, min, max), empty for a plain field."""

    field: str
    function: str = ""
    alias: str = ""


@dataclass(frozen=True, slots=True)
class Ordering:
    field: str
    descending: bool = False
    nulls_last: bool = False


@dataclass
class Query:
    selected: list[SelectItem]
    entity: str
    where: Condition | None = None
    group_by: list[str] = field(default_factory=list)
    order_by: list[Ordering] = field(default_factory=list)
    limit: int | None = None
    offset: int = 0

"""What an event type means in ECS: the values that a mapping file describes. Reading the files is in `load.py`.

Every column has one *target field*, which holds its cell, so that the cell can be read back from it. Besides, a
mapping may *derive* further fields from columns, and *choose* words (`event.action`, …) by a column's value.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from agent.normalize.mapping.ecs_fields import EcsTable
from agent.normalize.mapping.row_condition import EVERYWHERE, RowCondition

T = TypeVar("T")

PLAIN_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
"""A column name that its lower-case form gives back."""

_CAMEL = r"[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*"
_CUSTOM = r"[A-Za-z][A-Za-z0-9_]*__[a-z]{1,4}"
FIELD_NAME = re.compile(rf"(?:{_CAMEL}|{_CUSTOM})(?:\.(?:{_CAMEL}|{_CUSTOM}))*")
"""A field of an object or of a stream: `RowsProcessed`, `Amount__c`, or of a related record, `CreatedBy.Name`. The lower-case
form does not tell where words begin.
"""

TWIN = "_DERIVED"
"""`USER_ID_DERIVED` is the 18-character twin of `USER_ID`."""

INBOUND = "leakline.inbound."
"""Fields of what senders report that ECS has no word for: each holds the cells of one column, as `salesforce.*` does."""
OBJECTS = frozenset({"user", "connected_app", "event_log_file"})
"""Names under `salesforce.` that enrichment uses as objects; no column may have them as a plain field."""

_ECS_KINDS = {
    "date": "time",
    "ip": "address",
    "boolean": "boolean",
    "long": "integer",
    "integer": "integer",
    "float": "decimal",
    "double": "decimal",
    "scaled_float": "decimal",
    "keyword": "text",
    "constant_keyword": "text",
    "wildcard": "text",
    "match_only_text": "text",
}


@dataclass(frozen=True, slots=True)
class TargetField:
    """The field that holds a column's cell, and what kind of value it is there (see `value_kinds.py`)."""

    field: str
    value_kind: str


@dataclass(frozen=True, slots=True)
class DerivedField:
    """A field worked out from columns: the first of them with a value that converts (see `conversion.py`)."""

    field: str
    columns: tuple[str, ...]
    conversion: str
    table: Dict[str, str] | None = None
    where: RowCondition = EVERYWHERE
    """Holds in the rows that have a value."""
    unless: tuple[RowCondition, ...] = ()
    """None of them holds there."""
    times: str | None = None
    """A column of whole numbers that the value is multiplied by; where it has none, by one."""


@dataclass(frozen=True, slots=True)
class Choice(Generic[T]):
    """A word by the value of a column: the first case whose column has a value that the case knows, else `otherwise`.

    Values compare without regard to case; a value that ends or begins with `*` stands for a beginning or an end.
    """

    cases: tuple[tuple[str, Dict[str, T]], ...] = ()
    otherwise: T | None = None

    def results(self) -> Iterator[T]:
        """Everything it can say."""
        for _, words in self.cases:
            yield from words.values()
        if self.otherwise is not None:
            yield self.otherwise


@dataclass(frozen=True, slots=True)
class ColumnKinds:
    """The column type table: one kind for each vendor column, over all event types. What it lacks is text."""

    kinds: Dict[str, str] = field(default_factory=dict)
    described: frozenset[str] = frozenset()
    """Columns that a mapping's header names, whatever their kind."""

    def knows(self, column: str) -> bool:
        return column in self.kinds or column in self.described

    def of(self, column: str) -> str:
        return self.kinds.get(column, "text")


@dataclass(frozen=True, slots=True)
class Mapping:
    """One event type of one service."""

    service: str
    event_type: str
    ecs: EcsTable
    kinds: ColumnKinds
    aliases: tuple[str, ...] = ()
    header: frozenset[str] = frozenset()
    """The columns its files are known to have. Only these are read back from a field that is not the column's own."""
    dataset: str = ""
    """The family of events that it belongs to, for `event.dataset`; empty: named by the service."""
    event_kind: str = "event"
    category: Choice[tuple[str, ...]] = Choice()
    type: Choice[tuple[str, ...]] = Choice()
    action: Choice[str] = Choice()
    outcome: Choice[str] = Choice()
    url: str | None = None
    """The column that holds the event's URL; `url.*` comes from it."""
    type_column: str = ""
    """What rules call the event type, where rows have no column for it, as in objects and streams: `EventType`."""
    setup_action: str | None = None
    """The column with the action of the setup audit trail; with `Display` and `Section`, `leakline.setup.*` comes from it."""
    actions: str | None = None
    """The column that names the actions of a Lightning request; `leakline.aura.*` comes from it."""
    targets: Dict[str, TargetField] = field(default_factory=dict)
    """The columns whose cells are not simply in `salesforce.<column>`."""
    derived: tuple[DerivedField, ...] = ()
    time_column: str = ""
    """The column with the time, in lower case, where settings say it: an org may spell it in another way."""

    def target(self, column: str, beside: Collection[str] = ()) -> TargetField | None:
        """The field that holds a column's cells, given the columns beside it; None if no field can have that name."""
        if column in self.targets:
            return self.targets[column]
        if self.time_column and column.lower() == self.time_column:
            return TargetField("@timestamp", "time")
        short = column.removesuffix(TWIN)
        if short != column and self._is_id(short) and (short in beside or short in self.header):
            return self.target(short) and TargetField(self._field(short), "long_id")
        known_form = PLAIN_NAME.fullmatch(column) or (self.type_column and FIELD_NAME.fullmatch(column))
        if not known_form or column.lower() in OBJECTS:
            return None
        return TargetField(self._field(column), self.kinds.of(column))

    def fields(self) -> dict[str, str]:
        """Vendor column to the field that holds it, for the columns of the header."""
        targets = {column: self.target(column, self.header) for column in sorted(self.header)}
        return {column: target.field for column, target in targets.items() if target is not None}

    def _is_id(self, column: str) -> bool:
        known = self.targets.get(column)
        return (known.value_kind if known else self.kinds.of(column)) == "id"

    def _field(self, column: str) -> str:
        return self.targets[column].field if column in self.targets else f"salesforce.{field_suffix(column)}"


def field_suffix(column: str) -> str:
    """What a column is called in a field of its own: `CreatedBy.Name` is `createdby_name`, because a name with a dot would be
    an object in an index in which another event may have a text of the first word's name.
    """
    return column.lower().replace(".", "_")


def value_kind_of(field_name: str, column: str, ecs: EcsTable, kinds: ColumnKinds) -> str | None:
    """The kind of value a column has in a field; None if the field can hold no cell (unknown to ECS, an array)."""
    if field_name.startswith(("salesforce.", INBOUND)):
        return kinds.of(column)
    known = ecs.fields.get(field_name)
    if known is None or known.array:
        return None
    kind = _ECS_KINDS.get(known.type)
    return kinds.of(column) if kind == "text" and kinds.of(column) in ("id", "whole_id") else kind


@dataclass(frozen=True, slots=True)
class Mappings:
    """All mappings, by service and event type."""

    ecs: EcsTable
    kinds: ColumnKinds
    by_type: Dict[tuple[str, str], Mapping]
    """Key: service and event type or alias, the latter in lower case (the vendor's documents differ from its files)."""
    shared: Dict[str, Mapping]
    """What every event type of a service has: used alone for a type nobody described."""

    def get(self, service: str, event_type: str) -> Mapping:
        """The mapping of an event type; for one that nobody described, what every type of the service shares."""
        known = self.by_type.get((service, event_type.lower()))
        return known or self.shared.get(service) or Mapping(service, event_type, self.ecs, self.kinds)

    def timed(self, service: str, event_type: str, column: str) -> Mappings:
        """These mappings, in which rows of an event type that nobody described have their time in this column, however spelled."""
        general = self.shared.get(service)
        if general is None or (service, event_type.lower()) in self.by_type:
            return self
        targets = {name: target for name, target in general.targets.items() if target.field != "@timestamp"}
        timed = replace(general, event_type=event_type, targets=targets, time_column=column.lower())
        return replace(self, by_type={**self.by_type, (service, event_type.lower()): timed})

    def all(self) -> Sequence[Mapping]:
        """Each mapping once, by service and event type."""
        return sorted(
            {id(mapping): mapping for mapping in self.by_type.values()}.values(),
            key=lambda mapping: (mapping.service, mapping.event_type),
        )

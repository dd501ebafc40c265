"""A pySigma processing pipeline made from the mappings, so that a SIEM runs the rules on the names we ship.

It renames vendor columns to the fields that hold them, and adds which data set a rule's log source is in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from agent.detection.sigma.log_source import ALIASES
from agent.own_event import DATASET, INCIDENTS

Target = Literal["splunk", "elastic"]

_TYPE = "EventType"
"""What rules call the event type where rows have no column for it. A policy of transaction security has a field of this name,
which no rule can ask for.
"""

FieldsOfColumn = Mapping[str, frozenset[str]]
"""Field to the event types (lower case) in which it holds a column."""


@dataclass(frozen=True, slots=True)
class EventSchema:
    """What shipped events look like, as far as rules can ask."""

    columns: Mapping[str, FieldsOfColumn]
    """Vendor column to where it is; most columns have one field in all event types."""
    lists: frozenset[str]
    """Fields that hold several values."""
    services: frozenset[str]
    """Services of `product: salesforce` whose rows are shipped."""
    spelling: Mapping[str, str]
    """Event type in lower case to how it is written."""
    kinds: Mapping[str, str] = field(default_factory=dict)
    """Fields that hold no text to what they hold: `address`, `integer`, `decimal`, `boolean`, `time`."""
    open: frozenset[str] = frozenset()
    """Columns that no mapping knows, but rules speak of: `salesforce.<name in lower case>`."""
    types: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Service to its event types (lower case)."""

    def usual(self, column: str, services: Collection[str] = ()) -> str:
        """The field that holds a column in most event types, of these services where any of them has the column; the column
        itself where nothing is known of it.
        """
        if column in self.open:
            return f"salesforce.{column.lower()}"
        fields = self.of(column, services) or self.columns.get(column)
        return max(sorted(fields), key=lambda name: len(fields[name])) if fields else column

    def of(self, column: str, services: Collection[str]) -> FieldsOfColumn:
        """The fields that hold a column in events of these services, with the event types of these alone."""
        types = frozenset[str]().union(*(self.types.get(service, frozenset()) for service in services))
        found = {name: known & types for name, known in self.columns.get(column, {}).items()}
        return {name: known for name, known in found.items() if known}

    def fields(self, column: str, types: Collection[str] | None, services: Collection[str] = ()) -> frozenset[str]:
        """The fields that hold a column in events of these types (None: of any) and services (none: of any)."""
        fields = self.of(column, services) or self.columns.get(column)
        if fields is None:
            return frozenset({self.usual(column)})
        found = {name for name, known in fields.items() if types is None or not known.isdisjoint(types)}
        return frozenset(found or {self.usual(column, services)})


def pipeline(schema: EventSchema, target: Target) -> dict[str, Any]:
    """The pipeline as pySigma and sigma-cli read it (YAML of this).

    Columns whose field depends on the event type are told apart by the EVENT_TYPE (of log files) or EventType (of real-time
    events and objects) that a rule names, so they come first, and EVENT_TYPE itself last. Between the two are columns whose
    field depends on the service: `CreatedDate` is the time in the audit trail, and another one in real-time events.
    """
    plain = {
        column: schema.usual(column) for column in sorted({*schema.columns, *schema.open}) if column != "EVENT_TYPE"
    }
    items = [
        *_exceptions(schema),
        *_of_services(schema),
        _mapping("leakline_columns", plain),
        _mapping("leakline_event_type", {"EVENT_TYPE": schema.usual("EVENT_TYPE")}),
    ]
    if target == "splunk":  # automatic extraction calls the elements of a JSON array `name{}`
        items.append(_mapping("leakline_lists", {name: name + "{}" for name in sorted(schema.lists)}, None))
    items += _data_sets(schema)
    if target == "elastic":
        items += [_index("salesforce"), _index("leakline")]
    return {"name": f"Leakline events in {target.capitalize()}", "priority": 20, "transformations": items}


def _exceptions(schema: EventSchema) -> Iterator[dict[str, Any]]:
    """By event type: where a column is not in the field in which its service has it."""
    for column in sorted(schema.columns.keys() - {_TYPE}):
        asked = "EVENT_TYPE" if column.isupper() else _TYPE
        types: dict[str, set[str]] = {}
        for service in sorted(schema.types):
            usual = schema.usual(column, [service])
            for name, known in schema.of(column, [service]).items():
                if name != usual:
                    types.setdefault(name, set()).update(known)
        for name in sorted(types):
            yield {
                **_mapping(f"leakline_{_word(column)}_{_word(name)}", {column: name}),
                "rule_conditions": [
                    {"type": "contains_detection_item", "field": asked, "value": schema.spelling[event_type]}
                    for event_type in sorted(types[name])
                ],
                "rule_cond_op": "or",
            }


def _of_services(schema: EventSchema) -> Iterator[dict[str, Any]]:
    """By service: columns that are not in the field in which most events have them."""
    for service in sorted(schema.types):
        own = {
            column: field
            for column in sorted(schema.columns)
            if schema.of(column, [service]) and (field := schema.usual(column, [service])) != schema.usual(column)
        }
        names = [service, *(alias for alias, meant in sorted(ALIASES.items()) if service in meant)]
        if own:
            yield {
                **_mapping(f"leakline_columns_{service}", own),
                "rule_conditions": [{"type": "logsource", "product": "salesforce", "service": name} for name in names],
                "rule_cond_op": "or",
            }


def _word(name: str) -> str:
    return name.lower().replace(".", "_").replace("@", "")


def _mapping(name: str, mapping: Mapping[str, str], product: str | None = "salesforce") -> dict[str, Any]:
    item: dict[str, Any] = {"id": name, "type": "field_name_mapping", "mapping": dict(mapping)}
    if product:
        item["rule_conditions"] = [{"type": "logsource", "product": product}]
    return item


def _data_sets(schema: EventSchema) -> Iterator[dict[str, Any]]:
    for service in sorted(schema.services):
        yield _data_set("salesforce", service, "leakline.service", service)
    for alias, meant in sorted(ALIASES.items()):
        if found := sorted(meant & schema.services):
            yield _data_set("salesforce", alias, "leakline.service", found)
    yield _data_set("leakline", "agent", "event.dataset", [DATASET, INCIDENTS])


def _data_set(product: str, service: str, field: str, value: str | list[str]) -> dict[str, Any]:
    return {
        "id": f"leakline_data_set_{service}",
        "type": "add_condition",
        "conditions": {field: value},
        "rule_conditions": [{"type": "logsource", "product": product, "service": service}],
    }


def _index(product: str) -> dict[str, Any]:
    """The data streams that the destination writes to, for the languages that name them."""
    return {
        "id": f"leakline_index_{product}",
        "type": "set_state",
        "key": "index",
        "val": f"logs-{product}.*",
        "rule_conditions": [{"type": "logsource", "product": product}],
    }

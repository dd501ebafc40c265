"""A pySigma processing pipeline made from the mappings, so that a SIEM runs the rules on the names we ship.

It renames vendor columns to the fields that hold them, and adds which data set a rule's log source is in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from agent.detection.sigma.log_source import ALIASES

Target = Literal["splunk", "elastic"]

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

    def usual(self, column: str) -> str:
        """The field that holds a column in most event types; the column itself where nothing is known of it."""
        if column in self.open:
            return f"salesforce.{column.lower()}"
        fields = self.columns.get(column)
        return max(sorted(fields), key=lambda name: len(fields[name])) if fields else column

    def fields(self, column: str, types: Collection[str] | None) -> frozenset[str]:
        """The fields that hold a column in events of these types (None: of any)."""
        fields = self.columns.get(column)
        if fields is None:
            return frozenset({self.usual(column)})
        found = {name for name, known in fields.items() if types is None or not known.isdisjoint(types)}
        return frozenset(found or {self.usual(column)})


def pipeline(schema: EventSchema, target: Target) -> dict[str, Any]:
    """The pipeline as pySigma and sigma-cli read it (YAML of this).

    Columns whose field depends on the event type are told apart by the EVENT_TYPE that a rule names, so they come
    first, and EVENT_TYPE itself last.
    """
    plain = {
        column: schema.usual(column) for column in sorted({*schema.columns, *schema.open}) if column != "EVENT_TYPE"
    }
    items = [
        *_exceptions(schema),
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
    for column, fields in sorted(schema.columns.items()):
        usual = schema.usual(column)
        for name in sorted(fields.keys() - {usual}):
            yield {
                **_mapping(f"leakline_{column.lower()}_{name.replace('.', '_')}", {column: name}),
                "rule_conditions": [
                    {"type": "contains_detection_item", "field": "EVENT_TYPE", "value": schema.spelling[event_type]}
                    for event_type in sorted(fields[name])
                ],
                "rule_cond_op": "or",
            }


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
    yield _data_set("leakline", "agent", "event.dataset", "leakline.agent")


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

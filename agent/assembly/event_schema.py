"""What the mappings say of events as they are shipped, for rules that are converted to queries."""

from __future__ import annotations

from collections import defaultdict

from agent.detection.authoring.pysigma_pipeline import EventSchema
from agent.enrichment.indicator import COLUMNS, PREFIX
from agent.normalize.also_seen import ALSO_SEEN_IN
from agent.normalize.computed.aura import FIELDS as AURA
from agent.normalize.mapping.mapping import Mappings
from agent.normalize.shape import PROBLEMS
from agent.normalize.time_check.flags import FLAGS_FIELD

LISTS = ("event.category", "event.type", "related.", "threat.", "user.roles", "user.target.roles")
"""ECS lists that shipped events have, by the beginning of their names."""

KINDS = {
    **dict.fromkeys(("long", "integer"), "integer"),
    **dict.fromkeys(("float", "double", "scaled_float"), "decimal"),
    "ip": "address",
    "boolean": "boolean",
    "date": "time",
}
"""ECS types that hold no text, to what they hold."""


def event_schema(mappings: Mappings) -> EventSchema:
    """What the mappings say of shipped events."""
    columns: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    spelling: dict[str, str] = {}
    kinds = {name: kind for name, known in mappings.ecs.fields.items() if (kind := KINDS.get(known.type))}
    types: dict[str, set[str]] = defaultdict(set)
    for mapping in mappings.all():
        names = {name.lower(): name for name in (mapping.event_type, *mapping.aliases)}
        spelling |= names
        types[mapping.service] |= names.keys()
        for column in {*mapping.header, *([mapping.type_column] if mapping.type_column else ())}:
            target = mapping.target(column, mapping.header)
            if target is not None:
                columns[column][target.field] |= names.keys()
                kinds |= {target.field: target.value_kind} if target.value_kind in KINDS.values() else {}
    for shared in mappings.shared.values():  # what a type that nobody described has
        for column, target in shared.targets.items():
            if column not in columns:
                columns[column][target.field] = set()
    lists = {name for name, known in mappings.ecs.fields.items() if known.array and name.startswith(LISTS)}
    fields_of = {
        column: {field: frozenset(types) for field, types in fields.items()} for column, fields in columns.items()
    }
    own = {
        PROBLEMS,
        FLAGS_FIELD,
        ALSO_SEEN_IN,
        *(PREFIX + name for name in COLUMNS),
        *(name for name in AURA if name != "leakline.aura.count"),
    }
    of_service = {service: frozenset(names) for service, names in types.items()}
    return EventSchema(fields_of, frozenset(lists | own), frozenset(mappings.shared), spelling, kinds, types=of_service)

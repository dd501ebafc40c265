"""docs/reference/event_fields.md: every field, from the mappings and the meanings in event_fields.yaml beside this file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from agent.detection.alert.alert import CARRIED
from agent.normalize.mapping.ecs_fields import ecs_table
from agent.normalize.mapping.mapping import Mappings
from tests.golden.documents import shipped_normalizer
from tests.reference.table import table, written_by

MEANINGS = Path(__file__).with_name("event_fields.yaml")

NOT_TEXT = ("integer", "decimal", "boolean")
"""Kinds of value of a column that are types in JSON; all others are text."""

SEVERAL = 6
"""More event types than these are counted, not named."""

PLACES = {
    "every": ("Everywhere", "In events, alerts and Leakline's own events."),
    "events": (
        "Events",
        (
            "Of rows that were read, as far as a row has them. An alert repeats those that say who, from where, with what and"
            " on which file or URL (*yes*), and others only where its rule looks at the field."
        ),
    ),
    "alerts": ("Alerts", "In alerts only, beside what they repeat of an event."),
    "incidents": (
        "Incidents, clocks and checkpoints",
        (
            "Of dataset `leakline.incident`, and of the event `trail-checkpoint`. Those that a person caused have `user.name`."
            " [Incidents in your SIEM](../incidents_in_siem.md) has an event of each kind, and what to search for."
        ),
    ),
    "own": (
        "Leakline's own events",
        (
            "Of dataset `leakline.agent`. They report what is wrong with reading and delivering, and who did what about it. Some have"
            " `error.type`, `error.message`, `user.name` (who acknowledged, replayed or dropped) and `leakline.rows` too."
        ),
    ),
}


@dataclass(frozen=True)
class EventField:
    """A field as the page has it."""

    name: str
    type: str
    meaning: str
    place: str


@cache
def event_fields() -> Mapping[str, EventField]:
    """Every field with a meaning of its own, by name."""
    written = yaml.safe_load(MEANINGS.read_text(encoding="utf-8"))
    found: dict[str, EventField] = {}
    for place, fields in written.items():
        for name, entry in fields.items():
            kind, meaning = entry if isinstance(entry, list) else (_ecs_type(name), entry)
            found[name] = EventField(name, kind, meaning, place)
    return found


def _ecs_type(name: str) -> str:
    if name.endswith((".lat", ".lon")):
        return "decimal"
    known = ecs_table().fields.get(name) or ecs_table().fields[name.partition(".")[0]]
    return f"{known.type} (list)" if known.array else known.type


def mapped(mappings: Mappings) -> Mapping[str, tuple[str, set[str], set[str]]]:
    """Fields that hold columns or are worked out from them: kind, columns, event types."""
    found: dict[str, tuple[str, set[str], set[str]]] = {}
    for mapping in mappings.all():
        for column in mapping.header:
            target = mapping.target(column, mapping.header)
            if target is not None:
                _, columns, types = found.setdefault(target.field, (target.value_kind, set(), set()))
                columns.add(column)
                types.add(mapping.event_type)
        for derived in mapping.derived:
            _, columns, types = found.setdefault(derived.field, ("", set(), set()))
            types.add(mapping.event_type)
    return found


def page() -> str:
    mappings = shipped_normalizer().mappings
    of_types = mapped(mappings)
    parts = [
        "# Fields of events\n",
        written_by("the code, the mappings and `tests/reference/event_fields.yaml`"),
        (
            "For analysts, and for authors of rules and queries. Names are those of the Elastic Common Schema"
            f" ([ECS {ecs_table().version}](https://www.elastic.co/docs/reference/ecs)) where it has the meaning, else `leakline.*`"
            " or `salesforce.*`. They are the names in JSON; [cef.md](../cef.md) has the keys of CEF.\n"
        ),
    ]
    for place, (title, explanation) in PLACES.items():
        parts += [f"## {title}\n", explanation + "\n", _section(place, of_types)]
    parts += [
        "## Columns of the vendor\n",
        (
            "Each column has one field that holds its cell. These are named after their column; a column that is not here and"
            " that no mapping knows becomes `salesforce.<column in lower case>`, as text. Rules name the column.\n"
        ),
        table(("field", "type", "event types"), _vendor_rows(of_types)),
    ]
    return "\n".join(parts)


def _section(place: str, of_types: Mapping[str, tuple[str, set[str], set[str]]]) -> str:
    fields = sorted((field for field in event_fields().values() if field.place == place), key=_order)
    if place != "events":
        return table(("field", "type", "meaning"), [(f"`{field.name}`", field.type, field.meaning) for field in fields])
    rows = [
        (
            f"`{field.name}`",
            field.type,
            field.meaning,
            _types(of_types[field.name][2]) if field.name in of_types else "",
            "yes" if field.name.startswith(CARRIED) else "",
        )
        for field in fields
    ]
    return table(("field", "type", "meaning", "event types", "in alerts"), rows)


def _order(field: EventField) -> tuple[bool, bool, str]:
    """ECS first, then ours, then Salesforce's."""
    return field.name.startswith("salesforce."), field.name.startswith("leakline."), field.name


def _types(types: set[str]) -> str:
    return ", ".join(sorted(types)) if len(types) <= SEVERAL else f"{len(types)} event types"


def _vendor_rows(of_types: Mapping[str, tuple[str, set[str], set[str]]]) -> Iterator[tuple[Any, ...]]:
    for name, (kind, _, types) in sorted(of_types.items()):
        if name.startswith("salesforce.") and name not in event_fields():
            yield f"`{name}`", kind if kind in NOT_TEXT else "text", _types(types)

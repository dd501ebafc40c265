"""What normalizing has to know of an event type and a header, worked out once for all batches that have both."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Mapping as Dict
from dataclasses import dataclass

from agent.normalize.cell_fields import target_fields
from agent.normalize.mapping.choice import Chooser, table_finder
from agent.normalize.mapping.mapping import Mapping, Mappings, TargetField

KEPT = 256
"""Plans that are remembered, of about 10 kB each: an org writes some sixty event types, each under one or two headers."""
MOST_NUMBERS = 50
"""Unknown columns of one file that get a number: an index has room for so many fields and no more."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Of one event type whose rows have these columns."""

    mapping: Mapping
    targets: Dict[str, TargetField]
    """The field of each column that can have one."""
    lacking: tuple[tuple[str, TargetField], ...]
    """Columns that the type is known to have and this header lacks, with the fields that might suggest a value of them."""
    unknown: tuple[str, ...]
    """Columns that no mapping knows, in fields of their own."""
    asks_type: bool
    """Whether fields are worked out from the event type, of which the rows have no column."""
    look_ups: Dict[str, Callable[[str], str | None]]
    """By derived field: what its table has for a text."""
    action: Chooser[str]
    category: Chooser[tuple[str, ...]]
    type: Chooser[tuple[str, ...]]
    outcome: Chooser[str]
    default_action: str


def plan_of(mappings: Mappings, service: str, event_type: str, columns: tuple[str, ...]) -> Plan:
    """`columns`: the vendor's, in the order of the frame."""
    mapping = mappings.get(service, event_type)
    targets = target_fields(mapping, columns)
    lacking = ((column, mapping.target(column, mapping.header)) for column in sorted(mapping.header - set(columns)))
    unknown = [column for column in columns if column in targets and not mapping.kinds.knows(column)]
    return Plan(
        mapping=mapping,
        targets=targets,
        lacking=tuple((column, target) for column, target in lacking if target is not None),
        unknown=tuple([column for column in unknown if targets[column].field.startswith("salesforce.")][:MOST_NUMBERS]),
        asks_type=bool(mapping.type_column)
        and mapping.type_column not in columns
        and any(mapping.type_column in derived.columns for derived in mapping.derived),
        look_ups={
            derived.field: table_finder(derived.table) for derived in mapping.derived if derived.table is not None
        },
        action=Chooser(mapping.action),
        category=Chooser(mapping.category),
        type=Chooser(mapping.type),
        outcome=Chooser(mapping.outcome),
        default_action=_kebab(event_type),
    )


def _kebab(event_type: str) -> str:
    """`ApexCallout` as `apex-callout`: the action of an event type nobody described."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+", "-", event_type).strip("-").lower()

"""Which columns each event type has, in the order of the CSV header (`columns.txt`)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_TYPES = {
    "S": "String",
    "N": "Number",
    "I": "Id",
    "D": "DateTime",
    "B": "Boolean",
    "T": "Set",
    "E": "EscapedString",
    "P": "IP",
}


@dataclass(frozen=True, slots=True)
class Layout:
    """One header of one event type. `types` are those of `LogFileFieldTypes`, parallel to `names`."""

    names: tuple[str, ...]
    types: tuple[str, ...]
    free: bool = False
    """Whether orgs without the Event Monitoring licence have this type."""

    def with_column(self, name: str) -> Layout:
        """The same header with one more column at its end, as a new release would add it."""
        return Layout((*self.names, name), (*self.types, "String"), self.free)


@cache
def layouts() -> dict[str, Layout]:
    """Event type, or `Type@variant` for an older header, to its columns."""
    text = (files(__package__) / "columns.txt").read_text(encoding="utf-8")
    found: dict[str, Layout] = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        left, columns = line.split(" = ")
        name, *marks = left.split()
        pairs = [column.split(":") for column in columns.split()]
        found[name] = Layout(
            tuple(name for name, _ in pairs), tuple(_TYPES[code] for _, code in pairs), free="free" in marks
        )
    return found


def free_types() -> frozenset[str]:
    """The event types every org has."""
    return frozenset(name for name, layout in layouts().items() if layout.free and "@" not in name)

"""Fields of related records, which a query names by their path and an answer nests: `CreatedBy.Username`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

Record = Mapping[str, Any]


def flattened(records: Iterable[Record], fields: Collection[str]) -> Iterator[Record]:
    """The records with every related field of `fields` under its path, in place of what it was nested in."""
    paths = [name for name in fields if "." in name]
    if not paths:
        yield from records
        return
    relations = {path.partition(".")[0].lower() for path in paths}
    for record in records:
        own = {name: value for name, value in record.items() if name.lower() not in relations}
        yield own | {path: _at(record, path.split(".")) for path in paths}


def _at(value: Any, names: list[str]) -> Any:
    """None where a relation is empty. Names are those of a person's settings, whose case nobody minds."""
    for name in names:
        if not isinstance(value, Mapping):
            return None
        value = value[name] if name in value else {key.lower(): inner for key, inner in value.items()}.get(name.lower())
    return value

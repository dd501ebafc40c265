"""Which fields are selected of the objects whose rows a source reads, and how the org spells what it reads them by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from agent.sources.object_query.queried_object import ReadObject
from agent.sources.objects.row_object import RowObject
from agent.sources.objects.visible_fields import VisibleFields, spelled
from agent.sources.salesforce.api_error import Refused
from agent.sources.salesforce.session import Session


class SelectedFields:
    """Of the objects of one source (`agent.sources.object_query.object_pass.KnownFields`)."""

    def __init__(self, session: Session, now: Callable[[], datetime]) -> None:
        self._visible = VisibleFields(session, now)
        self._objects: dict[str, RowObject] = {}

    def prepare(self, row: RowObject) -> RowObject:
        """As its describe shows it: whether its records have ids, and how it spells its time. Raises what `fields` raises."""
        described = self._visible.described(row)
        queried = row.read.queried
        time = self._visible.moment(row, queried.time)
        kind = "keyless" if queried.kind == "standard" and "Id" not in described else queried.kind
        read = replace(row.read, queried=replace(queried, kind=kind, time=time))
        prepared = replace(row, read=read, version=spelled(described, row.version))
        self._objects[row.name] = prepared
        return prepared

    def object(self, name: str) -> RowObject:
        """As it was prepared last."""
        return self._objects[name]

    def fields(self, read: ReadObject) -> Mapping[str, str]:
        """See `KnownFields` and `VisibleFields.of`."""
        chosen = self._visible.of(self._objects[read.name])
        if read.queried.kind != "standard":
            chosen.pop("Id", None)
        return chosen

    def hidden(self, read: ReadObject, fields: Mapping[str, str]) -> list[str]:
        """Wanted fields that are not among the selected `fields`."""
        selected = {name.lower() for name in fields}
        selected |= set() if read.queried.kind == "standard" else {"id"}
        return [name for name in self._objects[read.name].fields or () if name.lower() not in selected]

    def refused(self, read: ReadObject, error: Refused) -> bool:
        """See `VisibleFields.refused`."""
        return self._visible.refused(self._objects[read.name], error)

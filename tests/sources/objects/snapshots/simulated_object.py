"""An object of the simulated org that a test changes, without the network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from agent.errors import TransportError
from agent.simulator.api import query, soql_parser
from agent.simulator.api.filters.soql import SoqlError
from agent.simulator.org.objects import Table
from agent.simulator.records.record_kind import Record
from agent.sources.salesforce.api_error import Refused
from tests.sources.objects.snapshots.assignments import ASSIGNMENT, PERMISSIONS
from tests.sources.reader import START


@dataclass
class SimulatedObject:
    """What `Snapshots` uses of a `Session`, for PermissionSetAssignment."""

    records: dict[str, Record] = field(default_factory=dict)
    """By Id."""
    broken_at: int | None = None
    """The call that fails, counted from now on; None: none does."""
    cut: bool = False
    """Whether answers lack their last record."""
    hidden: frozenset[str] = frozenset()
    is_permitted: bool = True
    org_id: str = "00D000000000001AAA"
    settings: Any = field(default_factory=lambda: SimpleNamespace(name="acme"))

    def check_budget(self) -> None:
        """There are calls enough."""

    def fields(self, name: str) -> Mapping[str, Mapping[str, Any]]:
        """See `Session.fields`."""
        self._call()
        return {described["name"]: described for described in self._table().describe({})["fields"]}

    def query(self, soql: str) -> Iterator[Mapping[str, Any]]:
        """See `Session.query`; only permissions are asked like this."""
        self._call()
        row = dict.fromkeys(PERMISSIONS, self.is_permitted)
        permissions = Table("UserPermissionAccess", PERMISSIONS, lambda: [row])
        _, records = query.run(soql_parser.parse(soql, START), permissions, "64.0")
        yield from records

    def counted(self, soql: str) -> tuple[int, list[Mapping[str, Any]]]:
        """See `Session.counted`."""
        self._call()
        try:
            total, records = query.run(soql_parser.parse(soql, START), self._table(), "64.0")
        except SoqlError as error:
            raise Refused(str(error), error.code) from error
        return total, list(records[:-1] if self.cut else records)

    def _call(self) -> None:
        if self.broken_at is not None:
            self.broken_at -= 1
            if self.broken_at < 0:
                raise TransportError("the connection broke")

    def _table(self) -> Table:
        relations = {"Assignee": "User", "PermissionSet": "PermissionSet"}
        rows = list(self.records.values())
        return Table("PermissionSetAssignment", ASSIGNMENT, lambda: rows, relations=relations).without(*self.hidden)

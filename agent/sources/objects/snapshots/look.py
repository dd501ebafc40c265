"""All records of an object as they are now.

They are read in the order of their Ids, each page behind the last Id of the one before. An Id never changes: so a record
that is there during the whole look is read once, whatever comes and goes meanwhile, and no locator can expire. What is
not certainly whole is no look: it raises.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any

import orjson

from agent.errors import SourceError
from agent.sources.object_query.cells import raw_frame
from agent.sources.object_query.record_path import flattened
from agent.sources.salesforce.id_form import is_record_id

BUCKETS = 256
"""Into which the records of an object are parted, by a hash of their Ids."""
MOST_BYTES = 256 << 20
"""Of a look: 200,000 records of 1,300 bytes each, several times what we ask for."""
OWNERS = ("AssigneeId", "UserId", "UsersId")
"""Fields that say whose a record is."""

Cells = Mapping[str, str | None]
"""A record's fields as `cells.py` writes them."""


class UnfitLook(SourceError):
    """What came is not all that there is, or cannot be all: nothing follows from it."""


@dataclass(slots=True)
class Look:
    """What was read of one object. Kept as text, some 300 bytes a record: there may be 200,000."""

    fields: Mapping[str, str]
    """Those that are seen now, name to type."""
    taken: datetime
    count: int = 0
    owners: set[str] = field(default_factory=set)
    """Whose the records are; two of them say as much as all."""
    _bytes: int = 0
    _rows: list[list[bytes]] = field(default_factory=lambda: [[] for _ in range(BUCKETS)])

    def add(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Raises UnfitLook for a record without a readable Id, and where it becomes too long."""
        names = list(self.fields)
        flat = list(flattened(records, self.fields))
        owner = next((names.index(name) for name in OWNERS if name in self.fields), None)
        for row in raw_frame(flat, self.fields).iter_rows():
            ident = row[names.index("Id")]
            if not is_record_id(ident):
                raise UnfitLook("a record came without a readable Id", hint="the next look tries again")
            text = bytes(memoryview(orjson.dumps(row)))  # a copy: orjson's own holds four kilobytes of memory
            self._rows[bucket_number(ident)].append(text)
            self._bytes += len(text)
            if owner is not None and len(self.owners) < 2:
                self.owners.add(row[owner] or "")
        self.count += len(records)
        if self._bytes > MOST_BYTES:
            raise UnfitLook(f"its records have more than {MOST_BYTES >> 20} MB", hint="its differences are not watched")

    def records(self, bucket: int) -> dict[str, Cells]:
        """Those of one bucket by Id. Raises UnfitLook where one came twice."""
        names = list(self.fields)
        rows = [dict(zip(names, orjson.loads(row), strict=True)) for row in self._rows[bucket]]
        records: dict[str, Cells] = {str(row["Id"]): row for row in rows}
        if len(records) < len(rows):
            raise UnfitLook("a record came twice, so pages overlap", hint="the next look tries again")
        return records


def bucket_number(ident: str) -> int:
    """In which bucket a record is."""
    return blake2b(ident.encode(), digest_size=1).digest()[0] % BUCKETS

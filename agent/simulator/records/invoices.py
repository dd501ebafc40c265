"""Invoice__c: an object of the org's own, whose records are written, changed and now and then deleted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from agent.simulator.world.random_columns import roll
from agent.simulator.world.record_id import long_id, short_id
from agent.simulator.world.sessions import DAY, HOUR, day_of, midnight
from agent.simulator.world.staff import Staff
from agent.simulator.world.stage import RecordVersion

ENTITY = "Invoice__c"
_WRITTEN = 40
"""On a working day."""
_OLDEST = 3
"""Days after which nothing happens to an invoice any more."""


class InvoiceMaker:
    """Makes Invoice__c."""

    entities: tuple[str, ...] = (ENTITY,)

    def __init__(self, seed: int, staff: Staff) -> None:
        self._seed = seed
        self._staff = staff

    def before(self, begin: int) -> Iterator[RecordVersion]:
        """The newest version of each of the last days' invoices, where it is not deleted."""
        newest: dict[str, RecordVersion] = {}
        for version in self._around(begin // DAY * DAY + DAY):
            if version.time < begin:
                newest[version.id] = version
        yield from (version for version in newest.values() if version.values is not None)

    def on(self, day: date) -> Iterator[RecordVersion]:
        first = midnight(day)
        yield from (version for version in self._around(first + DAY) if first <= version.time < first + DAY)

    def _around(self, end: int) -> Iterator[RecordVersion]:
        """All versions of the invoices written in the last days before a midnight (ms), each invoice's in order of time."""
        for back in range(_OLDEST + 1, 0, -1):
            day = day_of(end - back * DAY)
            for number in range(_WRITTEN if day.weekday() < 5 else 2):
                yield from self._invoice(day, number)

    def _invoice(self, day: date, number: int) -> Iterator[RecordVersion]:
        draw = roll(self._seed, "invoice", day, number)
        people = self._staff.of("person")
        owner = long_id(people[draw % len(people)].id)
        ident = long_id(short_id(ENTITY, day.toordinal() % 100_000 * 100 + number))
        start = midnight(day) + 7 * HOUR + draw // 3 % (11 * 3600) * 1000
        values: dict[str, Any] = {
            "Name": f"INV-{day:%y%m%d}-{number:03d}", "OwnerId": owner, "CreatedById": owner, "LastModifiedById": owner,
            "Customer__c": f"Customer {draw // 7 % 900}", "Amount__c": draw // 11 % 900_000 / 100, "Status__c": "Draft",
            "CreatedDate": start,
        }  # fmt: skip
        yield RecordVersion(ENTITY, ident, start, values)
        sent = start + 600_000 + draw // 13 % DAY // 1000 * 1000
        yield RecordVersion(ENTITY, ident, sent, values | {"Status__c": "Sent"})
        if draw // 17 % 2:
            paid = sent + HOUR + draw // 19 % DAY // 1000 * 1000
            yield RecordVersion(ENTITY, ident, paid, values | {"Status__c": "Paid"})
        elif draw // 17 % 10 == 0:
            yield RecordVersion(ENTITY, ident, sent + 2 * HOUR, None)

"""What an incident keeps of its alerts besides their number: what they have in common with leaks, how many rows they measured,
and whose names, addresses and objects they mention.

All of it is sums, maxima and sets, so that it is the same however alerts were cut into batches.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from agent.notice.incidents.incident import RuleCount
from agent.notice.incidents.incident_alert import IncidentAlert, shortened

MOST_TRACES = 20
"""Different values that are kept of a kind: the first in the order of their text, whenever they came."""

READ = frozenset({"leakline.rows", "rows", "RowsProcessed", "ROW_COUNT", "ROWS_PROCESSED"})
CHANGED = frozenset(
    {"leakline.rows_saved", "leakline.changes", "leakline.deletions", "RECORDS_PROCESSED", "NUMBER_OF_RECORDS"}
)
"""What rules measure that are rows, by `leakline.measure.field`: those that were read, and those that were changed or deleted."""

SIGNALS: Mapping[str, tuple[str, object]] = {
    "guest": ("leakline.user_is_guest", True),
    "program": ("leakline.user_is_integration", True),
    "leaving": ("leakline.user_leaving", True),
    "left": ("leakline.user_left", True),
    "anonymizer": ("leakline.any_ip_anonymizer", True),
    "unexpected network": ("leakline.ip_expected_for_user", False),
    "unapproved app": ("leakline.app_approved", False),
}
"""Name of a signal to the column and the value in it that make it."""

PRESENT: Mapping[str, str] = {"imitating app": "leakline.app_imitates", "indicator": "leakline.indicator.value"}
"""Name of a signal to the column that needs only have a value."""

ROWS_STEPS = (1_000, 10_000, 100_000, 1_000_000)
"""From where on rows are another matter. A person works with tens and hundreds of rows at a time; a list of ten thousand is a
customer base, and how many people a notice goes to grows with it.
"""

USER, NAME, ADDRESS, OBJECT = "user", "name", "address", "object"
"""Kinds of traces."""

_OBJECTS = ("salesforce.entity_name", "salesforce.queriedentities", "leakline.setup.object", "leakline.inbound.object")


def signals(known: tuple[str, ...], alert: IncidentAlert) -> tuple[str, ...]:
    """With those of one more alert, in the order of their text."""
    cells = alert.cells
    found = [name for name, (column, value) in SIGNALS.items() if cells.get(column) is value]
    found += [name for name, column in PRESENT.items() if cells.get(column)]
    return tuple(sorted({*found, *known})) if found else known


def traces(known: dict[str, tuple[str, ...]], alert: IncidentAlert) -> dict[str, tuple[str, ...]]:
    """With those of one more alert."""
    kept = dict(known)
    for kind, values in _traces(alert.cells):
        before = kept.get(kind, ())
        short = map(shortened, values)
        if new := [value for value in short if value not in before]:
            kept[kind] = tuple(sorted({*before, *new})[:MOST_TRACES])
    return kept


def united(traces: dict[str, tuple[str, ...]], further: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Traces of two incidents that are one."""
    kinds = {*traces, *further}
    return {kind: tuple(sorted({*traces.get(kind, ()), *further.get(kind, ())})[:MOST_TRACES]) for kind in kinds}


def rows(alert: IncidentAlert) -> int:
    """Rows that the alert is about, 0 where it measures something else."""
    field, measured = alert.cells.get("leakline.measure.field"), alert.cells.get("leakline.measure.value")
    if measured is not None and (field in READ or field in CHANGED):
        return max(int(measured), 0)
    single = alert.cells.get("leakline.rows")
    return max(int(single), 0) if single is not None else 0


def rows_of(count: RuleCount) -> int:
    """What one rule's alerts measured in all. Later words about an alert have all of its rows: only the largest counts then."""
    return max(count.rows, count.most_rows)


def most_rows(rules: Iterable[RuleCount]) -> int:
    """Rows of the rule that measured most: rules overlap, their sum would count the same rows several times."""
    return max(map(rows_of, rules), default=0)


def rows_step(rows: int) -> int:
    """How many of `ROWS_STEPS` it reaches."""
    return sum(rows >= least for least in ROWS_STEPS)


def _traces(cells: Mapping[str, Any]) -> Iterable[tuple[str, Sequence[str]]]:
    if user := cells.get("user.id"):
        yield USER, (str(user),)
    if name := cells.get("user.name"):
        yield NAME, (str(name).lower(),)
    if not user and not name:
        yield NAME, [str(name).lower() for name in cells.get("related.user") or ()]
    address = cells.get("source.ip")
    yield ADDRESS, (str(address),) if address else list(map(str, cells.get("related.ip") or ()))
    for column in _OBJECTS:
        if text := cells.get(column):
            yield OBJECT, [part.strip() for part in str(text).split(",") if part.strip()]

"""From raw frames to ECS: `prepare` adds what rules need, `shape` makes the event that is stored and sent.

Fields of Leakline's own in a shaped frame:

- `leakline.raw_cells` (`String`): the cells that the fields do not give back, see `raw_cells.py`.
- `leakline.problems` (`List(String)`): what was wrong with the row: `no_time`, `unreadable_cell` (a number or boolean
  that is none; kept in `leakline.raw_cells`), `wrong_id_suffix` (an 18-character user id that fails its checksum).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Mapping as Dict
from datetime import datetime
from functools import lru_cache, partial

import polars as pl

from agent.columns import record_id
from agent.columns.array_fields import each_once, lists_of
from agent.columns.distinct import only_where
from agent.columns.small import SMALL
from agent.columns.timestamp import TIME, constant_time
from agent.model import OWN_EVENT_TYPE, Batch
from agent.normalize.blank import FilledCells, without_blanks
from agent.normalize.cell_fields import TIME_FIELD, Cells, cells_to_keep, fill
from agent.normalize.mapping.mapping import Mappings, TargetField
from agent.normalize.plan import KEPT, plan_of
from agent.normalize.prepare import Constant, computed_fields
from agent.normalize.raw_cells import json_objects, originals
from agent.normalize.unshape import unshape

USER_FIELDS = (
    *("user.id", "user.name", "user.email", "user.target.id", "user.target.name"),
    *("user.changes.name", "leakline.setup.acting_user"),
)
ID_FIELDS = ("user.id", "user.target.id")

ALWAYS = (TIME_FIELD, "event.dataset")
"""Fields of every shaped frame, whether or not anything stands in them."""

RAW_CELLS = "leakline.raw_cells"
PROBLEMS = "leakline.problems"

_OBSERVER = {
    "observer.vendor": "Salesforce",
    "observer.product": "Event Monitoring",
    "observer.type": "application",
}
_OWN = {
    "event.module": "leakline",
    "event.provider": "leakline",
    "observer.vendor": "Leakline",
    "observer.product": "Leakline",
    "observer.type": "agent",
}

Report = Callable[[str, int], None]
"""Told a problem's name and in how many rows of a batch it was seen."""


class Normalizer:
    """Maps batches by their event type. Safe for threads: it holds nothing that changes but plans, made when first asked for."""

    def __init__(
        self,
        mappings: Mappings,
        *,
        keep_original: bool = False,
        report: Report = lambda _problem, _rows: None,
    ) -> None:
        """`keep_original`: put each row's raw cells, as a JSON object, into `event.original`."""
        self.mappings = mappings
        self._keep_original = keep_original
        self._report = report
        # Safe for threads, and gone with the mappings when these are read anew.
        self._plan = lru_cache(maxsize=KEPT)(partial(plan_of, mappings))

    def fields(self, service: str, event_type: str) -> dict[str, str]:
        """Vendor column to the field that holds it, for the columns an event type is known to have."""
        return self.mappings.get(service, event_type).fields()

    def prepare(self, batch: Batch) -> pl.DataFrame:
        """The raw frame with ECS columns added. Odd data never raises; what cannot be read is null."""
        if batch.event_type == OWN_EVENT_TYPE:
            return batch.frame
        present = batch.frame.columns
        plan = self._plan(batch.source, batch.event_type, tuple(name for name in present if name != "event.id"))
        added = {name: value for name, value in computed_fields(plan, batch).items() if name not in present}
        return _with(batch.frame, added)

    def shape(self, prepared: pl.DataFrame, batch: Batch, seen: datetime) -> pl.DataFrame:
        """The shaped frame of a prepared one, row for row. All dotted columns that were added on the way are kept.

        `batch`: the one `prepared` comes from; its frame tells which columns are the vendor's. `seen`: when its rows
        were first seen (`event.created`), if the batch does not say.
        """
        constants = self._constants(batch, seen)
        columns = {column.name: column for column in prepared.get_columns()}
        if batch.event_type == OWN_EVENT_TYPE:
            return _with(prepared, {**_OWN, **constants, **columns})
        vendor = tuple(name for name in batch.frame.columns if name in columns and name != "event.id")
        plan = self._plan(batch.source, batch.event_type, vendor)
        targets = plan.targets
        cells = {name: columns[name] for name in vendor}
        added_for_rules = plan.mapping.type_column
        fields = {name: column for name, column in columns.items() if name not in cells and name != added_for_rules}
        fields |= dict(fill(FilledCells(cells), targets, lambda field: field.startswith("salesforce.")))
        fields |= _related(fields)
        left = list(cells_to_keep(plan.mapping, cells, fields, targets, plan.lacking))
        if left:
            fields[RAW_CELLS] = json_objects(left)
        if self._keep_original:
            fields["event.original"] = originals(prepared.select(vendor))
        problems = dict(_problems(cells, targets, fields))
        if problems:
            fields[PROBLEMS] = self._tell(problems)
        kept = {name: cells for name, cells in fields.items() if name in ALWAYS or cells.null_count() < cells.len()}
        return _with(columns["event.id"].to_frame(), {**kept, **_OBSERVER, **constants})

    def unshape(self, shaped: pl.DataFrame) -> pl.DataFrame:
        """The raw frame that a shaped one was made from; see `unshape.py`."""
        return unshape(shaped, self.mappings)

    def _constants(self, batch: Batch, seen: datetime) -> dict[str, str | datetime]:
        constants: dict[str, str | datetime] = {"ecs.version": self.mappings.ecs.version}
        constants["event.created"] = batch.created or seen
        if batch.org and batch.event_type == OWN_EVENT_TYPE:
            constants["organization.id"] = batch.org
        return constants

    def _tell(self, problems: Dict[str, pl.Series]) -> pl.Series:
        """`List(String)`: the problems of each row, null for none; reports how many rows have each."""
        for name, rows in problems.items():
            self._report(name, int(rows.sum()))
        return lists_of([only_where(pl.repeat(name, rows.len(), eager=True), rows) for name, rows in problems.items()])


def _with(frame: pl.DataFrame, columns: Dict[str, pl.Series | Constant | datetime]) -> pl.DataFrame:
    """Add columns to a frame; constants cost nothing until somebody looks at each row."""
    if frame.height <= SMALL:
        return _with_few(frame, columns)
    series = [value.alias(name) for name, value in columns.items() if isinstance(value, pl.Series)]
    literals = [_literal(name, value) for name, value in columns.items() if not isinstance(value, pl.Series)]
    return frame.with_columns(*series, *literals)


def _with_few(frame: pl.DataFrame, columns: Dict[str, pl.Series | Constant | datetime]) -> pl.DataFrame:
    """As `_with`, for few rows: a frame made of its columns takes a third of what adding them takes."""
    together = {column.name: column for column in frame.get_columns()}
    together |= {name: value.alias(name) for name, value in columns.items() if isinstance(value, pl.Series)}
    constants = {name: value for name, value in columns.items() if not isinstance(value, pl.Series)}
    together |= {name: _one(name, value).new_from_index(0, frame.height) for name, value in constants.items()}
    return pl.DataFrame(list(together.values()))


def _one(name: str, value: Constant | datetime) -> pl.Series:
    """A constant column of one row: a time in `TIME`, a tuple as a list."""
    return constant_time(name, value) if isinstance(value, datetime) else _one_word(name, value)


@lru_cache(maxsize=1_000)
def _one_word(name: str, value: Constant) -> pl.Series:
    """There are few words: those of mappings, and the names of orgs and event types."""
    if isinstance(value, tuple):
        return pl.Series(name, [list(value)], dtype=pl.List(pl.String))
    return pl.Series(name, [value], dtype=pl.String)


def _literal(name: str, value: Constant | datetime) -> pl.Expr:
    """A constant column: a time in `TIME`, a tuple as a list."""
    if isinstance(value, datetime):
        return pl.lit(value).cast(TIME).alias(name)
    return pl.lit(list(value) if isinstance(value, tuple) else value).alias(name)


def _related(fields: Dict[str, pl.Series]) -> dict[str, pl.Series]:
    """`related.user` (`List(String)`), with the names that enrichment knows; `related.ip` is there from the beginning.

    Ids are there in both forms, for pages and old exports show the short one.
    """
    users: list[pl.Series] = []
    for name in USER_FIELDS:
        if name in fields and fields[name].dtype == pl.String:
            users += [fields[name], record_id.to_short(fields[name])] if name in ID_FIELDS else [fields[name]]
    listed = each_once(users)
    return {} if listed is None else {"related.user": listed}


def _problems(
    cells: Cells, targets: Dict[str, TargetField], fields: Dict[str, pl.Series]
) -> Iterator[tuple[str, pl.Series]]:
    """Names of problems and the rows (`Boolean`, without nulls) that have them."""
    time = fields[TIME_FIELD]
    if time.null_count():
        yield "no_time", time.is_null()
    unreadable: pl.Series | None = None
    for column, target in targets.items():
        raw, value = cells[column], fields.get(target.field)
        if (
            target.value_kind in ("integer", "decimal", "boolean", "truth")
            and value is not None
            and value.null_count() > raw.null_count()
        ):
            rows = without_blanks(raw).is_not_null() & value.is_null()
            unreadable = rows if unreadable is None else unreadable | rows
    if unreadable is not None and unreadable.any():
        yield "unreadable_cell", unreadable
    for name in ("user.id", "user.target.id"):
        if name in fields and (wrong := record_id.wrong_suffix(fields[name])).any():
            yield "wrong_id_suffix", wrong

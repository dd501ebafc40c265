"""What a mapping adds to a raw frame before rules see it: ECS fields under dotted names. No column is changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Dict

import polars as pl

from agent.columns.array_fields import each_once
from agent.columns.distinct import all_null, only_where, per_text
from agent.columns.known_columns import or_else
from agent.columns.record_id import to_long
from agent.columns.timestamp import TIME
from agent.model import Batch
from agent.normalize.audit_trail.setup_change import setup_columns
from agent.normalize.blank import FilledCells
from agent.normalize.cell_fields import PROVIDER, SERVICE, TIME_FIELD, Cells, fill
from agent.normalize.computed.aura import split_actions
from agent.normalize.mapping.conversion import CONVERSIONS, plain_numbers
from agent.normalize.mapping.mapping import DerivedField, Mapping, field_suffix
from agent.normalize.mapping.url_parts import split_urls
from agent.normalize.plan import Plan

Constant = str | tuple[str, ...]

ORGANIZATION = "organization.id"
RELATED_ADDRESSES = "related.ip"
ADDRESS_FIELDS = ("source.ip", "client.ip")
NUMBER = "leakline.number."


def vendor_columns(batch: Batch) -> dict[str, pl.Series]:
    """The vendor's columns of a raw frame, by name."""
    return {column.name: column for column in batch.frame.get_columns() if column.name != "event.id"}


def computed_fields(plan: Plan, batch: Batch) -> dict[str, pl.Series | Constant]:
    """ECS fields by name: a series, or a constant that holds for every row. `@timestamp` is always among them.

    The order matters, because a step sees the fields of those before it: cells of columns, the parts of the URL and of
    actions, numbers, what is derived from all of these, and addresses when every source of them is known. Constants and
    choices come last and overrule, for no column may pretend to be `event.provider`.
    """
    cells, height = FilledCells(vendor_columns(batch)), batch.frame.height
    mapping, targets = plan.mapping, plan.targets
    fields: dict[str, pl.Series | Constant] = dict(
        fill(cells, targets, lambda field: not field.startswith("salesforce.") and field != PROVIDER)
    )
    fields.setdefault(TIME_FIELD, all_null(height, TIME))
    if (organization := _organization(fields.pop(ORGANIZATION, None), batch.org)) is not None:
        fields[ORGANIZATION] = organization
    if mapping.url is not None and mapping.url in cells:
        fields |= {name: part for name, part in split_urls(cells[mapping.url]).items() if name not in fields}
    if mapping.actions is not None and mapping.actions in cells:
        fields |= split_actions(cells[mapping.actions])
    if mapping.setup_action is not None and mapping.setup_action in cells:
        fields |= setup_columns(cells[mapping.setup_action], cells.get("Display"), cells.get("Section"))
    fields |= dict(_numbers(plan.unknown, cells))
    if plan.asks_type:
        fields[mapping.type_column] = pl.Series([batch.event_type]).new_from_index(0, height)
    for derived in mapping.derived:
        # Most conditions hold in all rows or in none, and then the value need not be worked out or need not be cut.
        rows = _rows_of(derived, cells, fields, height)
        if rows is not None and not rows.any():
            continue
        value = _derive(derived, plan, cells, fields)
        if value is not None and rows is not None and not rows.all():
            value = only_where(value, rows)
        if value is not None and value.null_count() < height:
            fields[derived.field] = value
    _only_without_address(fields)
    fields |= _related_addresses(fields)
    if mapping.type_column:
        fields[mapping.type_column] = batch.event_type
    return fields | _constants(mapping, batch) | dict(_chosen(plan, cells, height))


def _only_without_address(fields: dict[str, pl.Series | Constant]) -> None:
    """Text in `source.address` goes where `source.ip` has an address from another column: a party has one of the two."""
    for side in ("source", "client"):
        address, other = fields.get(f"{side}.ip"), fields.get(f"{side}.address")
        if isinstance(address, pl.Series) and isinstance(other, pl.Series):
            fields[f"{side}.address"] = only_where(other, address.is_null())


def _related_addresses(fields: Dict[str, pl.Series | Constant]) -> dict[str, pl.Series]:
    """`related.ip`: every address of a row, those first that Salesforce saw; after them what the sender wrote."""
    seen = [value for name in ADDRESS_FIELDS if isinstance(value := fields.get(name), pl.Series)]
    listed, written = each_once(seen), fields.get(RELATED_ADDRESSES)
    if not isinstance(written, pl.Series):
        return {} if listed is None else {RELATED_ADDRESSES: listed}
    if listed is None:
        return {RELATED_ADDRESSES: written}
    both = pl.select(pl.concat_list(listed.fill_null([]), written.fill_null([]))).to_series()
    return {RELATED_ADDRESSES: both.list.unique(maintain_order=True).set(both.list.len() == 0, None)}


def _organization(found: pl.Series | Constant | None, org: str) -> pl.Series | Constant | None:
    """Every event says whose it is: the row does, or else the org it was read from; None where neither is known."""
    if not isinstance(found, pl.Series) or found.null_count() == found.len():
        return org or None
    return found.fill_null(to_long(pl.Series([org]))[0]) if found.null_count() and org else found


def _numbers(unknown: Iterable[str], cells: Cells) -> Iterator[tuple[str, pl.Series]]:
    """Numbers of columns that no mapping knows, beside the text: `leakline.number.<column>`, always `Float64`.

    The text stays where it is: were the field itself a number today, an index would refuse the text of tomorrow.
    """
    for column in unknown:
        value = plain_numbers(cells[column])
        if value.null_count() < value.len():
            yield NUMBER + field_suffix(column), value


def _derive(
    derived: DerivedField, plan: Plan, cells: Cells, fields: Dict[str, pl.Series | Constant]
) -> pl.Series | None:
    """The value of a derived field, row by row the first of its columns that gives one; None where no column is there.

    `cells`: the raw columns (`String`); `fields`: what was computed before, so that one field can be derived from another.
    """
    value: pl.Series | None = None
    targets, table = plan.targets, plan.look_ups.get(derived.field)
    for column in derived.columns:
        own = cells.get(column, fields.get(column))
        if not isinstance(own, pl.Series):
            continue
        # The field of the column itself may be converted in the same way already: a second time would cost as much.
        done = (
            fields.get(targets[column].field)
            if column in targets and targets[column].value_kind == derived.conversion
            else None
        )
        converted = done if isinstance(done, pl.Series) else CONVERSIONS[derived.conversion](own)
        if table is not None:
            converted = per_text(converted, table, pl.String)
        value = converted if value is None else or_else(value, converted)
        if value.null_count() == 0:
            break
    if value is None or derived.times is None or derived.times not in cells:
        return value
    # Where the factor is missing the row stands for itself.
    return value * CONVERSIONS["integer"](cells[derived.times]).fill_null(1)


def _rows_of(
    derived: DerivedField, cells: Cells, fields: Dict[str, pl.Series | Constant], height: int
) -> pl.Series | None:
    """The rows in which a derived field has a value (`Boolean`, without nulls); None where it has no condition."""
    if not derived.where.cases and not derived.unless:
        return None

    def column(name: str) -> pl.Series | None:
        """By the name of a raw column, else of a computed one; a constant counts as not there."""
        found = cells.get(name, fields.get(name))
        return found if isinstance(found, pl.Series) else None

    rows = derived.where.holds(column, height)
    for condition in derived.unless:
        if not rows.any():
            break
        rows = rows & ~condition.holds(column, height)
    return rows


def _constants(mapping: Mapping, batch: Batch) -> dict[str, Constant]:
    return {
        "event.kind": mapping.event_kind,
        "event.dataset": f"salesforce.{mapping.dataset or batch.source}",
        SERVICE: batch.source,
        "event.module": "salesforce",
        PROVIDER: batch.event_type,
    }


def _chosen(plan: Plan, cells: Cells, height: int) -> Iterator[tuple[str, pl.Series | Constant]]:
    """`event.action`, `.category`, `.type` and `.outcome`: a word for each row, or one for all."""
    action = plan.action.choose(cells, height)
    yield "event.action", plan.default_action if action is None else action
    for name, chooser in (("event.category", plan.category), ("event.type", plan.type)):
        words = chooser.choose(cells, height)
        if words is not None:
            yield name, words
    outcome = plan.outcome.choose(cells, height)
    if outcome is not None:
        yield "event.outcome", outcome

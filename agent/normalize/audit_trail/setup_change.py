"""What a row of the setup audit trail tells: what changed, on what, from what to what.

Columns, all `String` unless said otherwise, null where the row does not tell it:

- `leakline.setup.{area,risk,section}`: of the action; the section is the row's own where the action is not known.
- `leakline.setup.reading`: `display` where the words were taken apart, `ambiguous` where two of their values could not be
  told apart, `action` where the action alone is known (no words are known of it, or they are in another language),
  `unknown` for an action that nobody described. The row is whole in each case.
- `leakline.setup.<value>` of the values in `actions.yaml`; `leakline.setup.count` is `Int64`.
- `user.target.{id,name,full_name,email}`, `user.changes.{name,email}`, and `user.target.roles`, `user.changes.roles`
  (`List(String)`): the user it was done to, and what of the user is otherwise now.
- `group.name`, `package.name`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from agent.columns.distinct import all_null, coded, spread
from agent.columns.record_id import long_form
from agent.columns.small import SMALL
from agent.normalize.audit_trail.display_template import FROM, TO
from agent.normalize.audit_trail.setup_action import SetupAction, setup_actions

AREA, RISK = "leakline.setup.area", "leakline.setup.risk"
SECTION, READING = "leakline.setup.section", "leakline.setup.reading"

VALUES = {
    "user": "user.target.full_name",
    "username": "user.target.name",
    "user_id": "user.target.id",
    "group": "group.name",
    "package": "package.name",
    "from": "leakline.setup.from",
    "to": "leakline.setup.to",
    "permission_set": "leakline.setup.permission_set",
    "permission_set_group": "leakline.setup.permission_set_group",
    "license": "leakline.setup.license",
    "profile": "leakline.setup.profile",
    "permission": "leakline.setup.permission",
    "object": "leakline.setup.object",
    "field": "leakline.setup.field",
    "role": "leakline.setup.role",
    "app": "leakline.setup.app",
    "app_id": "leakline.setup.app_id",
    "name": "leakline.setup.name",
    "expires": "leakline.setup.expires",
    "first_address": "leakline.setup.first_address",
    "last_address": "leakline.setup.last_address",
    "count": "leakline.setup.count",
}
"""The values of templates and their fields."""

CHANGES = {
    "email": ("user.target.email", "user.changes.email"),
    "name": ("user.target.name", "user.changes.name"),
    "roles": ("user.target.roles", "user.changes.roles"),
}
"""Attributes of a user to the fields of what they were and of what they are now."""

TYPES: Mapping[str, pl.DataType] = {
    "leakline.setup.count": pl.Int64(),
    "user.target.roles": pl.List(pl.String()),
    "user.changes.roles": pl.List(pl.String()),
}
FIELDS = tuple(dict.fromkeys([AREA, RISK, SECTION, READING, *VALUES.values(), *(name for pair in CHANGES.values() for name in pair)]))  # fmt: skip

Value = str | int | list[str]
Reading = dict[str, Value]
"""Fields of one row to their values."""


def setup_columns(actions: pl.Series, displays: pl.Series | None, sections: pl.Series | None) -> dict[str, pl.Series]:
    """The columns, beside those of the trail (`String`); only those in which something stands. Each text is read once."""
    height = actions.len()
    texts = [column if column is not None else all_null(height) for column in (actions, displays, sections)]
    cells, places = _distinct(texts)
    found: dict[str, list[Value | None]] = {}
    for place, row in enumerate(cells):
        for name, value in _reading(*row).items():
            found.setdefault(name, [None] * len(cells))[place] = value
    return {
        name: spread(pl.Series(name, found[name], dtype=TYPES.get(name, pl.String())), places)
        for name in FIELDS
        if name in found
    }


def _distinct(columns: list[pl.Series]) -> tuple[list[list[str | None]], pl.Series]:
    """The rows of these columns that differ, and for each row the place of its own (`UInt32`)."""
    height = columns[0].len()
    if height <= SMALL:
        rows = list(zip(*(column.to_list() for column in columns), strict=True))
        found = {row: place for place, row in enumerate(dict.fromkeys(rows))}
        return [list(row) for row in found], pl.Series([found[row] for row in rows], dtype=pl.UInt32)
    parts = [coded(column) for column in columns]
    together = pl.repeat(0, height, dtype=pl.UInt64, eager=True)
    for values, places in parts:  # one number for a row; what is null has the place behind the values
        together = together * (values.len() + 1) + places.cast(pl.UInt64).fill_null(values.len())
    numbers, places = coded(together.cast(pl.String))
    cells = [[*values.to_list(), None] for values, _ in parts]
    return [_row(int(number), cells) for number in numbers.to_list()], places


def _row(number: int, columns: list[list[str | None]]) -> list[str | None]:
    """The cells of a row by its number; the last of each column's cells is the one that is null."""
    row = []
    for cells in reversed(columns):
        number, place = divmod(number, len(cells))
        row.append(cells[place])
    return row[::-1]


def _reading(action: str | None, display: str | None, section: str | None) -> Reading:
    known = setup_actions().get(action.strip().lower()) if action is not None else None
    said = {SECTION: known.section if known is not None and known.section else section}
    found: Reading = {name: value for name, value in said.items() if value is not None}
    if known is None:
        return {**found, READING: "unknown"} if action is not None else found
    found |= {AREA: known.area, RISK: known.risk, READING: "action"}
    for template in known.says:
        values = template.values(display.strip()) if display is not None else None
        if values is not None:
            clear = FROM in values or FROM not in template.names
            return found | {READING: "display" if clear else "ambiguous"} | dict(_values(known, values))
    return found


def _values(action: SetupAction, values: Mapping[str, str]) -> Iterator[tuple[str, Value]]:
    for name, value in values.items():
        if name == "count":
            yield VALUES[name], int(value)
        else:
            yield VALUES[name], long_form(value) if name in ("user_id", "app_id") else value
    if action.changes is not None:
        for field, name in zip(CHANGES[action.changes], (FROM, TO), strict=True):
            if name in values:
                yield field, [values[name]] if action.changes == "roles" else values[name]

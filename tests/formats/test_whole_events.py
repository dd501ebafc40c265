"""Nothing of an event is lost between the log file and a line, whatever its type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import polars as pl
import pytest

from agent.formats import FORMATS
from agent.model import Batch
from agent.normalize.mapping.mapping import Mapping
from agent.normalize.shape import Normalizer
from tests.formats.cef_fields import fields_of, frame_of
from tests.formats.fields_read import fields_read
from tests.golden.documents import CREATED, FOLDER, ORG, SEEN, SERVICE, golden_batch, shipped_normalizer

TYPES = sorted(path.stem for path in FOLDER.glob("*.csv"))

FILLED = {"integer": "7", "decimal": "0.25", "boolean": "1", "address": "198.51.100.7", "id": "005Kz00000QQN2e"}
"""A cell for a column that the golden file never fills, by its kind."""


@pytest.fixture(scope="module")
def normalizer() -> Normalizer:
    return shipped_normalizer()


@pytest.fixture(scope="module")
def read_by_rules() -> frozenset[str]:
    return fields_read()


def full_batch(event_type: str, mapping: Mapping) -> Batch:
    """The golden rows, and one row more with a value in every column of the header."""
    golden = golden_batch(event_type)
    row: dict[str, str] = {}
    for column in sorted({*mapping.header, *golden.frame.columns} - {"event.id"}):
        cells: Sequence[str] = golden.frame[column].drop_nulls().to_list() if column in golden.frame.columns else []
        target = mapping.target(column, mapping.header)
        kind = target.value_kind if target else "text"
        golden_cell = len(cells) > 0 and kind != "address"  # a golden address may be the text that stands for none
        row[column] = cells[0] if golden_cell else FILLED.get(kind, f"a {column} = x|y, z\\")
    full = pl.DataFrame([{**row, "event.id": "f" * 32}])
    return Batch(ORG, SERVICE, event_type, pl.concat([golden.frame, full], how="diagonal"), created=CREATED)


@pytest.mark.parametrize("event_type", TYPES)
def test_every_cell_of_every_type_can_be_read_back_from_its_cef_line(normalizer: Normalizer, event_type: str) -> None:
    """A receiver of CEF lines can write the log file again, cell by cell."""
    batch = full_batch(event_type, normalizer.mappings.get(SERVICE, event_type))
    shaped = normalizer.shape(normalizer.prepare(batch), batch, SEEN)
    back = normalizer.unshape(frame_of(FORMATS["cef"](shaped), shaped.schema))
    filled = [name for name in batch.frame.columns if batch.frame[name].null_count() < batch.frame.height]
    assert set(filled) <= set(back.columns)
    for name in filled:
        assert back[name].to_list() == batch.frame[name].to_list(), name


@pytest.mark.parametrize("event_type", TYPES)
def test_each_field_that_a_rule_reads_is_in_ecs_and_in_cef(
    normalizer: Normalizer, read_by_rules: frozenset[str], event_type: str
) -> None:
    """What a rule of the pack tests, groups by, measures or shows reaches every format."""
    mapping = normalizer.mappings.get(SERVICE, event_type)
    batch = full_batch(event_type, mapping)
    prepared = normalizer.prepare(batch)
    computed = {name for name in read_by_rules if "." in name}
    prepared = prepared.with_columns(pl.lit(f"some {name}").alias(name) for name in computed - set(prepared.columns))
    # A row deletes or changes, not both: what only another row has is lent to the one that is looked at.
    prepared = prepared.with_columns(pl.col(sorted(computed)).forward_fill())
    shaped = normalizer.shape(prepared, batch, SEEN)[-1:]
    targets = mapping.fields()
    wanted = {targets[name] for name in read_by_rules & targets.keys()} | computed
    assert wanted
    document = orjson.loads(FORMATS["ecs"](shaped)[0])
    line = fields_of(FORMATS["cef"](shaped)[0])
    for field in sorted(wanted):
        value = shaped[field][0]
        assert value is not None, field
        assert _at(document, field) not in (None, "", []), field
        assert field in line, field
        if isinstance(value, str) and value:
            assert line[field] == value, field


def test_the_granted_permission_is_in_the_line(normalizer: Normalizer) -> None:
    """What was granted, to what, and by whom can be read without the JSON."""
    batch = golden_batch("PermissionUpdate")
    line = FORMATS["cef"](normalizer.shape(normalizer.prepare(batch), batch, SEEN))[0]
    assert "salesforceUpdateType=Granted" in line
    assert "salesforcePermissionType=ModifyAllData" in line
    assert "salesforceContext=PermissionSet" in line


def _at(document: dict[str, Any], field: str) -> Any:
    found: Any = document
    for part in field.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found.get("value", found) if isinstance(found, dict) else found

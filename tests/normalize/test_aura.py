from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.normalize.aura import FIELDS, MOST, split_actions
from tests.normalize.test_shape import batch_of, shaped


@pytest.mark.parametrize(
    ("text", "controller", "method"),
    [
        ("aura://RecordUiController/ACTION$getRecordWithFields", "RecordUiController", "getRecordWithFields"),
        ("1$HostConfigController/ACTION$getConfigData", "HostConfigController", "getConfigData"),
        ("serviceComponent://ui.force.lists.ListController/ACTION$getItems", "ListController", "getItems"),
        ("12$ListController/ACTION$getItems$entityNameOrId=Contact", "ListController", "getItems"),
        ("aura%3A%2F%2FListController%2FACTION%24getItems", "ListController", "getItems"),
        ("apex://acme.Orders/ACTION$read", "acme.Orders", "read"),
        ("apex://Orders/ACTION$read", "Orders", "read"),
        ("ApexActionController.execute", "ApexActionController", "execute"),
    ],
)
@pytest.mark.parametrize("time", ["", "=17", "=17.25"])
def test_an_action_in_each_of_its_spellings(text: str, controller: str, method: str, time: str) -> None:
    """Controller and method are told, and the milliseconds where they are given."""
    frame = shaped(batch_of("AuraRequest", ACTION_MESSAGE=[text + time]))
    assert frame["leakline.aura.controller"].to_list() == [[controller]]
    assert frame["leakline.aura.method"].to_list() == [[method]]
    assert frame["leakline.aura.action"].to_list() == [[f"{controller}.{method}"]]
    assert ("leakline.aura.duration" in frame.columns) == bool(time)
    if time:
        assert frame["leakline.aura.duration"].to_list() == [[17]]


def test_all_actions_of_a_cell() -> None:
    """Each is named once, in order; all are counted, also one that cannot be read; a blank cell has none."""
    cells = ["A.b=1;aura://C/ACTION$d=2;A.b=3;?;", None, " ", "A.b"]
    found = split_actions(pl.Series(cells))
    assert found["leakline.aura.action"].to_list() == [["A.b", "C.d"], None, None, ["A.b"]]
    assert found["leakline.aura.duration"].to_list() == [[1, 2, 3], None, None, None]
    assert found["leakline.aura.count"].to_list() == [4, None, None, 1]


def test_repeating_an_action_pushes_no_other_out() -> None:
    """Lists are bounded by distinct actions, so a thousand calls of one do not hide the call behind them."""
    found = split_actions(
        pl.Series([";".join(["A.b"] * 5_000 + ["Secret.read"]), ";".join(f"A.m{n}" for n in range(900))])
    )
    assert found["leakline.aura.action"].to_list()[0] == ["A.b", "Secret.read"]
    assert len(found["leakline.aura.action"][1]) == MOST
    assert found["leakline.aura.count"].to_list() == [5_001, 900]


@given(st.lists(st.none() | st.text() | st.text("A.b/$;=1 ACTION:", max_size=40)))
def test_any_text_is_taken(cells: list[str | None]) -> None:
    """Nothing raises, and the columns are those of the table, row for row."""
    for name, column in split_actions(pl.Series(cells, dtype=pl.String)).items():
        assert (column.dtype, column.len()) == (FIELDS[name], len(cells))

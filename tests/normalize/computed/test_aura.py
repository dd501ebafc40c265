from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.normalize.computed.aura import FIELDS, MOST, MOST_CALLS, parsed, split_actions
from agent.normalize.computed.guest_doors import of_actions
from tests.normalize.batches import batch_of, shaped


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
        ("aura://ApexActionController/ACTION$execute(ns.Cls.m)", "ns.Cls", "m"),
        ("aura://ApexActionController/action$execute(Cls.m)", "Cls", "m"),
        ("ApexActionController.execute(Cls.m)", "Cls", "m"),
        ("3$AURA://RecordUiController/action$getRecord", "RecordUiController", "getRecord"),
        ("APEX://ns.Class/ACTION$method", "ns.Class", "method"),
        ("a.b$c/ACTION$getItems", "c", "getItems"),
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


@pytest.mark.parametrize(
    ("cell", "actions", "count"),
    [
        ("250$aura://ListController/ACTION$getItems=5", ["ListController.getItems"], 250),
        ("250$A.b=1;0$A.c;2$A.b=3", ["A.b", "A.c"], 253),
        ("999999999999999$A.b", ["A.b"], MOST_CALLS),
        ("aura%3A%2F%2FA%2FACTION%24b%3D5%3B2%24aura%3A%2F%2FC%2FACTION%24d%3D6", ["A.b", "C.d"], 3),
    ],
)
def test_calls_are_counted_as_the_cell_says(cell: str, actions: list[str], count: int) -> None:
    """A bundle counts for its number, within bounds, and percent signs hide no separator; guests' doors agree."""
    found = split_actions(pl.Series([cell]))
    assert found["leakline.aura.action"].to_list() == [actions]
    assert found["leakline.aura.count"].to_list() == [count]
    assert of_actions(cell).calls == count


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


@given(st.text() | st.text("A.b/$;=1 actionAPEX():%", max_size=60))
def test_any_action_is_taken(text: str) -> None:
    """Calls are bounded from both sides, and doors are found in the same actions."""
    action = parsed(text)
    assert action is None or 1 <= action.count <= MOST_CALLS
    assert of_actions(text).calls >= 0

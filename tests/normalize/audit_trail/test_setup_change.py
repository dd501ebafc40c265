"""What rows of the setup audit trail become, in small batches and in large ones."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.model import Batch
from agent.normalize.audit_trail.setup_action import setup_actions
from agent.normalize.audit_trail.setup_change import setup_columns
from tests.columns.odd_texts import CELL, check_equal, large, text
from tests.golden.documents import ORG, object_batch
from tests.normalize.batches import NORMALIZER, cells_of, shaped

GOLDEN = object_batch("SetupAuditTrail").frame
NAMES = ("Action", "Display", "Section")
CELLS = {name: CELL | st.sampled_from(GOLDEN[name].to_list()) for name in NAMES}


def row(**cells: str | None) -> dict[str, object]:
    """A row of the trail as rules see it."""
    frame = pl.DataFrame({"event.id": ["0" * 32], **{name: text([cell]) for name, cell in cells.items()}})
    return NORMALIZER.prepare(Batch(ORG, "setup_audit_trail", "SetupAuditTrail", frame)).row(0, named=True)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(*(CELLS[name] for name in NAMES)), min_size=1, max_size=5))
def test_few_rows_are_read_like_many(rows: list[tuple[str | None, ...]]) -> None:
    """The same columns and values, with odd cells in any place."""
    cells = [list(column) for column in zip(*rows, strict=True)]
    few = setup_columns(*(text(column) for column in cells))
    many = setup_columns(*(text(large(column)) for column in cells))
    check_equal(few, many, len(rows))


@pytest.mark.parametrize("name", sorted(setup_actions()))
def test_every_action_says_what_it_is(name: str) -> None:
    """In whatever capitals, and in whatever language its words are."""
    action = setup_actions()[name]
    for spelling in (action.name, action.name.upper()):
        found = row(Action=spelling, Display="etwas anderes", Section=None)
        assert (found["event.action"], found["event.category"]) == (action.does, [action.category])
        assert found["event.type"] == list(action.type)
        assert (found["leakline.setup.risk"], found["leakline.setup.area"]) == (action.risk, action.area)
        assert found.get("leakline.setup.section") == action.section
        assert found["leakline.setup.reading"] == "action"


def test_an_unknown_action_is_kept_whole() -> None:
    """It is a change of the configuration, of which nothing else is said; its section is the row's own."""
    cells = {"Action": "someNewThing", "Display": "Something: from a to b", "Section": "Neues"}
    found = row(**cells)
    assert (found["event.action"], found["event.category"], found["event.type"]) == (
        "setup-changed",
        ["configuration"],
        ["change"],
    )
    assert found["leakline.setup.reading"] == "unknown"
    assert found["leakline.setup.section"] == "Neues"
    assert "leakline.setup.risk" not in found
    assert {name: found[name] for name in cells} == cells


def test_rows_without_words_or_section() -> None:
    """An org may hide both."""
    assert row(Action="createduser")["leakline.setup.reading"] == "action"
    assert row(Action="createduser")["leakline.setup.section"] == "Manage Users"


def test_who_changed_it_and_with_whose_rights() -> None:
    """Rules find the account under `user.id` always; who had logged in as it is beside it, and in `related.user`."""
    cells = {"Action": "resetpassword", "CreatedById": "005Kz00000Vol61", "CreatedBy.Username": "Vera@acme.example"}
    alone, as_user = row(**cells, DelegateUser=None), row(**cells, DelegateUser="root@acme.example")
    for found in (alone, as_user):
        assert (found["user.id"], found["user.name"]) == ("005Kz00000Vol61IAB", "Vera@acme.example")
        assert found["leakline.login_name"] == "vera@acme.example"
    assert "user.effective.id" not in alone
    assert (as_user["user.effective.id"], as_user["user.effective.name"]) == ("005Kz00000Vol61IAB", "Vera@acme.example")
    assert as_user["leakline.setup.acting_user"] == "root@acme.example"
    batch = object_batch("SetupAuditTrail")
    related = shaped(batch).filter(pl.col("leakline.setup.acting_user").is_not_null())["related.user"].to_list()
    assert "root.admin@acme.example" in related[0]


def test_every_cell_comes_back() -> None:
    """From the shaped events of the trail, decoded or not."""
    batch = object_batch("SetupAuditTrail")
    assert cells_of(NORMALIZER.unshape(shaped(batch))) == cells_of(batch.frame)

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from agent.enrichment.app_imitation import TURNED, AppImitationColumns, AppImitations, ImitationTarget, read_imitated
from agent.enrichment.approved_app import ApprovedAppColumns, ApprovedApps, app_ids
from agent.errors import MappingError
from agent.shipped import shipped

SHIPPED = read_imitated(shipped("mappings") / "imitated_apps.yaml")


@pytest.mark.parametrize(
    ("name", "imitates"),
    [
        ("My Ticket Portal", "Ticket Portal"),
        ("my-ticket_portal", "Ticket Portal"),
        ("Tісkеt Роrtаl", "Ticket Portal"),
        ("Data-Loader", "Data Loader"),
        ("Dаtaloader Bulk", "Data Loader"),
        ("Dataloader  Bulk", "Data Loader"),
        ("Salesforce, Inc. Reports", "Salesforce Inc"),
        ("Salesf0rce CLI", "Salesforce CLI"),
        ("VVorkbench", "Workbench"),
        ("Dataloader Bulk", None),
        ("DATALOADER PARTNER", None),
        ("DataLoaderBulkUI/66.0.0", None),
        ("DataLoaderPartnerBatch/66.0.0", None),
        ("DataLoaderBulkv2/66.0.0/DBR", None),
        ("DataLoaderPartner/66.0.0", None),
        ("DataLoader Portal/1", "Data Loader"),
        ("Dataloader Bulk/1", "Data Loader"),
        ("DataLoaderBulkUI/66.0.0 Next", "Data Loader"),
        ("Data Loader Next", "Data Loader"),
        ("DataLoader NG", "Data Loader"),
        ("My Data Loader Next Gen", "Data Loader"),
        ("Salesforce Inc. Loader", "Salesforce Inc"),
        ("Salesforce Inc. Integration", "Salesforce Inc"),
        ("Salesforce Inc Leads Sync", "Salesforce Inc"),
        ("Ticкet Portal", "Ticket Portal"),
        ("\u202eredaoL ataD", "Data Loader"),
        ("\u202ecnyS", TURNED),
        ("Da+a Loader", "Data Loader"),
        ("dataloader.io", None),
        ("Metadata Loader", None),
        ("Salesforce Incident Manager", None),
        ("Salesforce Incident Data Loader", "Data Loader"),
        ("Salesforce Incorporated Sync", "Salesforce Inc"),
        ("Metadata Loader Data Loader", "Data Loader"),
        ("Notes+Tasks", None),
        ("ניהול לקוחות\u200f", None),
        ("Salesforce CLI", None),
        ("Workbench", None),
        ("Acme Workbench Sync", None),
        ("Zendesk for Salesforce", None),
        ("", None),
    ],
)
def test_a_name_is_held_against_those_that_are_imitated(name: str, imitates: str | None) -> None:
    """In any disguise, and inside of longer names where that was seen; what the publisher writes is genuine."""
    assert AppImitations(SHIPPED).imitated(name) == imitates


@pytest.mark.parametrize(
    ("name", "imitates"),
    [("Warehouse Sync", None), ("warehouse sync", None), ("Warehouse-Sync", "Warehouse Sync"), ("Wаrehouse Sync", "Warehouse Sync"),
     ("Warehouse Sync 2", None), ("Our Data Loader", None), ("Our Data-Loader", "Our Data Loader"), ("Acme Data Loader", None)],
)  # fmt: skip
def test_approved_apps_can_be_imitated_too(name: str, imitates: str | None) -> None:
    """Their own spelling is theirs, whatever the shipped list says of it."""
    assert AppImitations(SHIPPED, ["Warehouse Sync", "Our Data Loader", "acme*", "0H4000000000001"]).imitated(name) == imitates  # fmt: skip


def test_columns_stand_beside_their_rows() -> None:
    """A caller's own word may imitate; only an app's name is folded."""
    found = AppImitationColumns(AppImitations(SHIPPED)).columns(
        pl.Series(["Warehouse Sync", None, "Data_Loader", None]), pl.Series([None, "My-Ticket-Portal/1", "sync", None])
    )
    assert found["leakline.app_folded"].to_list() == ["warehousesync", None, "dataloader", None]
    assert found["leakline.app_imitates"].to_list() == [None, "Ticket Portal", "Data Loader", None]
    assert AppImitationColumns(AppImitations(SHIPPED)).columns(None, None) == {}


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("names: []\n", 1, "`apps` is missing"),
        ("apps:\n  - anywhere: true\n", 2, "without `name`"),
        ("apps:\n  - name: Data Loader\n    genuin: [a]\n", 3, "unknown key `genuin`"),
        ("apps:\n  - name: Data Loader\n    anywhere: maybe\n", 2, "true or false"),
        ("apps:\n  - name: Data Loader\n    pattern: '('\n", 3, "not a regular expression"),
    ],
)
def test_a_wrong_file_names_its_line(tmp_path: Path, text: str, line: int, says: str) -> None:
    """File, line and what is wrong with it."""
    path = tmp_path / "own.yaml"
    path.write_text(text)
    with pytest.raises(MappingError, match=says) as caught:
        read_imitated(path)
    assert caught.value.line == line


def test_an_entry_may_say_nothing_but_its_name() -> None:
    """It counts as a whole name then, in any disguise."""
    app = ImitationTarget("Data Loader")
    assert (app.is_like(["dataloader"]), app.is_like(["mydataloader"])) == (True, False)


def test_the_exact_name_under_another_id_is_an_imitation() -> None:
    """Where the settings give the id that belongs to the name; ids of 15 and 18 characters are the same."""
    apps = ["Dataloader Bulk = 0H45g000000AbCdCAK"]
    names = pl.Series(["Dataloader Bulk", "Dataloader Bulk", "dataloader-bulk", "Dataloader Bulk", "Sync", None])
    ids = pl.Series(["0H45g000000AbCd", "0H45g000000XyZz", "0H45g000000AbCdCAK", None, "0H45g000000XyZz", "0H45g000000XyZz"])  # fmt: skip
    found = AppImitationColumns(AppImitations(SHIPPED, apps)).columns(names, None, ids)["leakline.app_imitates"]
    assert found.to_list() == [None, "Dataloader Bulk", None, None, None, None]
    approved = ApprovedAppColumns(ApprovedApps(apps)).columns(ids, names)["leakline.app_approved"]
    assert approved.to_list() == [True, False, True, None, False, False]
    assert app_ids(apps) == ["0H45g000000AbCd", "0H45g000000AbCdCAK"]


def test_an_app_whose_id_is_approved_imitates_nobody() -> None:
    """Whatever it is called, in either form of the id."""
    columns = AppImitationColumns(AppImitations(SHIPPED, ["0H45g000000AbCdCAK"])).columns
    names, ids = pl.Series(["My Ticket Portal"] * 3), pl.Series(["0H45g000000AbCd", "0H45g000000AbCdCAK", None])
    assert columns(names, None, ids)["leakline.app_imitates"].to_list() == [None, None, "Ticket Portal"]


def test_what_a_caller_writes_counts_where_no_app_is_named() -> None:
    """A genuine app is not taken for a thief's because a hostile text stands beside it, or marks of direction do."""
    apps = AppImitationColumns(AppImitations(read_imitated(shipped("mappings") / "imitated_apps.yaml")))
    names = pl.Series(["MuleSoft Anypoint", "Dataloader Bulk", None, None])
    callers = pl.Series(["a\u202etxt.exe", "DataLoaderBulk \u2028 =", "a\u202etxt.exe", "Salesforce Inc. Data Loader"])
    *named, turned, imitating = apps.columns(names, callers)["leakline.app_imitates"].to_list()
    assert named == [None, None]
    assert turned is None
    assert imitating is not None

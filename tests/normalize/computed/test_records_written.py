"""How many records a call deletes or changes, whatever door it took."""

from __future__ import annotations

import polars as pl
import pytest

from agent.model import Batch
from agent.normalize.mapping.load import load_mappings
from agent.normalize.shape import Normalizer
from agent.shipped import shipped

NORMALIZER = Normalizer(load_mappings([shipped("mappings")])[0])
REST = "/services/data/v66.0/"
IDS = ",".join(f"0015g00000AbC{number:02}" for number in range(30))


def row(event_type: str, **cells: str) -> dict[str, object]:
    frame = pl.DataFrame([{"event.id": "0" * 32, "EVENT_TYPE": event_type, **cells}])
    return NORMALIZER.prepare(Batch("00D5g00000AbCdE", "event_log_file", event_type, frame)).row(0, named=True)


@pytest.mark.parametrize("event_type", ["RestApi", "CompositeApiSubrequest"])
@pytest.mark.parametrize(
    ("path", "deletions", "changes"),
    [
        ("sobjects/Account/0015g00000AbCdE", 1, 1),
        ("composite/sobjects", 40, 20),
        ("//Composite/%73objects/?allOrNone=true", 40, 20),
        ("composite/sobjects?ids=..", 40, 20),
        ("composite/sobjects?ids=0015g00000AbCdE,0015g00000AbCdEAAV", 2, 20),
        ("composite/sobjects?ids=0015g00000AbCdE%2C0015g00000AbCdF", 2, 20),
        (f"composite/sobjects?ids={IDS},{IDS}", 40, 20),
        ("composite/sobjects/Account/Key__c", 40, 20),
    ],
)
def test_a_call_on_a_collection_counts_for_many(event_type: str, path: str, deletions: int, changes: int) -> None:
    """Two hundred records go in one call, and the log need not tell how many."""
    assert row(event_type, METHOD="DELETE", URI=REST + path)["leakline.deletions"] == deletions
    assert row(event_type, METHOD="PATCH", URI=REST + path)["leakline.changes"] == changes
    read = row(event_type, METHOD="GET", URI=REST + path)
    assert (read.get("leakline.deletions"), read.get("leakline.changes")) == (None, None)


@pytest.mark.parametrize(("told", "deletions"), [("200", 1), ("1.0", 1), ("0", 40), ("-1", 40), ("", 40)])
def test_a_call_whose_records_are_told_counts_once(told: str, deletions: int) -> None:
    """Another rule adds up the records that are told."""
    found = row("RestApi", METHOD="DELETE", URI=REST + "composite/sobjects", ROWS_PROCESSED=told)
    assert found["leakline.deletions"] == deletions


@pytest.mark.parametrize(
    ("actions", "deletions", "changes"),
    [
        ("aura://RecordUiController/ACTION$deleteRecord", 1, None),
        ("1$RecordUiController.deleteRecord=3", 1, None),
        ("aura://RecordUiController/action$deleterecord=3;", 1, None),
        ("serviceComponent://ui.force.massAction.MassDeleteController/ACTION$delete=3", 1, None),
        ("aura%3A%2F%2FRecordUiController%2FACTION%24deleteRecord", 1, None),
        (";".join(["aura://RecordUiController/ACTION$deleteRecord=3"] * 25), 25, None),
        (";".join(["aura://RecordUiController/ACTION$deleteRecord=3"] * 100), 40, None),
        ("aura://RecordUiController/ACTION$updateRecord=9;aura://RecordUiController/ACTION$deleteRecord=3", 1, 1),
        ("aura://RecordUiController/ACTION$getRecord=3", None, None),
        ("apex://Orders/ACTION$deletedOrders=3;apex://Orders/ACTION$undelete", None, None),
        ("", None, None),
    ],
)
def test_each_action_of_a_bundle_counts(actions: str, deletions: int | None, changes: int | None) -> None:
    """One Lightning request may delete a hundred records."""
    found = row("AuraRequest", ACTION_MESSAGE=actions)
    assert (found.get("leakline.deletions"), found.get("leakline.changes")) == (deletions, changes)


@pytest.mark.parametrize(
    ("query", "deletions", "changes"),
    [
        ('mutation a{uiapi{AccountDelete(input:{Id:"001"}){Id}}}', 1, None),
        ('#x\n,mutation{uiapi{a:AccountDelete ,#(\n(input:{Id:"1"}){Id} b:My__cDelete(input:{Id:"2"}){Id}}}', 2, None),
        ('query q{x} mutation a{uiapi{AccountUpdate(input:{Account:{Name:"x"},Id:"001"}){success}}}', None, 1),
        ("query q{uiapi{query{Account(first:9){edges{node{Id}}}}}}", None, None),
        ("{onDelete(x:1)}", None, None),
    ],
)
def test_mutations_of_a_document_count(query: str, deletions: int | None, changes: int | None) -> None:
    """GraphQL deletes and changes records, too."""
    found = row("GraphQLQuery", QUERY=query)
    assert (found.get("leakline.deletions"), found.get("leakline.changes")) == (deletions, changes)


@pytest.mark.parametrize(
    ("path", "deletions"),
    [
        ("/setup/own/deleteredirect.jsp?delID=0015g00000AbCdE", 1),
        ("/setup/own/DeleteRedirect%2Ejsp", 1),
        ("/0015g00000AbCdE?retURL=/setup/own/deleteredirect.jsp", None),
        ("/home/home.jsp", None),
    ],
)
def test_a_classic_page_deletes_a_record(path: str, deletions: int | None) -> None:
    """A deletion in Salesforce Classic is a request of one page."""
    assert row("URI", URI=path).get("leakline.deletions") == deletions

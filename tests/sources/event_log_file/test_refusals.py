"""The org says no: allowance, budget, permission, a stale locator."""

from __future__ import annotations

import gc

import pytest

from agent.errors import Forbidden, LimitExceeded
from agent.sources.event_log_file.listed_file import OddRecord
from tests.scripted_org.scripted_org import ScriptedOrg
from tests.sources.conftest import MakeSession
from tests.sources.event_log_file.log_files import hourly
from tests.sources.reader import Reader


def test_a_used_up_allowance_pauses_and_loses_nothing(reader: Reader, org: ScriptedOrg) -> None:
    """REQUEST_LIMIT_EXCEEDED is handed on at once; afterwards reading goes on where it was."""
    org.files = [hourly(n, f"row {n}", hours_ago=10 - n) for n in range(5)]
    refusal = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
    org.status = {org.files[2].id: (403, refusal)}
    with pytest.raises(LimitExceeded):
        reader.read()
    assert reader.rows() == ["row 0", "row 1"]
    org.status = {}
    reader.read()
    assert reader.rows() == [f"row {n}" for n in range(5)]


def test_the_budget_is_heeded(make_session: MakeSession, reader: Reader, org: ScriptedOrg) -> None:
    """Above its share of the allowance Leakline asks for nothing but the allowance."""
    reader.session = make_session(api_budget={"share": 0.5})
    reader.restart()
    reader.read()
    org.api_calls = 60_000
    reader.session.limits()
    queries = org.calls["query"]
    with pytest.raises(LimitExceeded):
        reader.read()
    assert org.calls["query"] == queries


def test_a_missing_permission_is_forbidden(reader: Reader, org: ScriptedOrg) -> None:
    """An object that is not visible names the permission."""
    org.status = {"query": (400, [{"errorCode": "INVALID_TYPE", "message": "sObject type is not supported."}])}
    with pytest.raises(Forbidden, match="View Event Log Files"):
        reader.read()


def test_a_stale_locator_restarts_the_query(reader: Reader, org: ScriptedOrg) -> None:
    """INVALID_QUERY_LOCATOR between pages loses no file."""
    org.page = 5
    org.files = [hourly(n, f"row {n}") for n in range(12)]
    org.stale_locators = 1
    reader.read()
    assert reader.rows() == [f"row {n}" for n in range(12)]


def test_records_that_cannot_be_read_are_let_go_of_with_the_poll(reader: Reader, org: ScriptedOrg) -> None:
    """What was listed does not stay in memory until the interpreter looks for garbage."""
    org.files = [hourly(n, f"row {n}") for n in range(3)]
    org.odd = {file.id: {"LogFileLength": -1} for file in org.files}
    gc.collect()
    gc.disable()
    try:
        reader.read()
        held = [kept for kept in gc.get_objects() if isinstance(kept, OddRecord)]
    finally:
        gc.enable()
    assert held == []
    assert [event["leakline.problem.count"] for event in reader.own()] == [3]

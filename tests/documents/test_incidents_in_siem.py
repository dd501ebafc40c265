"""docs/incidents_in_siem.md: its searches name fields and states that there are."""

from __future__ import annotations

import re

from agent.formats.cef_keys import EXTENSION, LABELS
from agent.formats.cef_own_key import field_of
from agent.notice.clock import ENDED
from agent.notice.incidents.incident import ENDS
from tests.documents.pages import ROOT
from tests.reference.event_fields_page import event_fields

PAGE = (ROOT / "docs" / "incidents_in_siem.md").read_text(encoding="utf-8")
SEARCHES = PAGE.partition("## What to search for")[2]


def test_fields_of_the_searches_are_fields_of_events() -> None:
    """In the three languages, and in CEF under the keys that lines have."""
    names = set(re.findall(r"\b(?:leakline|event)\.[a-z_]+(?:\.[a-z_]+)*", SEARCHES))
    keys = set(re.findall(r"\bleakline[A-Z]\w+", SEARCHES))
    assert len(names) > 8
    words = {"leakline.incident", "leakline.agent"}  # data sets
    assert (names - words) | {field_of(key) for key in keys} <= event_fields().keys()
    assert {"cs3", "deviceCustomDate2", "deviceFacility"} <= EXTENSION.keys()
    assert f"`{LABELS['cs3']}`" in SEARCHES


def test_what_has_ended_is_what_the_searches_leave_out() -> None:
    """No incident and no clock that goes on is missed because its state is another."""
    lists = [set(re.findall(r'"([a-z-]+)"', found)) for found in re.findall(r"IN \(([^)]+)\)", SEARCHES)]
    assert lists == [set(ENDS), set(ENDS), set(ENDED), set(ENDED)]

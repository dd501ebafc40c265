from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from agent.formats.cef import encode
from agent.formats.cef_keys import CUT
from agent.formats.cef_own_fields import LENGTH
from agent.formats.cef_text import MARK
from tests.formats.cef_reader import read

MOMENT = datetime(2026, 11, 20, 13, 5, 7, 89000, tzinfo=UTC)


def extensions(*rows: dict[str, Any], **settings: Any) -> list[dict[str, str]]:
    """What each row's line says besides its id."""
    frame = pl.DataFrame([{"event.id": "f" * 32, **row} for row in rows], infer_schema_length=None)
    found = [read(line)[1] for line in encode(frame, **settings)]
    return [{key: value for key, value in extension.items() if key != "externalId"} for extension in found]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("text", "text"),
        (0, "0"),
        (2**40, str(2**40)),
        (0.5, "0.5"),
        (False, "false"),
        (MOMENT, "2026-11-20T13:05:07.089Z"),
        (["a", "b"], "a,b"),
        (["a, b", None, "c\\"], "a\\, b,c\\\\"),
        ([7, 8], "7,8"),
    ],
)
def test_any_value_has_a_form(value: object, written: str) -> None:
    """Texts, numbers, booleans, times in UTC, and lists whose elements can be told apart."""
    for rows in ([{"leakline.some": value}], [{"leakline.some": value}, {"leakline.some": None}]):
        assert extensions(*rows)[0] == {"leaklineSome": written}
        assert all(found == {} for found in extensions(*rows)[1:])


@pytest.mark.parametrize("value", [None, "", [], float("nan")])
def test_no_value_has_no_key(value: object) -> None:
    """An empty cell, list or number writes nothing."""
    assert extensions({"leakline.some": value}, {"leakline.some": None}) == [{}, {}]


def test_own_keys_stand_behind_the_standard_ones_vendor_columns_first() -> None:
    """Where a receiver cuts a line, what was added to the event goes before the event's own meaning."""
    row = {"ecs.version": "9", "leakline.a": "x", "salesforce.b": "x", "salesforce.a": "x", "event.action": "x"}
    assert list(extensions(row)[0]) == ["act", "salesforceA", "salesforceB", "leaklineA", "ecsEcs_version"]


def test_a_value_without_room_under_its_key_is_whole_under_its_own() -> None:
    """Too long a text, too large a number, and a duration with a fraction of a millisecond."""
    row = {"event.action": "a" * 70, "file.size": 2**40, "event.duration": 1_500_000}
    plain = {"event.action": "b", "file.size": 7, "event.duration": 2_000_000}
    cut, whole = extensions(row, plain)
    assert (cut["ecsEvent_action"], cut["ecsFile_size"], cut["ecsEvent_duration"]) == ("a" * 70, str(2**40), "1500000")
    assert cut[CUT] == "act,fsize"
    assert [key for key in whole if key.startswith("ecs")] == []


def test_an_own_value_has_four_thousand_characters_and_says_when_it_is_cut() -> None:
    """Enough that padding does not hide what comes behind it; flexString2 names the key."""
    (found,) = extensions({"salesforce.some": "€" * 5000})
    assert (found["salesforceSome"], found[CUT]) == ("€" * (LENGTH - 1) + MARK, "salesforceSome")
    assert extensions({"salesforce.some": "€" * LENGTH}) == [{"salesforceSome": "€" * LENGTH}]


def test_a_reader_knows_which_field_a_key_of_several_holds() -> None:
    """Any field but the key's home has its own key too, and so has the home where both have the same value."""
    rows: list[dict[str, Any]] = [
        {"salesforce.row_count": 5, "salesforce.rows_processed": None},
        {"salesforce.row_count": None, "salesforce.rows_processed": 5},
        {"salesforce.row_count": 5, "salesforce.rows_processed": 6},
        {"salesforce.row_count": 5, "salesforce.rows_processed": 5},
    ]
    own = [{key: v for key, v in found.items() if key.startswith("sales")} for found in extensions(*rows)]
    assert own == [
        {},
        {"salesforceRowsProcessed": "5"},
        {"salesforceRowsProcessed": "6"},
        {"salesforceRowCount": "5", "salesforceRowsProcessed": "5"},
    ]


def test_addresses_of_both_kinds_have_a_standard_key_and_no_other() -> None:
    """IPv4 and IPv6 in one frame: no address is there twice."""
    found = extensions({"source.ip": "192.0.2.1"}, {"source.ip": "2001:db8::1"}, {"source.ip": None})
    assert [set(extension) for extension in found] == [{"src"}, {"c6a2", "c6a2Label"}, set()]


def test_settings_leave_out_what_they_name_and_nothing_else() -> None:
    """`leave_out` takes a field, or all below one, away from every key; without own keys the standard ones are left."""
    row = {"related.ip": ["192.0.2.1"], "related.user": ["ada"], "relatedness": "x", "user.email": "ada@example.com"}
    (found,) = extensions(row, leave_out=["related.*", "user.email"])
    assert found == {"ecsRelatedness": "x"}
    assert extensions(row, own_keys=False) == [{"suser": "ada@example.com"}]


def test_a_row_that_has_but_a_few_fields_left_has_standard_keys_alone() -> None:
    """So that an alert's shortest form stays the shortest; groups that were left out are named."""
    short = {"salesforce.a": "x", "event.action": "a", "leakline.truncated": ["*"]}
    long = {"salesforce.a": "x", "event.action": "a", "leakline.truncated": ["*repeated", "*computed"]}
    least, longer = extensions(short, long)
    assert least == {"act": "a", CUT: "*", f"{CUT}Label": "Cut short"}
    assert longer == {"act": "a", "salesforceA": "x", CUT: "*computed,*repeated", f"{CUT}Label": "Cut short"}

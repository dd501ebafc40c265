from __future__ import annotations

import threading
from typing import Any

import polars as pl
import pytest
from pydantic import TypeAdapter, ValidationError

from agent.assembly.destinations import build_destination
from agent.config.settings import DestinationSettings
from tests.formats.cef_reader import read
from tests.pipeline.fakes import NOW

KINDS: dict[str, dict[str, Any]] = {
    "syslog": {"type": "syslog", "host": "h", "port": 1},
    "file": {"type": "file", "directory": "/nowhere", "format": "cef"},
}
EVENT = {
    "event.id": "f" * 32,
    "event.action": "a",
    "salesforce.update_type": "Granted",
    "user.email": "ada@example.com",
}


def settings(kind: str, **changes: Any) -> Any:
    return TypeAdapter(DestinationSettings).validate_python({**KINDS[kind], **changes})


def line(kind: str, **changes: Any) -> dict[str, str]:
    destination = build_destination(settings(kind, **changes), lambda: NOW, threading.Event())
    found = read(destination.format(pl.DataFrame([EVENT]))[0])[1]
    return {key: value for key, value in found.items() if key != "externalId"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_line_has_all_of_its_event_unless_a_setting_says_so(kind: str) -> None:
    """Own keys are written by default; they, and single fields, are left out only where the settings ask for it."""
    assert line(kind) == {"act": "a", "suser": "ada@example.com", "ecsUser_email": "ada@example.com",
                          "salesforceUpdateType": "Granted"}  # fmt: skip
    assert line(kind, cef={"own_keys": False}) == {"act": "a", "suser": "ada@example.com"}
    assert line(kind, cef={"leave_out": ["user.*"]}) == {"act": "a", "salesforceUpdateType": "Granted"}


@pytest.mark.parametrize("name", ["event.id", "event.*", "@timestamp"])
def test_an_event_keeps_what_it_is_known_by(name: str) -> None:
    """Its id and time cannot be left out."""
    with pytest.raises(ValidationError, match="cannot be left out"):
        settings("syslog", cef={"leave_out": [name]})


def test_settings_for_cef_without_cef_are_refused() -> None:
    """They would do nothing, and nobody would notice."""
    with pytest.raises(ValidationError, match="format: cef"):
        settings("syslog", format="ecs", cef={"own_keys": False})


@pytest.mark.parametrize(
    "name", ["nonsense", "ROW_COUNT", "salesforceRowCount", "event*", "*", "user.id ", "Salesforce.Row_Count", ""]
)
def test_a_name_that_is_no_field_is_refused(name: str) -> None:
    """A field that an administrator believes is gone is gone, or he is told."""
    with pytest.raises(ValidationError, match=r"is not a field; write salesforce\.row_count"):
        settings("file", cef={"leave_out": [name]})

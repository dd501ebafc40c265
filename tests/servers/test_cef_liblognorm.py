"""CEF lines as a parser that others wrote reads them: liblognorm, inside Debian's rsyslog."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from agent.destinations.syslog.syslog import Syslog, SyslogSettings
from agent.formats import cef
from agent.pipeline.deliver import Delivery
from tests.destinations.rows import HOSTILE, one_chunk, rows
from tests.servers.judge import judge
from tests.servers.process import wait_until
from tests.servers.rsyslog import Rsyslog

pytestmark = pytest.mark.server

PICTURES = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\r\n"} | {0x7F: 0x2421}
"""What the format makes of control characters, which CEF has no way to write."""

HARD = (
    *HOSTILE,
    "ends in \\",
    "a=b c=d",
    "\\=\\|\\n",
    "|",
    "=",
    "x\\",
    "  two  spaces  ",
    "caf\u00e9 = 5 \\ 3 | 2\r\n\u20ac",
)


def events(count: int) -> pl.DataFrame:
    texts = pl.Series([HARD[number % len(HARD)] for number in range(count)])
    return rows(count).with_columns(
        texts.alias("message"),
        texts.alias("user.name"),
        texts.alias("event.action"),
        texts.alias("user_agent.original"),
        pl.Series("source.ip", ["203.0.113.7", "2001:db8::1"] * count, pl.String)[:count],
        texts.alias("salesforce.permission_type"),
        texts.alias("leakline.alert.event_ids_1"),
        pl.lit(0).alias("event.severity"),
    )


def deliver(rsyslog: Rsyslog, transport: str, frame: pl.DataFrame) -> None:
    settings = SyslogSettings.model_validate(rsyslog.settings(transport))
    syslog = Syslog(settings, cef.encode, now=lambda: datetime.now(UTC), wait=threading.Event().wait)
    settled = Delivery(syslog, threading.Event(), lambda: 0.01).deliver(one_chunk(syslog, frame), 0)
    syslog.close()
    assert settled.acknowledged == frame.height


def test_hostile_text_comes_back_out_of_liblognorm(rsyslog: Rsyslog) -> None:
    """Header and extension hold text that tries to break out of both; the parser gives back what was put in."""
    frame = events(len(HARD) * 3)
    deliver(rsyslog, "cef", frame)
    wait_until(lambda: len(rsyslog.cef_fields()) >= frame.height, "the lines are parsed", 30)
    parsed = rsyslog.cef_fields()
    assert len(parsed) == frame.height
    assert [line for line in parsed if "f" not in line] == []
    for line, row in zip(parsed, frame.iter_rows(named=True), strict=True):
        fields: dict[str, Any] = line["f"]
        # liblognorm 2.0.6 loses the first letter of the first key.
        assert fields["Extensions"]["xternalId"] == row["event.id"]
        assert (fields["DeviceVendor"], fields["Severity"]) == ("Leakline", "0")
        assert_held(fields["Extensions"], "msg", row["message"])
        assert_held(fields["Extensions"], "suser", row["user.name"])
        assert_held(fields["Extensions"], "requestClientApplication", row["user_agent.original"])
        assert_held(fields["Extensions"], "salesforcePermissionType", row["salesforce.permission_type"])
        assert_held(fields["Extensions"], "leaklineAlert_eventIds_1", row["leakline.alert.event_ids_1"])
        name = row["event.action"] or row["event.provider"]
        assert_same(fields["Name"], name.translate(PICTURES | {0x0A: 0x240A, 0x0D: 0x240D}))


def assert_held(extension: dict[str, Any], key: str, text: str) -> None:
    assert_same(extension.get(key, ""), text.translate(PICTURES))


def assert_same(found: str, text: str) -> None:
    """The text, or its beginning with the mark of one that was too long."""
    if found.endswith("\u2026") and len(text) > len(found):
        assert text.startswith(found[:-1])
    else:
        assert found == text


@pytest.mark.parametrize("transport", ["tcp", "tls"])
def test_cef_lines_arrive_unaltered(rsyslog: Rsyslog, transport: str) -> None:
    """Over TCP and TLS every line is at rsyslog as the format made it, once."""
    frame = events(1000)
    deliver(rsyslog, transport, frame)
    wait_until(lambda: len(rsyslog.messages()) >= 1000, "the lines arrive", 30)
    found = judge(dict(zip(frame["event.id"], cef.encode(frame), strict=True)), rsyslog.documents())
    assert found.exact, found

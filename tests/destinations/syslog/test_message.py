"""Syslog messages: headers of both forms, framing, text that stays in its place."""

from __future__ import annotations

import re
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.destinations.syslog.syslog import Syslog, SyslogSettings
from tests.destinations.rows import as_json, event_id, rows, sending_time


def wrapped(frame: pl.DataFrame, **changes: Any) -> list[str]:
    document = {"type": "syslog", "host": "h", "port": 1, "transport": "udp", "hostname": "here", **changes}
    syslog = Syslog(SyslogSettings.model_validate(document), as_json, now=sending_time, wait=lambda _: False)
    return syslog.wrap(frame, as_json(frame)).to_list()


def test_rfc5424_header() -> None:
    """PRI, version, time with milliseconds, host, application, event type as MSGID, structured data."""
    line = wrapped(rows(1), enterprise_number=99999)[0]
    assert re.fullmatch(
        r"<166>1 2026-01-02T03:04:05\.123Z here leakline - ReportExport "
        r'\[origin software="leakline" swVersion="[^"]+"\]'
        rf'\[event@99999 id="{event_id(0)}" dataset="salesforce\.event_log_file" org="00D000000000001EAA"\] \{{.*\}}',
        line,
    )


def test_rfc3164_header() -> None:
    """The old header: no year, the day padded with a space, a tag of letters and digits."""
    line = wrapped(rows(1), protocol="rfc3164", application="leak-line")[0]
    assert line.startswith('<166>Jan  2 03:04:05 here leakline: {"id":')


def test_the_byte_order_mark_is_put_on_request() -> None:
    """RFC 5424 wants it before UTF-8 text, receivers keep it as part of the message: off unless asked for."""
    assert "\ufeff" not in wrapped(rows(1))[0]
    assert ' \ufeff{"id":' in wrapped(rows(1), byte_order_mark=True)[0]


@pytest.mark.parametrize("severity, level", [(99, 2), (90, 2), (73, 3), (47, 4), (21, 5), (0, 5), (None, 5)])
def test_alerts_have_their_severity(severity: int | None, level: int) -> None:
    """Alerts go by `event.severity`; an event with the same number stays informational."""
    frame = rows(2).with_columns(
        pl.Series("event.kind", ["alert", "event"]), pl.Series("event.severity", [severity, severity], pl.Int64)
    )
    first, second = wrapped(frame, facility="local0")
    assert first.startswith(f"<{128 + level}>1 ")
    assert second.startswith("<134>1 ")


def test_what_is_said_of_incidents_has_their_severity() -> None:
    """A deadline that has passed is no informational message; one of Leakline's other events is."""
    frame = rows(2).with_columns(
        pl.Series("event.kind", ["event", "event"]),
        pl.Series("event.severity", [75, 75]),
        pl.Series("event.dataset", ["leakline.incident", "leakline.agent"]),
    )
    first, second = wrapped(frame, facility="local0")
    assert (first[:6], second[:6]) == ("<131>1", "<134>1")


HEADER = re.compile(
    r"<(\d{1,3})>1 (\S+) ([\x21-\x7e]{1,255}) ([\x21-\x7e]{1,48}) - ([\x21-\x7e]{1,32}) "
    r'((?:\[[\x21-\x7e]+?(?: [\x21-\x7e]+?="(?:[^"\\\]]|\\.)*")+\])+) (.*)',
    re.DOTALL,
)


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=40), min_size=1, max_size=4), st.text(max_size=60))
@settings(max_examples=100)
def test_hostile_text_stays_in_its_place(texts: list[str], host: str) -> None:
    """Whatever the event type, the organisation or the host name hold, the header keeps its form."""
    hostile = pl.Series(texts, dtype=pl.String)
    frame = rows(len(texts)).with_columns(
        hostile.alias("event.provider"), hostile.alias("organization.id"), hostile.alias("message")
    )
    for line, text, message in zip(
        wrapped(frame, hostname=host, enterprise_number=1), texts, as_json(frame), strict=True
    ):
        found = HEADER.fullmatch(line)
        assert found is not None
        assert found[7] == message
        value = re.search(r' org="((?:[^"\\\]]|\\.)*)"', found[6])
        assert value is not None
        assert re.sub(r"\\(.)", r"\1", value[1], flags=re.DOTALL) == text


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=30), min_size=1, max_size=6))
def test_octet_counts_are_octets(texts: list[str]) -> None:
    """Each message is preceded by its length in octets, so that no text can end it early."""
    document = {"type": "syslog", "host": "h", "port": 1, "transport": "tcp"}
    syslog = Syslog(SyslogSettings.model_validate(document), as_json, now=sending_time, wait=lambda _: False)
    lines = pl.Series(texts, dtype=pl.String)
    for text, frame in zip(texts, syslog.wrap(rows(len(texts)), lines), strict=True):
        count, _, message = frame.encode().partition(b" ")
        assert int(count) == len(message)
        assert message.decode().endswith(text)


def test_line_feed_framing_keeps_one_message_on_one_line() -> None:
    """A line end inside a message would begin another: it becomes a space."""
    document = {"type": "syslog", "host": "h", "port": 1, "transport": "tcp", "framing": "line_feed"}
    syslog = Syslog(SyslogSettings.model_validate(document), as_json, now=sending_time, wait=lambda _: False)
    (line,) = syslog.wrap(rows(1), pl.Series(["a\r\nb\nc"])).to_list()
    assert line.endswith(" a  b c\n")
    assert line.count("\n") == 1

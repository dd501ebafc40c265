"""Syslog over UDP, TCP and TLS, in the form of RFC 5424 or RFC 3164.

What an acknowledgement means here: over TCP and TLS, that the receiver's kernel has the message (a receiver that is
killed may still lose what it had not read; the last of it is sent again on the next connection, with the same ids);
over UDP, that it was sent.
"""

from __future__ import annotations

import socket
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import ConfigDict, Field, model_validator

from agent import __version__
from agent.columns.string_buffer import StringBuffer
from agent.delivery_settings import limits_of
from agent.destinations.cef_settings import UNCHANGED, CefDeliverySettings
from agent.destinations.sent_time import stamped
from agent.destinations.syslog.datagrams import Datagrams
from agent.destinations.syslog.message import (
    BYTE_ORDER_MARK,
    Facility,
    event_data,
    line_fed,
    octet_counted,
    rfc3164,
    rfc5424,
)
from agent.destinations.syslog.stream import Stream
from agent.duration import PositiveDuration, at_most
from agent.errors import Unavailable
from agent.model import LANES, Chunk, Finding, Format, Lane, Outcome, TooLong
from agent.name import Name
from agent.network.proxy import ProxySettings
from agent.network.server_address import HostName
from agent.network.tls import TlsSettings

LARGEST_DATAGRAM = 65_507


_STREAM = {"properties": {"transport": {"enum": ["tls", "tcp"]}}}

_TOGETHER: list[Any] = [
    {"anyOf": [UNCHANGED, {"properties": {"format": {"const": "cef"}}}]},
    {"anyOf": [_STREAM, {"properties": {"max_row_bytes": {"maximum": LARGEST_DATAGRAM}}}]},
    {"anyOf": [_STREAM, {"properties": {"proxy": {"type": "null"}}}]},
    {"properties": {"proxy": {"properties": {"url": {"pattern": "^http://"}}}}},
]
"""`SyslogSettings._what_goes_together`, for editors."""


class SyslogSettings(CefDeliverySettings):
    """A syslog receiver."""

    model_config = ConfigDict(json_schema_extra={"allOf": _TOGETHER})

    type: Literal["syslog"]
    """A syslog receiver."""
    name: Name = "syslog"
    """Unique among the destinations."""
    host: HostName
    """The receiver's name or address; over TLS its certificate must be for this name."""
    port: int = Field(ge=1, le=65535)
    """The receiver's port. 6514 is usual for TLS, 514 for UDP and TCP."""
    transport: Literal["tls", "tcp", "udp"] = "tls"
    """The protocol that carries the messages."""
    protocol: Literal["rfc5424", "rfc3164"] = "rfc5424"
    """The form of the header. rfc3164 has neither year nor time zone; its times are UTC."""
    framing: Literal["octet_counting", "line_feed"] = "octet_counting"
    """How messages follow each other over TCP and TLS. The receiver must be set to the same."""
    format: Literal["cef", "ecs"] = "cef"
    """The message: a CEF line, or an ECS document in JSON."""
    lanes: list[Lane] = Field(default=list(LANES), min_length=1)
    """What to send: `alerts`, `events` or both."""
    facility: Facility = "local4"
    """The facility in each message's priority."""
    application: str = "leakline"
    """The value of APP-NAME, or of the tag in RFC 3164."""
    hostname: str = Field(default_factory=socket.gethostname)
    """The value of HOSTNAME; by default this machine's name."""
    enterprise_number: int | None = Field(default=None, ge=1)
    """Your IANA private enterprise number; with it, RFC 5424 structured data tells the event's id, dataset and org."""
    byte_order_mark: bool = False
    """Put a byte order mark before the message, as RFC 5424 says for UTF-8. Receivers such as rsyslog keep it, and then
    parsers of CEF fail."""
    timeout: Annotated[PositiveDuration, at_most(timedelta(hours=1))] = timedelta(seconds=30)
    """How long connecting may take, and how long the receiver may take for a chunk."""
    resend_bytes: int = Field(default=1_000_000, ge=0)
    """When a TCP or TLS connection breaks, this much of what was sent in its last minute is sent again: the receiver may
    not have stored it. So there are doubles instead of gaps; 0 turns it off."""
    rate: int = Field(default=5_000, ge=1)
    """How many messages a second are sent over UDP, which drops what comes too fast."""
    max_bytes: int = Field(default=500_000, ge=1_000)
    """How many bytes are sent at a time."""
    max_rows: int = Field(default=5_000, ge=1)
    """How many messages are sent at a time."""
    max_row_bytes: int = Field(default=8_192, ge=480)
    """A longer message is shortened, or kept as a dead letter (see `too_long`): receivers cut it in pieces or drop the
    connection. Usual limits are 8,192 (rsyslog) and 65,536 (syslog-ng); set the receiver's limit first, then this one."""
    too_long: TooLong = "shorten"
    """What becomes of an event longer than `max_row_bytes`: `shorten` cuts its longest texts and names them in
    `leakline.truncated` (CEF: `flexString2`); `dead_letter` keeps it here. Alerts are always shortened."""
    tls: TlsSettings = TlsSettings()
    """How the receiver's certificate is checked, and the certificate that Leakline shows."""
    proxy: ProxySettings | None = None
    """An HTTP proxy that allows CONNECT to the receiver's port; for TCP and TLS."""

    @model_validator(mode="after")
    def _what_goes_together(self) -> SyslogSettings:
        if self.transport == "udp" and self.max_row_bytes > LARGEST_DATAGRAM:
            raise ValueError(f"max_row_bytes: a datagram holds {LARGEST_DATAGRAM} bytes at most")
        if self.proxy is not None and (self.transport == "udp" or not self.proxy.url.startswith("http://")):
            raise ValueError("proxy: syslog goes through an http:// proxy, over tcp or tls")
        return self


class Syslog:
    """A destination (see `agent.model.Destination`). `wait` is the stop event's; `monotonic` is in seconds.

    `now` is what documents get as `event.ingested` when they are sent.
    """

    def __init__(
        self,
        settings: SyslogSettings,
        encode: Format,
        *,
        wait: Callable[[float], bool],
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = settings.name
        self.format = encode
        self.lanes: Sequence[Lane] = settings.lanes
        self.limits = limits_of(settings)
        self._settings = settings
        self._now = now
        self._transport: Stream | Datagrams
        if settings.transport == "udp":
            self._transport = Datagrams(settings.host, settings.port, settings.rate, wait)
        else:
            self._transport = Stream(
                settings.host,
                settings.port,
                settings.tls.context if settings.transport == "tls" else None,
                settings.proxy,
                timeout=settings.timeout.total_seconds(),
                keep=settings.resend_bytes,
                monotonic=monotonic,
            )

    def prepare(self) -> None:
        if self._settings.transport == "tls":
            self._settings.tls.context()
        if self._settings.proxy is not None:
            self._settings.proxy.url_with_credentials()

    def wrap(self, frame: pl.DataFrame, lines: pl.Series) -> pl.Series:
        """The syslog header before each line, and the stream's framing around both."""
        settings = self._settings
        who = {"facility": settings.facility, "host": settings.hostname, "application": settings.application}
        if settings.byte_order_mark:
            lines = pl.select(pl.concat_str(pl.lit(BYTE_ORDER_MARK), lines)).to_series()
        if settings.protocol == "rfc3164":
            messages = rfc3164(frame, lines, **who)
        else:
            data = event_data(frame, settings.enterprise_number, __version__)
            messages = rfc5424(frame, lines, **who, data=data)
        if settings.transport == "udp":
            return messages
        framed = octet_counted if settings.framing == "octet_counting" else line_fed
        return framed(messages)

    def send(self, chunk: Chunk) -> Outcome:
        lines = stamped(chunk.lines, self._now()) if self._settings.format == "ecs" else chunk.lines
        messages, rows = StringBuffer.of(lines), len(lines)
        if isinstance(self._transport, Datagrams):
            return Outcome(too_long=self._transport.send(messages))
        self._transport.send(messages.rows(0, rows), messages.rows(self._last_rows(messages, rows), rows))
        return Outcome()

    def close(self) -> None:
        self._transport.close()

    def probe(self) -> Iterator[Finding]:
        """Connects, and over TLS shows whether we trust each other. UDP tells nothing."""
        subject, peer = f"destination {self.name}", self._transport.peer
        try:
            self._transport.open()
        except Unavailable as error:
            yield Finding(subject, False, str(error), error.hint or "check `host`, `port`, `transport` and `proxy`")
            return
        if self._settings.transport == "udp":
            yield Finding(subject, True, f"{peer} has an address; UDP does not show whether a receiver listens")
        else:
            yield Finding(subject, True, f"{peer} accepts the connection")
        if self._settings.transport != "tls":
            yield Finding(subject, False, "events travel unencrypted", "use transport: tls", warning=True)

    def hung_up(self, seconds: float) -> bool:
        """Whether the receiver ends the connection within `seconds` after a message: it did not understand it."""
        return isinstance(self._transport, Stream) and self._transport.hung_up(seconds)

    def how_to_find(self, event_id: str) -> str:
        return f"where the receiver writes messages of {self._settings.application!r}: grep {event_id}"

    def _last_rows(self, messages: StringBuffer, rows: int) -> int:
        """The first of the rows at the end that are worth sending again when the connection breaks."""
        # Whole messages within the last `resend_bytes` bytes: the first whose start is not before them.
        enough = messages.offsets[rows] - self._settings.resend_bytes
        return bisect_left(messages.offsets, enough, 0, rows)

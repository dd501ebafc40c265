"""Splunk's HTTP Event Collector, `/services/collector/event`.

Splunk has no deduplication: an answer that is lost means that rows are sent again with the same `event_id`, an
indexed field, and `| dedup event_id` takes the repeats out of a search.
"""

from __future__ import annotations

import socket
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Literal

import orjson
import polars as pl
from pydantic import Field, field_validator

from agent.columns.string_buffer import body
from agent.columns.text.json_text import quoted
from agent.delivery_settings import DeliverySettings, limits_of
from agent.destinations.exchange import Endpoint, Exchange, HttpAnswer
from agent.destinations.narrowing import narrow_bytes, narrow_rows, restore_rows
from agent.destinations.splunk.acknowledgements import Acknowledgements
from agent.destinations.splunk.reply import ABOUT_ONE_ROW, ACCEPTED, FILLING_UP, HecReply
from agent.duration import PositiveDuration, at_most
from agent.errors import Misconfigured, SettingsError, Unavailable
from agent.model import LANES, Chunk, Finding, Format, Lane, Outcome, TooLong
from agent.name import Name
from agent.network.proxy import ProxySettings
from agent.network.tls import TlsSettings
from agent.secret import Secret

EVENT, HEALTH = "/services/collector/event", "/services/collector/health"

INDEXED = {"org_id": "organization.id", "dataset": "event.dataset", "kind": "event.kind"}
"""Columns that become indexed fields beside `event_id`, where a row has them."""


class SplunkSettings(DeliverySettings):
    """A Splunk HTTP Event Collector."""

    type: Literal["splunk"]
    """Splunk's HTTP Event Collector."""
    name: Name = "splunk"
    """Unique among the destinations."""
    url: Endpoint
    """The receiver: scheme, host and port, such as https://splunk.example.com:8088."""
    token: Secret
    """The HEC token: `{file: PATH}`, `{env: NAME}` or `{credential: NAME}`."""
    format: Literal["ecs"] = "ecs"
    """The form of events: ECS documents in JSON."""
    lanes: list[Lane] = Field(default=list(LANES), min_length=1)
    """What to send: `alerts`, `events` or both."""
    index: str | None = None
    """The index to write to; by default the token's own."""
    sourcetype: str = "leakline:ecs"
    """The value of Splunk's `sourcetype` field."""
    source: str = "leakline"
    """The value of Splunk's `source` field."""
    host: str = Field(default_factory=socket.gethostname)
    """The value of Splunk's `host` field; by default this machine's name."""
    fields: dict[str, str] = Field(
        default_factory=dict, json_schema_extra={"propertyNames": {"not": {"enum": ["event_id", *INDEXED]}}}
    )
    """Further indexed fields with fixed values, such as `environment: production`."""
    acknowledgements: bool = False
    """Wait until the indexers have the events. The token must have indexer acknowledgement; Splunk Cloud has none."""
    acknowledgement_timeout: Annotated[PositiveDuration, at_most(timedelta(days=1))] = timedelta(minutes=5)
    """How long an acknowledgement may take. After that the events are sent again."""
    partial_acceptance: Literal["auto", "yes", "no"] = "auto"
    """Whether events before a refused one were kept. Splunk keeps them, other HEC servers do not; `auto` looks at the
    `Server` header. In doubt events are sent twice rather than never."""
    gzip: bool = True
    """Compress requests."""
    timeout: Annotated[PositiveDuration, at_most(timedelta(hours=1))] = timedelta(seconds=60)
    """How long one request and its whole answer may take."""
    max_bytes: int = Field(default=900_000, ge=1_000)
    """The largest request in bytes, before compression. Splunk Cloud takes 1 MB, Splunk Enterprise 838 MB unless changed."""
    max_rows: int = Field(default=10_000, ge=1)
    """How many events one request has at most."""
    max_row_bytes: int = Field(default=900_000, ge=1_000)
    """A longer event is shortened, or kept as a dead letter: see `too_long`."""
    too_long: TooLong = "shorten"
    """What becomes of an event longer than `max_row_bytes`: `shorten` cuts its longest texts and names them in
    `leakline.truncated`; `dead_letter` keeps it here. Alerts are always shortened."""
    tls: TlsSettings = TlsSettings()
    """How the receiver's certificate is checked, and the certificate that Leakline shows."""
    proxy: ProxySettings | None = None
    """An outbound HTTP proxy. Environment variables such as HTTPS_PROXY are not used."""

    @field_validator("fields")
    @classmethod
    def _no_field_twice(cls, fields: dict[str, str]) -> dict[str, str]:
        taken = sorted(fields.keys() & {"event_id", *INDEXED})
        if taken:
            raise ValueError(f"{taken[0]} is filled from the event; choose another name")
        return fields


class Splunk:
    """A destination (see `agent.model.Destination`). `wait` is the stop event's: true when it is time to go."""

    def __init__(self, settings: SplunkSettings, encode: Format, *, wait: Callable[[float], bool]) -> None:
        self.name = settings.name
        self.format = encode
        self.lanes: Sequence[Lane] = settings.lanes
        self.limits = limits_of(settings)
        self._settings = settings
        self._channel = str(uuid.uuid4()) if settings.acknowledgements else ""
        self._exchange = Exchange(
            settings.url,
            settings.tls,
            settings.proxy,
            settings.timeout.total_seconds(),
            self._headers,
            gzip=settings.gzip,
        )
        self._acknowledgements = Acknowledgements(self._exchange, wait, settings.acknowledgement_timeout)

    def prepare(self) -> None:
        self._exchange.prepare()

    def wrap(self, frame: pl.DataFrame, lines: pl.Series) -> pl.Series:
        """One HEC event a row: `time` (s), metadata, indexed `fields`, and the line as `event`."""
        start, end = self._metadata()
        row = [pl.lit('{"time":'), _time(frame), pl.lit(start), quoted(frame["event.id"])]
        for field, column in INDEXED.items():
            if column in frame.columns:
                value = quoted(frame[column].cast(pl.String))
                row.append(pl.select((pl.lit(f',"{field}":') + value).fill_null("")).to_series())
        row += [pl.lit(end), lines, pl.lit("}\n")]
        return pl.select(pl.concat_str(row)).to_series()

    def send(self, chunk: Chunk) -> Outcome:
        if self._channel:
            self._acknowledgements.require()
        answer = self._exchange.post(EVENT, body(chunk.lines), {"Content-Type": "application/json"})
        if answer.status == 413:
            return narrow_bytes(self, chunk)
        reply = HecReply.of(answer)
        if reply.status == 200 and reply.code in ACCEPTED:
            return self._accepted(reply)
        if reply.status == 400 and reply.code in ABOUT_ONE_ROW:
            return self._without_the_bad_row(chunk, reply)
        if reply.code == 9 and reply.number and self._keeps_rows_before(reply):
            return Outcome(retry=range(reply.number, len(chunk.lines)))
        raise self._failure(answer, reply)

    def close(self) -> None:
        self._exchange.close()

    def probe(self) -> Iterator[Finding]:
        """The health page tells whether it is up, an empty request whether the token is good (code 5: no data)."""
        subject = f"destination {self.name}"
        try:
            health = HecReply.of(self._exchange.get(HEALTH))
            # Servers that check the token here too answer 401; the next look tells.
            up = health.code == 17 or health.status in (401, 403)
            yield Finding(subject, up, f"{self._settings.url} is up" if up else health.meaning, health.hint)
            token = HecReply.of(self._exchange.post(EVENT, b"", {"Content-Type": "application/json"}))
        except Unavailable as error:
            yield Finding(subject, False, str(error), "check `url`, `tls` and `proxy`")
            return
        if token.status == 400 and token.code == 5:
            yield Finding(subject, True, "the token is accepted")
        else:
            yield Finding(subject, False, f"the token is not accepted: {token.meaning}", token.hint or "check `token`")
        if self._settings.url.startswith("http:"):
            yield Finding(subject, False, "the token travels unencrypted", "use https", warning=True)

    def how_to_find(self, event_id: str) -> str:
        index = self._settings.index or "*"
        return f"in Splunk, over the right span of time: index={index} event_id::{event_id}"

    def _headers(self) -> Mapping[str, str]:
        token = self._settings.token.read()
        if not (token.isascii() and token.isprintable()):
            raise SettingsError(
                "the HEC token has characters that are not allowed in a token", hint="check what `token` names"
            )
        channel = {"X-Splunk-Request-Channel": self._channel} if self._channel else {}
        return {"Authorization": f"Splunk {token}", **channel}

    def _metadata(self) -> tuple[str, str]:
        """The constant text between `time` and the event's id, and between the indexed fields and the event.

        Only keys that HEC knows: after an unknown one Splunk drops the rest of the request and says "success".
        """
        settings = self._settings
        known = {"host": settings.host, "source": settings.source, "sourcetype": settings.sourcetype}
        if settings.index:
            known["index"] = settings.index
        further = orjson.dumps(settings.fields).decode()[1:-1]
        return (
            f",{orjson.dumps(known).decode()[1:-1]}" + ',"fields":{"event_id":',
            (f",{further}" if further else "") + '},"event":',
        )

    def _accepted(self, reply: HecReply) -> Outcome:
        restore_rows(self, self._settings.max_rows)
        if self._channel:
            self._acknowledgements.settle(reply.ack_id)
        return Outcome(slow_down=reply.code in FILLING_UP)

    def _without_the_bad_row(self, chunk: Chunk, reply: HecReply) -> Outcome:
        """Rows before the bad one are kept by Splunk, those after it are not."""
        rows, bad = len(chunk.lines), reply.number
        if bad is None or not 0 <= bad < rows:
            return narrow_rows(self, chunk, reply.meaning)
        restore_rows(self, self._settings.max_rows)
        before = () if self._keeps_rows_before(reply) else range(bad)
        return Outcome(rejected=[(bad, reply.meaning)], retry=[*before, *range(bad + 1, rows)])

    def _keeps_rows_before(self, reply: HecReply) -> bool:
        if self._channel:  # kept perhaps, but never to be acknowledged
            return False
        return (
            reply.splunk if self._settings.partial_acceptance == "auto" else self._settings.partial_acceptance == "yes"
        )

    def _failure(self, answer: HttpAnswer, reply: HecReply) -> Unavailable:
        message = f"{self._settings.url}: {reply.meaning}"
        if reply.lasting:
            return Misconfigured(message, hint=reply.hint)
        return Unavailable(message, retry_after=answer.retry_after(), hint=reply.hint)


def _time(frame: pl.DataFrame) -> pl.Series:
    """Seconds since 1970 with three decimals. A row without a time of its own gets when it was first seen."""
    columns = [name for name in ("@timestamp", "event.created") if name in frame.columns]
    ms = pl.coalesce(*[pl.col(name).dt.epoch("ms") for name in columns], pl.lit(0)).clip(lower_bound=0)
    text = pl.concat_str((ms // 1000).cast(pl.String), pl.lit("."), (ms % 1000).cast(pl.String).str.zfill(3))
    return frame.select(text).to_series()

"""Elasticsearch and OpenSearch, by `_bulk`.

Every row is a `create` with the event's id as `_id`: what was taken before is answered with 409 and counted, so rows
can be sent again without becoming two documents. In a data stream that holds within one backing index: rows sent again
after a rollover can double. A plain index (`index`) has no such edge.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from importlib import resources
from itertools import combinations
from typing import Annotated, Any, Literal

import orjson
import polars as pl
import structlog
from pydantic import ConfigDict, Field, model_validator

from agent.columns.text.json_text import quoted
from agent.delivery_settings import DeliverySettings, limits_of
from agent.destinations.elastic import held_checkpoint
from agent.destinations.elastic.reply import outcome_of, row_results
from agent.destinations.exchange import Endpoint, Exchange, HttpAnswer
from agent.destinations.narrowing import narrow_bytes, narrow_rows, restore_rows
from agent.destinations.sent_time import stamped_body
from agent.duration import PositiveDuration, at_most
from agent.errors import Misconfigured, Unavailable
from agent.model import LANES, Chunk, Finding, Format, Lane, Outcome, TooLong
from agent.name import Name
from agent.network.proxy import ProxySettings
from agent.network.tls import TlsSettings
from agent.own_event import DATASET as OWN_DATASET
from agent.redaction.redaction import register, register_basic
from agent.secret import Secret

log = structlog.get_logger()

BULK = (
    "/_bulk?filter_path=took,errors,error,items.*.status,items.*._id,items.*.failure_store,"
    "items.*.error.type,items.*.error.reason"
)
NDJSON = {"Content-Type": "application/x-ndjson"}
TEMPLATE = "leakline"
"""The name of the index template that `install_template` puts."""


def _absent(*keys: str) -> dict[str, Any]:
    return {"properties": {key: {"type": "null"} for key in keys}}


_WAYS_IN = ("api_key", "username", "bearer")

_ONE_WAY_IN: list[Any] = [
    {"anyOf": [_absent("username", "password"), {"required": ["username", "password"]}]},
    *({"anyOf": [_absent(first), _absent(second)]} for first, second in combinations(_WAYS_IN, 2)),
]
"""`ElasticSettings._one_way_in`, for editors."""


class ElasticSettings(DeliverySettings):
    """Elasticsearch 8 or newer, or OpenSearch 2 or newer."""

    model_config = ConfigDict(json_schema_extra={"allOf": _ONE_WAY_IN})

    type: Literal["elastic"]
    """Elasticsearch or OpenSearch."""
    name: Name = "elastic"
    """Unique among the destinations."""
    url: Endpoint
    """The server: scheme, host and port, such as https://elastic.example.com:9200."""
    api_key: Secret | None = None
    """An API key of Elasticsearch, in its encoded form or as `id:key`."""
    username: str | None = None
    """The user, in place of an API key; goes with `password`."""
    password: Secret | None = None
    """The password that goes with `username`."""
    bearer: Secret | None = None
    """A bearer token, such as a JWT, in place of both."""
    format: Literal["ecs"] = "ecs"
    """The form of events: ECS documents in JSON."""
    lanes: list[Lane] = Field(default=list(LANES), min_length=1)
    """What to send: `alerts`, `events` or both."""
    namespace: str = Field(default="default", pattern=r"^[a-z0-9_.]{1,100}$")
    """The last part of the data stream's name: `logs-salesforce.<service>-<namespace>` and `logs-leakline.*-<namespace>`."""
    index: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9_.-]*$")
    """A plain index or alias to write everything to, in place of data streams."""
    gzip: bool = True
    """Compress requests."""
    timeout: Annotated[PositiveDuration, at_most(timedelta(hours=1))] = timedelta(seconds=60)
    """How long one request and its whole answer may take."""
    max_bytes: int = Field(default=8_000_000, ge=1_000)
    """The largest request in bytes, before compression. Servers take 100 MB unless changed."""
    max_rows: int = Field(default=5_000, ge=1)
    """How many documents one request has at most."""
    max_row_bytes: int = Field(default=8_000_000, ge=1_000)
    """A longer document is shortened, or kept as a dead letter: see `too_long`."""
    too_long: TooLong = "shorten"
    """What becomes of an event longer than `max_row_bytes`: `shorten` cuts its longest texts and names them in
    `leakline.truncated`; `dead_letter` keeps it here. Alerts are always shortened."""
    tls: TlsSettings = TlsSettings()
    """How the server's certificate is checked, and the certificate that Leakline shows."""
    proxy: ProxySettings | None = None
    """An outbound HTTP proxy. Environment variables such as HTTPS_PROXY are not used."""

    @model_validator(mode="after")
    def _one_way_in(self) -> ElasticSettings:
        if (self.username is None) != (self.password is None):
            raise ValueError("`username` and `password` go together")
        if sum(way is not None for way in (self.api_key, self.username, self.bearer)) > 1:
            raise ValueError("give one of `api_key`, `username` with `password`, or `bearer`")
        return self


class Elastic:
    """A destination (see `agent.model.Destination`). `now` is what documents get as `event.ingested` when they are sent."""

    def __init__(self, settings: ElasticSettings, encode: Format, *, now: Callable[[], datetime]) -> None:
        self.name = settings.name
        self.format = encode
        self.lanes: Sequence[Lane] = settings.lanes
        self.limits = limits_of(settings)
        self._settings = settings
        self._now = now
        self._exchange = self._connected(settings.timeout.total_seconds())

    def prepare(self) -> None:
        self._exchange.prepare()

    def wrap(self, frame: pl.DataFrame, lines: pl.Series) -> pl.Series:
        """Two lines a row: the `create` action and the document, which names its data stream.

        `lines`: JSON objects with at least one member.
        """
        streams = _streams(frame)
        distinct = streams.unique()
        starts = [self._action(stream) for stream in distinct.to_list()]
        opening = [start for start, _ in starts]
        document = [start for _, start in starts]
        row = [
            streams.replace_strict(distinct, opening, return_dtype=pl.String),
            quoted(frame["event.id"]),
            streams.replace_strict(distinct, document, return_dtype=pl.String),
            lines.str.strip_prefix("{"),
            pl.lit("\n"),
        ]
        return pl.select(pl.concat_str(row)).to_series()

    def send(self, chunk: Chunk) -> Outcome:
        answer = self._exchange.post(BULK, stamped_body(chunk.lines, self._now()), NDJSON)
        if answer.status == 413:
            return narrow_bytes(self, chunk)
        if answer.status == 400 and "error" in (answer.json() or {}):
            return narrow_rows(self, chunk, f"the request was refused: {_error(answer)}")
        if answer.status != 200:
            raise self._failure(answer)
        found = row_results(answer, chunk, self._settings.url)
        restore_rows(self, self._settings.max_rows)
        self._tell_quarantine(found)
        return outcome_of(found, self._settings.url)

    def newest_checkpoint(self, origin: str, within: float) -> str | None:
        """See `agent.trail.held_elsewhere`."""
        exchange = self._connected(within)
        try:
            return held_checkpoint.newest_note(exchange, self._settings.index or self._stream(OWN_DATASET), origin)
        finally:
            exchange.close()

    def close(self) -> None:
        self._exchange.close()

    def probe(self) -> Iterator[Finding]:
        """`GET /` tells whether it is up and lets us in; the index template whether fields get the right types."""
        subject, settings = f"destination {self.name}", self._settings
        try:
            answer = self._exchange.get("/")
            if answer.status not in (200, 403):
                raise self._failure(answer)
            version = (answer.json() or {}).get("version")
            version = version if isinstance(version, dict) else {}
            what = f"{version.get('distribution', 'elasticsearch')} {version.get('number', '(version not shown)')}"
            yield Finding(subject, True, f"{settings.url} is up and accepts the credentials: {what}")
            if settings.index is None:
                yield self._look_for_template(subject)
        except Unavailable as error:
            yield Finding(subject, False, str(error), error.hint or "check `url`, `tls` and `proxy`")
            return
        if settings.url.startswith("http:"):
            yield Finding(subject, False, "events and credentials travel unencrypted", "use https", warning=True)

    def how_to_find(self, event_id: str) -> str:
        where = self._settings.index or f"logs-*-{self._settings.namespace}"
        return f'in Kibana or OpenSearch Dashboards, Discover on {where}: event.id : "{event_id}"'

    def template(self) -> dict[str, Any]:
        """The index template for our data streams: field types, limits. The same for both kinds of server."""
        text = resources.files("agent.destinations.elastic").joinpath("index_template.json").read_bytes()
        document: dict[str, Any] = orjson.loads(text)
        return document

    def install_template(self) -> None:
        """Put the index template; the credentials need `manage_index_templates`. Raises Misconfigured, Unavailable."""
        answer = self._exchange.put(f"/_index_template/{TEMPLATE}", orjson.dumps(self.template()))
        if answer.status != 200:
            raise self._failure(answer)

    def _connected(self, timeout: float) -> Exchange:
        settings = self._settings
        return Exchange(settings.url, settings.tls, settings.proxy, timeout, self._headers, gzip=settings.gzip)

    def _headers(self) -> Mapping[str, str]:
        settings = self._settings
        if settings.api_key is not None:
            key = settings.api_key.read()
            register(_key_alone(key))
            return {"Authorization": f"ApiKey {_base64(key) if ':' in key else key}"}
        if settings.username is not None and settings.password is not None:
            password = settings.password.read()
            register_basic(settings.username, password)
            return {"Authorization": f"Basic {_base64(f'{settings.username}:{password}')}"}
        return {"Authorization": f"Bearer {settings.bearer.read()}"} if settings.bearer else {}

    def _action(self, dataset: str | None) -> tuple[str, str]:
        """What stands before a row's id and between its id and the rest of its document."""
        if self._settings.index is not None:
            return f'{{"create":{{"_index":"{self._settings.index}","_id":', "}}\n{"
        clean = _stream_name(dataset or "leakline.unknown")
        stream = {"type": "logs", "dataset": clean, "namespace": self._settings.namespace}
        index = self._stream(clean)
        document = f'{{"data_stream":{orjson.dumps(stream).decode()},'
        return f'{{"create":{{"_index":"{index}","_id":', "}}\n" + document

    def _stream(self, dataset: str) -> str:
        return f"logs-{dataset}-{self._settings.namespace}"

    def _tell_quarantine(self, found: list[dict[str, Any]]) -> None:
        """Elasticsearch says 201 for a document that went to the failure store, where searches do not see it."""
        quarantined = sum(result.get("failure_store") == "used" for result in found)
        if quarantined:
            log.warning("documents went to the failure store", destination=self.name, documents=quarantined)

    def _look_for_template(self, subject: str) -> Finding:
        answer = self._exchange.get(f"/_index_template/{TEMPLATE}")
        if answer.status == 200:
            return Finding(subject, True, "the index template is installed")
        if answer.status == 404:
            fix = "install it with `leakline check --install-templates`"
            return Finding(
                subject, False, "the index template is not installed, so field types are guessed", fix, warning=True
            )
        return Finding(subject, False, f"the index template cannot be checked (HTTP {answer.status})", warning=True)

    def _failure(self, answer: HttpAnswer) -> Unavailable:
        message = f"{self._settings.url}: HTTP {answer.status}{_error(answer)}"
        if answer.status in (401, 403):
            return Misconfigured(message, hint="check the credentials and their rights on the data streams")
        if 300 <= answer.status < 400 or answer.status in (404, 405, 406, 415):
            return Misconfigured(message, hint="check `url`; is this Elasticsearch or OpenSearch?")
        return Unavailable(message, retry_after=answer.retry_after())


def _error(answer: HttpAnswer) -> str:
    """The kind of error the server names, if it does; never the body, which may repeat what we sent."""
    error = (answer.json() or {}).get("error")
    return f" {error['type']}" if isinstance(error, dict) and isinstance(error.get("type"), str) else ""


def _streams(frame: pl.DataFrame) -> pl.Series:
    """The data set that each row's data stream is named by (`String`).

    One for each service, not for each family of events in `event.dataset`: a stream is a set of shards, and a rare
    family would have as many as a frequent one. Rows without a service (alerts, our own events, rows spooled by an older
    version) have the one of `event.dataset`.
    """
    if "leakline.service" not in frame.columns:
        return frame["event.dataset"]
    dataset, service = pl.col("event.dataset"), pl.lit("salesforce.") + pl.col("leakline.service")
    own = dataset.str.starts_with("leakline.").fill_null(False)
    return frame.select(pl.when(own).then(dataset).otherwise(pl.coalesce(service, dataset)).alias("stream")).to_series()


def _stream_name(dataset: str) -> str:
    """A dataset as it may stand in a data stream's name: lower case, no hyphen, none of the forbidden characters."""
    return re.sub(r"[^a-z0-9_.]", "_", dataset.lower())[:100]


def _key_alone(api_key: str) -> str:
    """The secret half of an API key, `id:key` or its base64, as a server that has decoded it may repeat it."""
    try:
        text = api_key if ":" in api_key else base64.b64decode(api_key, validate=True).decode()
    except ValueError:
        return ""
    return text.partition(":")[2]


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()

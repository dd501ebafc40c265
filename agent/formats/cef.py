"""ArcSight Common Event Format: a shaped frame to one line a row.

`CEF:0|device vendor|device product|device version|signature id|name|severity|extension`

The device is the log's origin, as `observer.*` tells it: `Salesforce|Event Monitoring` for what Salesforce logged,
`Leakline|Leakline` for alerts and Leakline's own events. The signature is the event type, or the rule's id. Severity
is `event.severity` (0 to 100) in tenths; an event without one has 1. `EXTENSION` says where each key comes from.

Names, types and lengths of keys are those of the dictionary in `cefevent`, which is not used to write lines: it drops
zeros, IPv6 addresses and values that are too long without a word, and lets line breaks through. Here a value that is
too long ends in `…`, a number too large for its key is the largest there is, and both are named in `flexString2`.
The same key names those of which `leakline.truncated` says that their value was cut on the way here, and has `*` where
the rest of the event was left out. An IPv6 source goes to `c6a2`. What other fields the event has is not in the line; JSON has it all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import polars as pl
from cefevent.extensions import extension_dictionary

from agent import __version__
from agent.formats.cef_text import IN_EXTENSION, IN_HEADER, Kind, Text, names_of_cut, text
from agent.formats.piece import Piece, write

NANOSECONDS = 1_000_000
"""In a millisecond: `event.duration` is in nanoseconds, what the line tells in milliseconds."""

HEADER: dict[str, tuple[int, str, tuple[str, ...]]] = {
    "vendor": (63, "Leakline", ("observer.vendor",)),
    "product": (63, "Leakline", ("observer.product",)),
    # Salesforce's logs have no version; ours tells which mapping made the line.
    "version": (31, __version__, ()),
    "signature": (1023, "event", ("rule.id", "event.provider", "event.dataset")),
    "name": (512, "event", ("rule.name", "event.action", "event.provider")),
}
"""Longest value, what stands in where there is none, and the fields of which the first that a row has is taken."""

EXTENSION: dict[str, tuple[str, ...]] = {
    "externalId": ("event.id",),
    "rt": ("@timestamp",),
    "start": ("event.start",),
    "end": ("event.end",),
    "deviceExternalId": ("organization.id",),
    "dvchost": ("observer.hostname",),
    "deviceFacility": ("event.dataset",),
    "cat": ("rule.category", "event.provider"),
    "act": ("event.action",),
    "outcome": ("event.outcome",),
    "reason": ("event.reason", "event.code", "error.code"),
    "msg": ("message", "error.message"),
    "suser": ("user.name", "user.email"),
    "suid": ("user.id",),
    "spriv": ("user.roles",),
    "duser": ("user.target.name", "user.target.email"),
    "duid": ("user.target.id",),
    "src": ("source.ip",),
    "c6a2": ("source.ip",),
    "shost": ("source.domain", "source.address"),
    "dhost": ("url.domain",),
    "requestClientApplication": ("user_agent.original",),
    "request": ("url.original", "url.full", "url.path"),
    "requestMethod": ("http.request.method",),
    "requestContext": ("http.request.referrer",),
    "app": ("network.protocol",),
    "in": ("http.request.bytes",),
    "out": ("http.response.bytes",),
    "fname": ("file.name",),
    "fsize": ("file.size",),
    "fileType": ("file.extension", "file.mime_type"),
    "sourceServiceName": ("salesforce.connected_app.name", "salesforce.connected_app_name", "salesforce.client_name"),
    "cnt": ("leakline.alert.count",),
    "cs1": ("http.request.id",),
    "cs2": ("salesforce.session_key",),
    "cs3": ("salesforce.login_key",),
    "cs4": ("leakline.alert.event_ids",),
    "cs5": ("salesforce.query", "salesforce.entity_name"),
    "cs6": ("threat.technique.id",),
    "cn1": ("salesforce.row_count", "salesforce.rows_processed", "salesforce.records_processed", "salesforce.number_of_records"),
    "cn2": ("event.duration",),
    "cn3": ("salesforce.db_total_time",),
    "cfp1": ("leakline.measure.value",),
    "deviceCustomDate1": ("event.created",),
    "flexString1": ("source.geo.country_iso_code",),
}  # fmt: skip
"""Keys in the order of the line, each with the fields of which the first that a row has is taken."""

LABELS = {
    "c6a2": "Source IPv6 Address",
    "cs1": "Request id",
    "cs2": "Session key",
    "cs3": "Login key",
    "cs4": "Ids of the events",
    "cs5": "Query or object",
    "cs6": "ATT&CK techniques",
    "cn1": "Rows",
    "cn2": "Duration in ms",
    "cn3": "DB_TOTAL_TIME",
    "cfp1": "Measured value",
    "deviceCustomDate1": "Created",
    "flexString1": "Source country",
    "flexString2": "Cut short",
}

ORDINARY = 1
"""Severity of an event that has none of its own."""


CUT = "flexString2"
"""Names the keys whose value is not all there was."""
TRUNCATED, REST = "leakline.truncated", "*"
"""The field that names what was cut before (`agent.shorten`), and its name for all that was left out."""

_KINDS: dict[tuple[str, ...], Kind] = {
    ("Integer",): "integer",
    ("Integer", "Long"): "long",
    ("Long",): "long",
    ("Floating Point",): "decimal",
    ("TimeStamp",): "time",
    ("IPv4 Address",): "ipv4",
    ("IPv6 Address",): "ipv6",
    ("String",): "text",
}

_MISSING: dict[str, tuple[Kind, int]] = {"outcome": ("text", 63), "requestContext": ("text", 2048)}
"""Keys of the specification that the dictionary lacks."""


def kind_and_length(key: str) -> tuple[Kind, int]:
    """What the dictionary says of an extension key; length 0 is any."""
    if key in _MISSING:
        return _MISSING[key]
    entry = extension_dictionary[key]
    return _KINDS[tuple(entry["data_type"])], entry["length"]


def encode(frame: pl.DataFrame) -> pl.Series:
    """One CEF line a row; `frame`: shaped (`agent.model`)."""
    columns = {column.name: column for column in frame.iter_columns()}
    if "event.duration" in columns:
        columns["event.duration"] = columns["event.duration"].cast(pl.Int64, strict=False) // NANOSECONDS
    header = [_header(name, columns, frame.height) for name in HEADER]
    extension = [one for key in EXTENSION if (one := _extension(key, columns)) is not None]
    cut = names_of_cut([*header, *extension, *_rest(columns)], CUT, IN_EXTENSION, kind_and_length(CUT)[1])
    extension += [cut] if cut is not None else []
    severity = _severity(columns, frame.height)
    values = pl.DataFrame([one.values for one in (*header, severity, *extension) if not one.same])
    return write(values, frame.height, _pieces([*header, severity], extension))


def _header(name: str, columns: Mapping[str, pl.Series], height: int) -> Text:
    length, default, fields = HEADER[name]
    found = [columns[field] for field in fields if field in columns]
    found.append(pl.Series([default]).new_from_index(0, height))
    one = text(name, found, "text", length, IN_HEADER, columns.get(TRUNCATED))
    return one if one is not None else Text(name, pl.Series([default]), same=True)


def _rest(columns: Mapping[str, pl.Series]) -> Iterator[Text]:
    """A mark in the place of the fields that were left out altogether."""
    if TRUNCATED in columns:
        left_out = columns[TRUNCATED].list.contains(pl.lit(REST)).fill_null(False)
        yield Text(REST, left_out, same=False, cut=left_out)


def _extension(key: str, columns: Mapping[str, pl.Series]) -> Text | None:
    kind, length = kind_and_length(key)
    found = [columns[field] for field in EXTENSION[key] if field in columns]
    return text(key, found, kind, length, IN_EXTENSION, columns.get(TRUNCATED))


def _severity(columns: Mapping[str, pl.Series], height: int) -> Text:
    """Tenths of `event.severity`, halves rounded up, within 0 to 10."""
    given = columns.get("event.severity", pl.Series([None], dtype=pl.Int64).new_from_index(0, height))
    tenths = ((given.cast(pl.Int64, strict=False) + 5) // 10).clip(0, 10).fill_null(ORDINARY)
    one = text("severity", [tenths], "long", 0, IN_HEADER)
    return one if one is not None else Text("severity", pl.Series([str(ORDINARY)]), same=True)


def _pieces(header: Sequence[Text], extension: Sequence[Text]) -> Iterator[Piece]:
    yield "CEF:0|"
    for one in header:
        yield from one.cell("", "|").pieces()
    for place, one in enumerate(extension):
        label = f" {one.name}Label={LABELS[one.name]}" if one.name in LABELS else ""
        yield from one.cell(f"{' ' if place else ''}{one.name}=", label).pieces()

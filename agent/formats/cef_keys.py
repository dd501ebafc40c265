"""Standard keys of CEF: which field each is for, its label, its type and its length.

Names, types and lengths are those of the dictionary in `cefevent`, which is not used to write lines: it drops zeros,
IPv6 addresses and values that are too long without a word, and lets line breaks through.
"""

from __future__ import annotations

from cefevent.extensions import extension_dictionary

from agent import __version__
from agent.formats.cef_text import Kind

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
    "msg": ("message", "error.message", "salesforce.display"),
    "suser": ("user.name", "user.email"),
    "suid": ("user.id",),
    "spriv": ("user.roles",),
    "duser": ("user.target.name", "user.target.email", "user.target.full_name"),
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
    "fileType": ("file.extension", "file.mime_type", "salesforce.file_type"),
    "sourceServiceName": ("salesforce.connected_app.name", "salesforce.connected_app_name", "salesforce.client_name"),
    "cnt": ("leakline.alert.count",),
    "cs1": ("http.request.id",),
    "cs2": ("salesforce.session_key", "salesforce.sessionkey"),
    "cs3": ("leakline.incident.id", "salesforce.login_key", "salesforce.loginkey"),
    "cs4": ("leakline.alert.event_ids",),
    "cs5": (
        "salesforce.query", "salesforce.entity_name", "salesforce.entity_type", "salesforce.entity",
        "salesforce.queriedentities", "leakline.setup.object",
    ),
    "cs6": ("threat.technique.id",),
    "cn1": (
        "salesforce.row_count", "salesforce.rows_processed", "salesforce.records_processed", "salesforce.number_of_records",
        "salesforce.rows_fetched", "salesforce.rows", "salesforce.num_rows", "salesforce.rowsprocessed",
    ),
    "cn2": ("event.duration",),
    "cn3": ("salesforce.db_total_time",),
    "cfp1": ("leakline.measure.value",),
    "deviceCustomDate1": ("event.created",),
    "deviceCustomDate2": ("leakline.clock.due", "leakline.clock.shadow_due"),
    "flexString1": ("source.geo.country_iso_code",),
}  # fmt: skip
"""Keys in the order of the line, each with the fields of which the first that a row has is taken."""

HOME = {
    "cat": "event.provider",
    "cs3": "salesforce.login_key",
    "shost": "source.address",
    "sourceServiceName": "salesforce.connected_app_name",
}
"""The field that a key holds unless the line says otherwise; of the other keys it is the first one in `EXTENSION`."""

STAND_INS = frozenset({"request"})
"""Keys whose further fields may be taken for their home: a path stands in for an address that is not there."""

HEADER_FIELDS = {name: fields[0] for name, (_, _, fields) in HEADER.items() if fields}
"""The fields that the header holds; those of the rule are its signature and name in every alert."""

ORDINARY = 1
"""Severity of an event that has none of its own."""

TRUNCATED, REST = "leakline.truncated", "*"
"""The field that names what was cut before (`agent.pipeline.long_rows.shorten`), and its name for all that was left out; names of groups of
fields that were left out begin with it."""

CUT = "flexString2"
"""Names the keys whose value is not all there was."""

LABELS = {
    "c6a2": "Source IPv6 Address",
    "cs1": "Request id",
    "cs2": "Session key",
    "cs3": "Login key or incident",
    "cs4": "Ids of the events",
    "cs5": "Query or object",
    "cs6": "ATT&CK techniques",
    "cn1": "Rows",
    "cn2": "Duration in ms",
    "cn3": "DB_TOTAL_TIME",
    "cfp1": "Measured value",
    "deviceCustomDate1": "Created",
    "deviceCustomDate2": "Deadline",
    "flexString1": "Source country",
    "flexString2": "Cut short",
}

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


def home_of(key: str) -> str:
    """The field that a key holds where the line has no own key of another field of that key."""
    return HOME.get(key, EXTENSION[key][0])

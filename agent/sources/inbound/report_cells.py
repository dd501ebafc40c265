"""The cells of one report: what rules see, bounded in length and without secrets. Nothing is left out in silence: see `cut`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson

from agent.redaction.secret_fields import SecretFields
from agent.redaction.secret_form import LONGEST as LONGEST_SECRET
from agent.sources.inbound.report_models import ExchangeFields, ReportFields
from agent.sources.inbound.settings import SenderSettings

LONGEST = {"error_message": 8_000, "message": 8_000, "url": 4_000, "user_agent": 1_000, "traceparent": 200}
"""Characters of a cell; what is longer is cut."""
LONGEST_BODY = 65_536
SEARCHED_BODY = 262_144
"""A longer body is not looked through for secrets, and so not kept."""
LONGEST_EXTRA = 16_384
"""Of all fields together that have no meaning here."""
MOST_RECORDS = 100
"""Ids that are kept of a report."""

_PASSING = re.compile(
    r"(?:\d+|v\d+(?:\.\d+)?|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|[0-9a-fA-F]{16,}|[a-zA-Z0-9]{3}(?=[a-zA-Z0-9]*\d)[a-zA-Z0-9]{12}(?:[A-Z0-5]{3})?"
    r"|[^/]*[.,@%=()!~][^/]*|[^/]{65,})"
)
"""A part of a path that is of one call: a number or version, a UUID, a digest, a Salesforce id, what is put into it."""
LONGEST_ENDPOINT = 256

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-[0-9a-f]{2}")
_SEARCHED = ("message", "error_message", "url", "user_agent")
"""Texts in which secrets stand by accident."""
_SPECIAL = frozenset({"type", "id", "time", "record_ids", *_SEARCHED})
_BODIES = ("request", "response")


class ReportCells:
    """Makes cells of one sender's reports."""

    def __init__(self, sender: SenderSettings) -> None:
        self._sender = sender
        self._secrets = _secret_fields(tuple(sender.redact))

    def of(self, report: ReportFields) -> dict[str, str]:
        """By name, without empty ones."""
        cut: list[str] = []
        cells = {"time": _iso(report.time), "integration": report.integration or self._sender.name}
        if report.id is not None:
            cells["report_id"] = report.id
        for name in type(report).model_fields:
            value = getattr(report, name)
            if value is not None and name not in _SPECIAL and not name.endswith("_body"):
                cells[name] = _text(value)
        # Not all types have all of these: of another's, a field of the same name is one without a meaning.
        for name in type(report).model_fields.keys() & _SEARCHED:
            if value := getattr(report, name):
                clean = self._secrets.url if name == "url" else self._secrets.text
                cells[name] = clean(value[: LONGEST[name] + LONGEST_SECRET])
        if isinstance(report, ExchangeFields):
            self._exchange(report, cells, cut)
        if extra := self._extra(report.model_extra or {}, cut):
            cells["extra"] = extra
        for name, longest in LONGEST.items():
            if len(cells.get(name, "")) > longest:
                cells[name] = _cut(cells[name], longest, len(getattr(report, name)))
                cut.append(name)
        if cut:
            cells["cut"] = ", ".join(cut[:MOST_RECORDS])
        return {name: cell for name, cell in cells.items() if cell}

    def _exchange(self, report: ExchangeFields, cells: dict[str, str], cut: list[str]) -> None:
        if report.record_ids:
            cells["record_ids"] = " ".join(report.record_ids[:MOST_RECORDS])
            cells["record_count"] = str(len(report.record_ids))
            if len(report.record_ids) > MOST_RECORDS:
                cut.append("record_ids")
        if found := _TRACEPARENT.fullmatch((report.traceparent or "").strip().lower()):
            cells["trace_id"], cells["span_id"] = found["trace"], found["span"]
        if report.method:
            cells["method"] = report.method.upper()
        cells["scope"] = " / ".join(filter(None, (cells["integration"], report.job, report.object)))
        if "url" in cells:
            cells["endpoint"] = _endpoint(cells.get("method", ""), cells["url"])
        cells |= self._bodies(report, cut)

    def _bodies(self, report: ExchangeFields, cut: list[str]) -> Iterator[tuple[str, str]]:
        """Size and hash of each body as it was given, and the body itself where the sender's setting says so."""
        dropped = 0
        for side in _BODIES:
            body = getattr(report, f"{side}_body")
            if body is None:
                continue
            text = body if isinstance(body, str) else orjson.dumps(body).decode()
            content = text.encode()
            if getattr(report, f"{side}_bytes") is None:
                yield f"{side}_bytes", str(len(content))
            if getattr(report, f"{side}_sha256") is None:
                yield f"{side}_sha256", hashlib.sha256(content).hexdigest()
            if not self._sender.bodies or len(text) > SEARCHED_BODY:
                dropped += 1
                continue
            # Redacted before it is cut: a secret that is cut in two is recognised no more.
            kept = self._secrets.text(text)
            if len(kept) > LONGEST_BODY:
                kept = _cut(kept, LONGEST_BODY, len(kept))
                cut.append(f"{side}_body")
            yield f"{side}_body", kept
        if dropped:
            yield "bodies_dropped", str(dropped)

    def _extra(self, fields: dict[str, Any], cut: list[str]) -> str:
        """Fields without a meaning here as one JSON object, in their order; those that do not fit are named in `cut`."""
        kept: list[str] = []
        room = LONGEST_EXTRA - 2
        for name, value in self._secrets.value(fields).items():
            piece = f"{orjson.dumps(name).decode()}:{orjson.dumps(value).decode()}"
            if len(piece) + 1 > room:
                cut.append(name[:100])
                continue
            room -= len(piece) + 1
            kept.append(piece)
        return "{" + ",".join(kept) + "}" if kept else ""


def _endpoint(method: str, url: str) -> str:
    """`GET acme.my.salesforce.com/services/data/{}/query`: what is called, without what changes from call to call."""
    address = re.split(r"[?#;]", url, maxsplit=1)[0]
    host, slash, path = address.rpartition("://")[2].partition("/")
    parts = ["{}" if part and _PASSING.fullmatch(part) else part.lower() for part in path.split("/")]
    return f"{method} {host.rpartition('@')[2].lower()}{slash}{'/'.join(parts)}".strip()[:LONGEST_ENDPOINT]


def _iso(time: datetime) -> str:
    """As `agent.normalize.event_time` reads it fastest: UTC, to the millisecond."""
    return f"{time.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    return str(value)


def _cut(text: str, longest: int, length: int) -> str:
    """`length`: of the whole, in characters."""
    return f"{text[:longest]}… [cut, {length:,} characters]"


@lru_cache(maxsize=1_000)
def _secret_fields(names: tuple[str, ...]) -> SecretFields:
    """One of each sender, for it remembers which names are secret."""
    return SecretFields(names)

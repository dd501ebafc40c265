"""From the body of a request to what its sender reports."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import datetime
from typing import Any

import orjson
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from agent.redaction.redaction import excerpt
from agent.sources.inbound.report import BadReport, InboundReport, InboundRequest
from agent.sources.inbound.report_cells import ReportCells
from agent.sources.inbound.report_models import MODELS, MOST_REPORTS
from agent.sources.inbound.settings import SenderSettings

DEPTH = 32
"""Levels of a document, itself counted. What integrations report has five."""

EVENT_TYPES = {"sync_failure": "SyncFailure", "api_call": "ApiCall", "heartbeat": "Heartbeat"}

_NAMED_MESSAGE = 256
"""Characters of the id that a message has in its headers."""

_WANTED = {
    "bool_type": "is not true or false",
    "dict_type": "is not text, an object or a list",
    "float_type": "is not a number; write it without quotes",
    "int_from_float": "is not a whole number",
    "int_type": "is not a whole number; write it without quotes",
    "list_type": "is not a list; write it in [ ]",
    "missing": "is missing",
    "string_type": "is not text; write it in quotes",
}
"""What pydantic finds wrong, in words for a sender; everything else in pydantic's own."""


def read_reports(
    body: bytes, sender: SenderSettings, received: datetime, message_id: str | None = None
) -> InboundRequest:
    """The reports of a body: a JSON object, or an array of them. `message_id`: the request's own id, in its headers.

    All of it or nothing: raises BadReport, whose text says which report and which field is wrong.
    """
    documents = _documents(body)
    cells, seen = ReportCells(sender), Counter[str]()
    reports = []
    for place, document in enumerate(documents):
        path = f"reports[{place}]"
        model = MODELS[_type_of(document, path)]
        try:
            report = model.model_validate(document)
        except ValidationError as error:
            raise _refusal(error, path) from None
        name = report.id or _name(document, place, message_id, seen)
        reports.append(InboundReport(name, EVENT_TYPES[report.type], cells.of(report)))
    return InboundRequest(sender.name, reports, received, len(body))


def _documents(body: bytes) -> list[Any]:
    try:
        content = orjson.loads(body.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise BadReport(
            f"the body is not JSON in UTF-8: {error.msg} at character {error.pos}",
            status=400,
            hint="write one object, or an array of objects",
        ) from None
    documents = content if isinstance(content, list) else [content]
    if not documents:
        raise BadReport("the array holds no report; write at least one")
    if len(documents) > MOST_REPORTS:
        raise BadReport(f"the array holds {len(documents):,} reports; write at most {MOST_REPORTS:,}", status=413)
    _check_depth(content)
    return documents


def _check_depth(content: Any) -> None:
    """With a list in place of recursion: what is nested deeper than Python's stack must not end it."""
    level = [content]
    for _ in range(DEPTH + 1):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list) else ())
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise BadReport(f"the body is nested deeper than {DEPTH} levels; send less, or the inner part as text", status=400)


def _type_of(document: Any, path: str) -> str:
    if not isinstance(document, dict):
        raise BadReport(f'{path}: {_shown(document)} is not an object; write {{"type": …, "time": …}}')
    known = ", ".join(MODELS)
    type_ = document.get("type")
    if type_ is None:
        raise BadReport(f"{path}.type is missing; write one of {known}")
    if not isinstance(type_, str) or type_ not in MODELS:
        raise BadReport(f"{path}.type: {_shown(type_)} is not a type of report; write one of {known}")
    return type_


def _refusal(error: ValidationError, path: str) -> BadReport:
    found = error.errors(include_url=False)
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return BadReport(_words(found[0], path) + more)


def _words(error: ErrorDetails, path: str) -> str:
    field = str(error["loc"][0]) if error["loc"] else ""
    place = "".join(f"[{part}]" for part in error["loc"][1:] if isinstance(part, int))
    where = f"{path}.{field}{place}"
    what = _WANTED.get(error["type"], error["msg"][:1].lower() + error["msg"][1:])
    if error["type"] == "missing":
        hint = "; write when it happened, such as 2026-07-01T10:00:00Z" if field == "time" else ""
        return f"{where} {what}{hint}"
    if error["type"] == "not_a_time" or error["type"] in _WANTED:
        return f"{where}: {_shown(error['input'])} {what}"
    return f"{where}: {what}, not {_shown(error['input'])}"


def _shown(value: Any) -> str:
    """A value of the sender's, short and without secrets: the answer may stand in logs."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return repr(excerpt(value, 40)) if isinstance(value, str) else excerpt(orjson.dumps(value).decode(), 40)


def _name(document: dict[str, Any], place: int, message_id: str | None, seen: Counter[str]) -> str:
    """What a report is called whose sender gave it no id: the same when the same is sent again."""
    if message_id:
        return f"{message_id if len(message_id) <= _NAMED_MESSAGE else _digest(message_id.encode())}#{place}"
    digest = _digest(orjson.dumps(document, option=orjson.OPT_SORT_KEYS))
    # Two reports of one request that are alike to the last letter are two.
    seen[digest] += 1
    return f"{digest}#{seen[digest]}"


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()

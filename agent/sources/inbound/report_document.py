"""A stand-in until the reader of reports is there: a JSON object or array, whose members become cells as they are."""

from __future__ import annotations

from datetime import datetime

import orjson

from agent.sources.inbound.report import BadReport, InboundReport, InboundRequest
from agent.sources.inbound.settings import SenderSettings

_KINDS = {"sync_failure": "SyncFailure", "api_call": "ApiCall", "heartbeat": "Heartbeat"}


def read_reports(body: bytes, sender: SenderSettings, received: datetime, message_id: str | None) -> InboundRequest:
    """Raises BadReport."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadReport(f"the body is not JSON: {error}", status=400) from error
    told = document if isinstance(document, list) else [document]
    if not told or not all(isinstance(report, dict) and report.get("type") in _KINDS for report in told):
        raise BadReport("a report is an object with a `type`; write sync_failure, api_call or heartbeat")
    reports = [
        InboundReport(
            str(report.get("id") or f"{message_id}/{number}"),
            _KINDS[report["type"]],
            {name: str(value) for name, value in report.items() if name not in ("type", "id", "sender")},
        )
        for number, report in enumerate(told)
    ]
    return InboundRequest(sender.name, reports, received, len(body))

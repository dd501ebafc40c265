"""A stand-in until the reader of reports is there: a JSON object or array, whose members become cells as they are."""

from __future__ import annotations

from datetime import datetime

from pydantic import ValidationError

from agent.sources.inbound.report import BadReport, InboundReport, InboundRequest
from agent.sources.inbound.report_models import REPORT
from agent.sources.inbound.settings import SenderSettings

_KINDS = {"sync_failure": "SyncFailure", "api_call": "ApiCall", "heartbeat": "Heartbeat"}


def read_reports(body: bytes, sender: SenderSettings, received: datetime, message_id: str | None) -> InboundRequest:
    """Raises BadReport."""
    try:
        document = REPORT.validate_json(body)
    except ValidationError as error:
        unreadable = any(mistake["type"] == "json_invalid" for mistake in error.errors())
        raise BadReport("the body is not a report", status=400 if unreadable else 422) from error
    told = document if isinstance(document, list) else [document]
    reports = [
        InboundReport(
            report.id or f"{message_id}/{number}",
            _KINDS[report.type],
            {name: str(value) for name, value in (report.model_extra or {}).items() if value not in ("", None)},
        )
        for number, report in enumerate(told)
    ]
    return InboundRequest(sender.name, reports, received, len(body))

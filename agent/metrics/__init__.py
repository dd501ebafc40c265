"""Every metric, with its meaning. Names are `leakline_<noun>_<verb>_total`; `stage` is receiving, processing or sending."""

from __future__ import annotations

from contextlib import suppress

from prometheus_client.metrics import MetricWrapperBase

from agent.metrics.alerts import (
    ALERTS_RAISED,
    BASELINE_DROPPED,
    BASELINE_ROWS_LATE,
    CORRELATION_ROWS_LEFT_OUT,
    INCIDENTS_DUPLICATE,
    INCIDENTS_OPEN,
    INCIDENTS_OPENED,
    NEXT_DEADLINE,
    ROWS_COVERED,
)
from agent.metrics.destinations import (
    BYTES_SENT,
    DESTINATION_UP,
    EVENTS_DUPLICATED,
    EVENTS_PENDING,
    EVENTS_RESENT,
    EVENTS_SENT,
    ROWS_ASIDE,
)
from agent.metrics.drills import DRILLS_ENDED
from agent.metrics.messages import CANARY, CHANNEL_WORKS, HEARTBEAT, MESSAGE_SECONDS, MESSAGES
from agent.metrics.process import (
    BATCH_SECONDS,
    CLOCK_AHEAD,
    CLOCK_AHEAD_ERROR,
    CLOCK_MAX_ERROR,
    CLOCK_SYNCHRONISED,
    INGEST_PAUSED,
    PROBLEMS,
    PROBLEMS_OPENED,
    SPOOL_BYTES,
)
from agent.metrics.registry import REGISTRY
from agent.metrics.rows import (
    BACKFILL_ROWS,
    CHANGES_TOLD_ONCE,
    COMPLETENESS,
    DIFFERENCES_LEFT_OUT,
    EVENT_TIMES_FLAGGED,
    EVENTS_SPOOLED,
    RECORDS_PASSED_OVER,
    ROWS_COMPARED,
    ROWS_DUPLICATED,
    ROWS_ODD,
    ROWS_READ,
    ROWS_REJECTED,
    ROWS_SHORTENED,
)
from agent.metrics.sources import (
    API_CALLS,
    API_CALLS_ALLOWED,
    API_CALLS_BUDGET,
    API_CALLS_USED,
    BACKFILL_CALLS,
    FEED_SILENT,
    INBOUND_BYTES,
    INBOUND_REQUESTS,
    INBOUND_SECONDS,
    LOOKUPS_FAILED,
    LOOKUPS_MISSED,
    PASSES_FAILED,
    POLLS_FAILED,
    SOURCE_HELD,
    SOURCE_LAG,
    STREAM_EVENTS,
    STREAM_GAPS,
    STREAM_LAG,
    STREAM_LAST_MESSAGE,
    STREAM_RECONNECTS,
)

__all__ = [
    "ALERTS_RAISED",
    "API_CALLS",
    "API_CALLS_ALLOWED",
    "API_CALLS_BUDGET",
    "API_CALLS_USED",
    "BACKFILL_CALLS",
    "BACKFILL_ROWS",
    "BASELINE_DROPPED",
    "BASELINE_ROWS_LATE",
    "BATCH_SECONDS",
    "BYTES_SENT",
    "CANARY",
    "CHANGES_TOLD_ONCE",
    "CHANNEL_WORKS",
    "CLOCK_AHEAD",
    "CLOCK_AHEAD_ERROR",
    "CLOCK_MAX_ERROR",
    "CLOCK_SYNCHRONISED",
    "COMPLETENESS",
    "CORRELATION_ROWS_LEFT_OUT",
    "DESTINATION_UP",
    "DIFFERENCES_LEFT_OUT",
    "DRILLS_ENDED",
    "EVENTS_DUPLICATED",
    "EVENTS_PENDING",
    "EVENTS_RESENT",
    "EVENTS_SENT",
    "EVENTS_SPOOLED",
    "EVENT_TIMES_FLAGGED",
    "FEED_SILENT",
    "HEARTBEAT",
    "INBOUND_BYTES",
    "INBOUND_REQUESTS",
    "INBOUND_SECONDS",
    "INCIDENTS_DUPLICATE",
    "INCIDENTS_OPEN",
    "INCIDENTS_OPENED",
    "INGEST_PAUSED",
    "LOOKUPS_FAILED",
    "LOOKUPS_MISSED",
    "MESSAGES",
    "MESSAGE_SECONDS",
    "NEXT_DEADLINE",
    "PASSES_FAILED",
    "POLLS_FAILED",
    "PROBLEMS",
    "PROBLEMS_OPENED",
    "RECORDS_PASSED_OVER",
    "REGISTRY",
    "ROWS_ASIDE",
    "ROWS_COMPARED",
    "ROWS_COVERED",
    "ROWS_DUPLICATED",
    "ROWS_ODD",
    "ROWS_READ",
    "ROWS_REJECTED",
    "ROWS_SHORTENED",
    "SOURCE_HELD",
    "SOURCE_LAG",
    "SPOOL_BYTES",
    "STREAM_EVENTS",
    "STREAM_GAPS",
    "STREAM_LAG",
    "STREAM_LAST_MESSAGE",
    "STREAM_RECONNECTS",
    "forget_org",
]

_OF_ORGS = ("org", "source", "component")
"""Labels that name an org, or something of it: `acme/event_log_file`."""


def forget_org(org: str) -> None:
    """Remove what is labelled with an org or with one of its sources: it is read no longer, or begins anew."""
    for metric in (known for known in list(globals().values()) if isinstance(known, MetricWrapperBase)):
        series = {tuple(sample.labels.items()) for family in metric.collect() for sample in family.samples}
        for labels in series:
            if any(_is_of(org, label, value) for label, value in labels):
                with suppress(KeyError):  # another thread removed it
                    metric.remove(*(value for _, value in labels))


def _is_of(org: str, label: str, value: str) -> bool:
    """Whether a label names the org, or something of it. A destination may have the name of an org, and is a component too."""
    return label in _OF_ORGS and (value.startswith(f"{org}/") or (label == "org" and value == org))

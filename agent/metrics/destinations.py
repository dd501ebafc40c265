"""What is sent."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

from agent.metrics.registry import REGISTRY

EVENTS_SENT = Counter(
    "leakline_events_sent_total", "Rows a destination accepted", ["destination", "lane"], registry=REGISTRY
)
EVENTS_RESENT = Counter(
    "leakline_events_resent_total",
    "Rows sent again after a refusal or a lost answer",
    ["destination"],
    registry=REGISTRY,
)
EVENTS_DUPLICATED = Counter(
    "leakline_events_duplicated_total",
    "Rows a destination said it had already (same event id)",
    ["destination"],
    registry=REGISTRY,
)
BYTES_SENT = Counter("leakline_bytes_sent_total", "Encoded bytes sent", ["destination"], registry=REGISTRY)
DESTINATION_UP = Gauge(
    "leakline_destination_up", "1 after an accepted chunk, 0 after a failed one", ["destination"], registry=REGISTRY
)
EVENTS_PENDING = Gauge(
    "leakline_events_pending",
    "Rows committed but not settled at a destination",
    ["destination", "lane"],
    registry=REGISTRY,
)
ROWS_ASIDE = Gauge(
    "leakline_rows_aside",
    "Rows that wait for a destination outside the lanes: set aside, replayed or restored",
    ["destination"],
    registry=REGISTRY,
)

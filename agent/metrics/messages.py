"""Messages to people, and what proves that they would arrive."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from agent.metrics.registry import REGISTRY

MESSAGES = Counter(
    "leakline_messages_total",
    "Attempts to send messages to people; outcome is accepted, failed or given-up",
    ["channel", "outcome"],
    registry=REGISTRY,
)
MESSAGE_SECONDS = Histogram(
    "leakline_message_delay_seconds",
    "From when a message was to be sent until the other side accepted it",
    ["channel"],
    buckets=(0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 86400),
    registry=REGISTRY,
)
CHANNEL_WORKS = Gauge(
    "leakline_channel_works",
    "1 where a channel accepted the last message, 0 where it failed",
    ["channel"],
    registry=REGISTRY,
)
HEARTBEAT = Gauge(
    "leakline_heartbeat_timestamp_seconds", "When the monitor outside took a heartbeat last", registry=REGISTRY
)
CANARY = Gauge("leakline_canary_timestamp_seconds", "The time of the newest canary", registry=REGISTRY)

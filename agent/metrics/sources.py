"""What is read, and how that goes."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from agent.metrics.registry import REGISTRY

FEED_SILENT = Gauge(
    "leakline_feed_silent",
    "1 for a feed of a source (an event type, an object, a channel; none: all of the source) of which nothing or not"
    " everything comes, by the kind of silence: no_files_yet, no_licence, field_hidden, permission_lost, limit_reached,"
    " source_stopped, absent (silent for much longer than ever)",
    ["source", "feed", "silence"],
    registry=REGISTRY,
)
POLLS_FAILED = Counter(
    "leakline_polls_failed_total",
    "Reads of a source that ended in an error; the cursor did not move",
    ["source", "error"],
    registry=REGISTRY,
)
PASSES_FAILED = Counter(
    "leakline_passes_failed_total",
    "Reads of a source, ticks and own events that ended in an internal error; the log has the traceback",
    ["source", "error"],
    registry=REGISTRY,
)
LOOKUPS_FAILED = Counter(
    "leakline_lookups_failed_total",
    "Look-ups of users and apps that the org did not answer; there is none for 5 minutes after one",
    ["org"],
    registry=REGISTRY,
)
LOOKUPS_MISSED = Counter(
    "leakline_lookups_missed_total",
    "Users and apps that a batch went without, counted for each batch: late (the org had not answered within 5 seconds),"
    " resting (a look-up failed less than 5 minutes ago), crowded (too many wait to be looked up)",
    ["org", "reason"],
    registry=REGISTRY,
)
SOURCE_LAG = Gauge(
    "leakline_source_lag_seconds",
    "Now minus the newest event read; hours are normal for log files, a steady rise is not",
    ["source"],
    registry=REGISTRY,
)
STREAM_EVENTS = Counter(
    "leakline_stream_events_total",
    "Events received from a channel, good or not",
    ["source", "channel"],
    registry=REGISTRY,
)
STREAM_LAG = Gauge(
    "leakline_stream_lag_seconds",
    "Time from the newest event of a channel to its arrival",
    ["source", "channel"],
    registry=REGISTRY,
)
STREAM_LAST_MESSAGE = Gauge(
    "leakline_stream_last_message_timestamp_seconds",
    "When anything last arrived from a channel; Salesforce sends something within 270 seconds",
    ["source", "channel"],
    registry=REGISTRY,
)
STREAM_RECONNECTS = Counter(
    "leakline_stream_reconnects_total",
    "Streams that ended, by Salesforce's error code or the status of gRPC",
    ["source", "channel", "reason"],
    registry=REGISTRY,
)
STREAM_GAPS = Counter(
    "leakline_stream_gap_seconds_total",
    "Time for which a channel was not received and cannot be any more",
    ["source", "channel"],
    registry=REGISTRY,
)
API_CALLS_USED = Gauge(
    "leakline_api_calls_used",
    "Salesforce API calls used in the rolling day, as the org counts them",
    ["org"],
    registry=REGISTRY,
)
API_CALLS_ALLOWED = Gauge(
    "leakline_api_calls_allowed", "Salesforce API calls allowed a day", ["org"], registry=REGISTRY
)
INBOUND_REQUESTS = Counter(
    "leakline_inbound_requests_total",
    "Requests of senders, by the status they were answered with; an empty sender is one that the settings do not name",
    ["sender", "status"],
    registry=REGISTRY,
)
INBOUND_BYTES = Counter(
    "leakline_inbound_bytes_total", "Bytes of the bodies of senders that were committed", ["sender"], registry=REGISTRY
)
INBOUND_SECONDS = Histogram(
    "leakline_inbound_request_duration_seconds",
    "Time from the headers of a sender's request to its answer, which follows the commit",
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=REGISTRY,
)
API_CALLS_BUDGET = Gauge(
    "leakline_api_calls_budget",
    "Salesforce API calls of the rolling day at which Leakline stops asking, by whomever they are (`api_budget.share`)",
    ["org"],
    registry=REGISTRY,
)
API_CALLS = Counter(
    "leakline_api_calls_total",
    "Leakline's own Salesforce API calls, by source (the org's name alone: of no source) and purpose: live, look_up, probe"
    " (what the org allows), backfill",
    ["org", "source", "purpose"],
    registry=REGISTRY,
)
SOURCE_HELD = Gauge(
    "leakline_source_held_back",
    "1 while a source waits for its turn because more important ones need the API calls that are left of the day",
    ["source"],
    registry=REGISTRY,
)
BACKFILL_CALLS = Counter(
    "leakline_backfill_calls_total",
    "Salesforce API calls of backfills, those that found out what a backfill costs included",
    ["org"],
    registry=REGISTRY,
)

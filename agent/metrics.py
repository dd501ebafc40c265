"""Every metric, with its meaning. Names are `leakline_<noun>_<verb>_total`; `stage` is receiving, processing or sending."""

from __future__ import annotations

from contextlib import suppress

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

REGISTRY = CollectorRegistry()

ROWS_READ = Counter(
    "leakline_rows_read_total", "Rows read from a source, good or not", ["source", "event_type"], registry=REGISTRY
)
ROWS_DUPLICATED = Counter(
    "leakline_rows_duplicated_total", "Rows left out because they were taken before", ["source"], registry=REGISTRY
)
ROWS_REJECTED = Counter(
    "leakline_rows_rejected_total",
    "Rows kept as dead letters; a rise means a format changed or a destination refuses them: see `leakline dead-letters list`",
    ["stage", "component"],
    registry=REGISTRY,
)
ROWS_SHORTENED = Counter(
    "leakline_rows_shortened_total",
    "Rows cut to what a destination takes: `leakline.truncated` in the row names what is not all there",
    ["destination"],
    registry=REGISTRY,
)
ROWS_ODD = Counter(
    "leakline_rows_odd_total",
    "Rows taken although a cell could not be read (no_time, unreadable_cell, wrong_id_suffix); the raw cell is kept",
    ["problem"],
    registry=REGISTRY,
)
EVENT_TIMES_FLAGGED = Counter(
    "leakline_event_times_flagged_total",
    "Rows with a remarkable time, as `leakline.time.flags` says of each: unparsable, future, late, reissued, out_of_order,"
    " gap (the first behind one); duplicate counts rows that were left out",
    ["source", "flag"],
    registry=REGISTRY,
)
ROWS_COMPARED = Counter(
    "leakline_rows_compared_total",
    "Rows of a feed that were compared with another that has them later: in_time (brought before), late (brought by the"
    " comparison alone), never (no event could be made of them)",
    ["source", "seen"],
    registry=REGISTRY,
)
COMPLETENESS = Gauge(
    "leakline_completeness_ratio",
    "Of the newest day of a source that was compared, the share of its rows that became events; 1 is all",
    ["source"],
    registry=REGISTRY,
)
FEED_SILENT = Gauge(
    "leakline_feed_silent",
    "1 for a feed of a source (an event type, an object, a channel; none: all of the source) of which nothing or not"
    " everything comes, by the kind of silence: no_files_yet, no_licence, field_hidden, permission_lost, limit_reached,"
    " source_stopped, absent (silent for much longer than ever)",
    ["source", "feed", "silence"],
    registry=REGISTRY,
)
CHANGES_TOLD_ONCE = Counter(
    "leakline_changes_told_once_total",
    "Changes of permission sets that the setup audit trail or PermissionSetEvent told and the other did not",
    ["feed"],
    registry=REGISTRY,
)
RECORDS_PASSED_OVER = Counter(
    "leakline_records_passed_over_total",
    "Listed log files whose record could not be read, each time they were listed; see `leakline status`",
    ["source"],
    registry=REGISTRY,
)
EVENTS_SPOOLED = Counter("leakline_events_spooled_total", "Rows committed to a lane", ["lane"], registry=REGISTRY)
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
INCIDENTS_DUPLICATE = Counter(
    "leakline_incidents_duplicate_total",
    "Candidates that were closed at once, because a person has judged the same rules and user not a breach before",
    registry=REGISTRY,
)
ALERTS_RAISED = Counter("leakline_alerts_raised_total", "Alerts, by rule", ["rule"], registry=REGISTRY)
CORRELATION_ROWS_LEFT_OUT = Counter(
    "leakline_correlation_rows_left_out_total",
    "Matched rows that a correlation left out: late (beyond the lateness of its sources), crowded (too many were"
    " kept), no_time, no_group (nothing in a field it groups by), no_value, future; see rules/README.md",
    ["rule", "reason"],
    registry=REGISTRY,
)
BASELINE_ROWS_LATE = Counter(
    "leakline_baseline_rows_late_total",
    "Rows that came after their time was settled: a baseline knows nothing of them",
    ["rule"],
    registry=REGISTRY,
)
BASELINE_DROPPED = Counter(
    "leakline_baseline_rows_dropped_total",
    "Rows and alarms that a baseline left out because there were too many groups; an attacker may be making them up",
    ["rule"],
    registry=REGISTRY,
)
ROWS_COVERED = Counter(
    "leakline_rows_covered_total",
    "Rows of log files for which rules did not alert again, because the stream had told of the same kind of happening",
    ["event_type"],
    registry=REGISTRY,
)
DIFFERENCES_LEFT_OUT = Counter(
    "leakline_differences_left_out_total",
    "Differences between two snapshots of an object that did not become rows, because a look had too many",
    ["source", "object"],
    registry=REGISTRY,
)
BYTES_SENT = Counter("leakline_bytes_sent_total", "Encoded bytes sent", ["destination"], registry=REGISTRY)
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
BACKFILL_ROWS = Counter(
    "leakline_backfill_rows_total",
    "Rows that a backfill read, those that were taken before included",
    ["org"],
    registry=REGISTRY,
)
BACKFILL_CALLS = Counter(
    "leakline_backfill_calls_total",
    "Salesforce API calls of backfills, those that found out what a backfill costs included",
    ["org"],
    registry=REGISTRY,
)
SPOOL_BYTES = Gauge("leakline_spool_bytes", "Batch files on disk that some destination still needs", registry=REGISTRY)
INGEST_PAUSED = Gauge(
    "leakline_ingest_paused",
    "1 while ingest of an org waits for room (full disk or full spool); no org: Leakline's own events",
    ["org"],
    registry=REGISTRY,
)
CLOCK_AHEAD = Gauge(
    "leakline_clock_ahead_seconds",
    "By how much this machine's clock is ahead of an org's (negative: behind), by the Date of its answers",
    ["org"],
    registry=REGISTRY,
)
CLOCK_AHEAD_ERROR = Gauge(
    "leakline_clock_ahead_error_seconds",
    "The true figure differs from `leakline_clock_ahead_seconds` by no more than this",
    ["org"],
    registry=REGISTRY,
)
CLOCK_SYNCHRONISED = Gauge(
    "leakline_clock_synchronised",
    "1 while the kernel says that a time service keeps the clock, 0 while it says that none does, -1 where it cannot be asked",
    registry=REGISTRY,
)
CLOCK_MAX_ERROR = Gauge(
    "leakline_clock_max_error_seconds",
    "By how much the clock may be wrong, as the kernel reckons; 16 and more where no time service keeps it",
    registry=REGISTRY,
)
PROBLEMS = Gauge(
    "leakline_problems",
    "Open problems, by kind, as `leakline status` lists them; 0 of every kind is all well",
    ["kind"],
    registry=REGISTRY,
)
PROBLEMS_OPENED = Counter("leakline_problems_opened_total", "Problems ever seen, by kind", ["kind"], registry=REGISTRY)
BATCH_SECONDS = Histogram(
    "leakline_batch_duration_seconds",
    "Time from a batch read to its commit",
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)

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

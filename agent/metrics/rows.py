"""Rows, from reading to the spool."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

from agent.metrics.registry import REGISTRY

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
DIFFERENCES_LEFT_OUT = Counter(
    "leakline_differences_left_out_total",
    "Differences between two snapshots of an object that did not become rows, because a look had too many",
    ["source", "object"],
    registry=REGISTRY,
)
BACKFILL_ROWS = Counter(
    "leakline_backfill_rows_total",
    "Rows that a backfill read, those that were taken before included",
    ["org"],
    registry=REGISTRY,
)

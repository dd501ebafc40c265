"""What rules found, and the incidents of it."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

from agent.metrics.registry import REGISTRY

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
INCIDENTS_OPENED = Counter(
    "leakline_incidents_opened_total", "Incidents, by the state in which they were opened", ["state"], registry=REGISTRY
)
INCIDENTS_OPEN = Gauge(
    "leakline_incidents_open",
    "Incidents that have not ended, by state and level",
    ["state", "level"],
    registry=REGISTRY,
)
NEXT_DEADLINE = Gauge(
    "leakline_next_deadline_timestamp_seconds",
    "The next date of any open incident, as a Unix time; 0 while there is none",
    registry=REGISTRY,
)
INCIDENTS_DUPLICATE = Counter(
    "leakline_incidents_duplicate_total",
    "Candidates that were closed at once, because a person has judged the same rules and user not a breach before",
    registry=REGISTRY,
)

"""The process, its machine, and what is wrong."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from agent.metrics.registry import REGISTRY

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

"""Drills that have ended."""

from __future__ import annotations

from prometheus_client import Counter

from agent.metrics.registry import REGISTRY

DRILLS_ENDED = Counter(
    "leakline_drills_total", "Drills that have ended; verdict is passed or failed", ["verdict"], registry=REGISTRY
)

"""Where all metrics are registered: one registry, without those of the Python process."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

REGISTRY = CollectorRegistry()

"""Names under which changes are told."""

from __future__ import annotations

DATASET = "leakline.settings"
"""The data set of events about changes of settings; the trail has records of its own of them."""

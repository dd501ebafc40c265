"""What the trail says of the daemon's own life: with what it started, and that it stopped."""

from __future__ import annotations

import hashlib

import orjson

from agent import __version__
from agent.config.settings import Settings
from agent.notice.regimes.pack import shipped
from agent.redaction.redaction import redact
from agent.trail.record import TrailEntry

MOST_REASON = 2_000
"""Characters; the log has the rest."""


def started(settings: Settings, rules: int) -> TrailEntry:
    """With which version, settings, rules and regimes. Secrets are not in the settings, only where they are found."""
    text = orjson.dumps(settings.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
    pack = shipped()
    return TrailEntry(
        "daemon-started",
        data={
            "version": __version__,
            "settings_sha256": hashlib.sha256(text).hexdigest(),
            "rules": rules,
            "regimes": f"{pack.pack.pack.id} {pack.pack.pack.version}",
            "regimes_sha256": pack.sha256,
        },
    )


def stopped(reason: str) -> TrailEntry:
    """`reason`: why, empty where it was asked to."""
    return TrailEntry("daemon-stopped", data={"reason": redact(reason)[:MOST_REASON] or "it was asked to stop"})

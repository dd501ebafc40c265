"""What the trail says of the daemon's own life: with what it started, what a reload brought, and that it stopped."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Protocol

import orjson

from agent import __version__
from agent.config.settings import Settings
from agent.notice.regimes.pack import shipped
from agent.redaction.redaction import redact
from agent.trail.record import TrailEntry

MOST_REASON = 2_000
"""Characters; the log has the rest."""
MOST_NAMED, MOST_MESSAGE = 100, 500
"""Of a reload: orgs, files and keys that are named, and characters of a message."""


class RulesInUse(Protocol):
    """`assembly.node.Node`, as far as its rules go."""

    @property
    def rules_loaded(self) -> int: ...

    @property
    def rules_sha256(self) -> str: ...


def started(settings: Settings, rules: RulesInUse) -> TrailEntry:
    """With which version, settings, rules and regimes."""
    return TrailEntry("daemon-started", data={"version": __version__, **_in_use(settings, rules)})


def reloaded(answer: Mapping[str, Any], settings: Settings, rules: RulesInUse) -> TrailEntry:
    """What a reload changed, and what is in use behind it. `answer`: as `DaemonCommands.reload` gives it; `settings`: those in
    use.
    """
    changed = [org for org in answer["orgs"] if org["result"] != "unchanged"]
    return TrailEntry(
        "reloaded",
        data={
            "orgs": {str(org["org"]): org["result"] for org in changed[:MOST_NAMED]},
            "orgs_changed": len(changed),
            "not_loaded": [redact(message)[:MOST_MESSAGE] for message in answer["not_loaded"][:MOST_NAMED]],
            "files_not_loaded": len(answer["not_loaded"]),
            "restart_for": list(answer["restart_for"][:MOST_NAMED]),
            **_in_use(settings, rules),
        },
    )


def _in_use(settings: Settings, rules: RulesInUse) -> dict[str, object]:
    """Digests of settings, rules and regimes. Secrets are not in the settings, only where they are found."""
    text = orjson.dumps(settings.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
    pack = shipped()
    return {
        "settings_sha256": hashlib.sha256(text).hexdigest(),
        "rules": rules.rules_loaded,
        "rules_sha256": rules.rules_sha256,
        "regimes": f"{pack.pack.pack.id} {pack.pack.pack.version}",
        "regimes_sha256": pack.sha256,
    }


def stopped(reason: str) -> TrailEntry:
    """`reason`: why, empty where it was asked to."""
    return TrailEntry("daemon-stopped", data={"reason": redact(reason)[:MOST_REASON] or "it was asked to stop"})

"""What a SIEM gets of incidents, clocks and checkpoints: whole, as ECS and as a line of CEF, made by the code."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.formats import FORMATS
from agent.signing.signed_note import NoteSigner
from agent.store import keys
from agent.store.directory.state_directory import StateDirectory
from agent.trail.checkpointer import Checkpointer
from agent.trail.record import TrailEntry
from agent.trail.shard_trail import ShardTrail
from agent.trail.signing_key import origin_of
from agent.trail.verify import PROCESS
from tests.documents.leak_day import RULE, leak_day
from tests.golden.day import NOW
from tests.golden.documents import shipped_normalizer

STATE, KEY = "5f3a90c1", bytes(range(32))
"""Of the sample's trail: a key that everybody knows."""


def incident_sample() -> str:
    """That an incident was opened of the alert which README shows."""
    return _told("incident-opened")


def clock_sample() -> str:
    """That a clock of it runs."""
    return _told("clock-started")


def checkpoint_sample() -> str:
    """Of a trail of ten records."""
    signer = NoteSigner(origin_of(STATE), Ed25519PrivateKey.from_private_bytes(KEY))
    with tempfile.TemporaryDirectory() as folder:
        directory = StateDirectory(Path(folder))
        try:
            trail = ShardTrail(directory.shard(keys.PROCESS))
            with directory.shard(keys.PROCESS).transact() as transaction:
                trail.append(transaction, [TrailEntry("daemon-started")] * 9, NOW)
            batch = (
                Checkpointer(directory.shard(keys.PROCESS), lambda: {PROCESS: trail}, signer, lambda: NOW)
                .take()
                .event()
            )
        finally:
            directory.close()
    normalizer = shipped_normalizer()
    frame = normalizer.shape(normalizer.prepare(batch), batch, NOW)
    document, line = (FORMATS[form](frame)[0] for form in ("ecs", "cef"))
    return _block(json.loads(document), line)


def notice_samples() -> dict[str, Callable[[], str]]:
    """Each sample by name, not made yet."""
    return {"incident": incident_sample, "clock": clock_sample, "checkpoint": checkpoint_sample}


def _told(action: str) -> str:
    """The first event with this action that is about the incident of `RULE`."""
    day = leak_day()
    for document, line in zip(day.documents, day.lines, strict=True):
        incident = document["leakline"].get("incident", {})
        if document["event"]["action"] == action and RULE in incident["rules"]:
            return _block(document, line)
    raise LookupError(action)


def _block(document: dict[str, object], line: str) -> str:
    text = json.dumps(document, ensure_ascii=False, indent=2)
    return f"```json\n{text}\n```\n\n```text\n{line}\n```\n"

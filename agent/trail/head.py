"""The short head of the trail that every alert carries: whoever keeps the alert keeps a witness of the trail."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from agent.trail.checkpoint import Checkpoint


class TrailHead:
    """`size:root[:12]` of the newest checkpoint, empty before the first. For any thread: it is one reference."""

    def __init__(self) -> None:
        self._short = ""

    def __call__(self) -> str:
        return self._short

    def set(self, checkpoint: Checkpoint) -> None:
        self._short = checkpoint.short

    def restore(self, newest: Mapping[str, Any] | None) -> None:
        """From what `newest_checkpoint` found. Its signature is not looked at here: verifying the trail does that."""
        try:
            origin, size, root = str(newest["note"]).split("\n")[:3] if newest else ("", "0", "")
            self._short = Checkpoint(origin, int(size), base64.b64decode(root, validate=True)).short if newest else ""
        except (KeyError, ValueError, binascii.Error):
            self._short = ""

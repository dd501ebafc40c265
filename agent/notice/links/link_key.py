"""The key that signs links: made once, and kept in the state of the process itself, so that links outlive a restart."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable

from agent.notice.incidents.desk import IncidentDesk

KEY = "link-key"
"""Under `keys.RESPONSE` of the process's shard."""
_BYTES = 32


class LinkKey:
    """Safe for threads. Nothing shows the key: not `repr`, no log, no command."""

    def __init__(
        self, desk: Callable[[], IncidentDesk], random_bytes: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        """`desk`: of the process's own shard."""
        self._desk = desk
        self._random_bytes = random_bytes
        self._lock = threading.Lock()
        self._key: bytes | None = None

    def existing(self) -> bytes | None:
        """None while no link was ever made. Raises StateError."""
        if self._key is None:
            self._key = self._desk().recall(KEY)
        return self._key

    def made(self) -> bytes:
        """The key; a new one is stored before anything is signed with it. Raises StateError, DiskFull."""
        with self._lock:
            if (key := self.existing()) is not None:
                return key
            with self._desk().changing() as change:
                stored = change.recall(KEY)
                key = stored if stored is not None else self._random_bytes(_BYTES)
                change.apply({KEY: key})
            self._key = key
            return key

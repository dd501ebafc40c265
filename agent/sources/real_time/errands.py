"""What is asked of the org beside the streams, so that none of them waits for the answer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from agent.sources.real_time.wire.inbox import ErrandDone, Inbox


class Errands:
    """Each in a thread, which ends with its answer or deadline; one of a name at a time."""

    def __init__(self, source: str, inbox: Inbox) -> None:
        self._source = source
        self._inbox = inbox
        self._under_way: set[str] = set()

    def start(self, errand: str, work: Callable[[], Any]) -> None:
        """What comes of it is put into the inbox, and is to be `finish`ed."""
        if errand not in self._under_way:
            self._under_way.add(errand)
            threading.Thread(
                target=self._run, args=(errand, work), name=f"{errand} {self._source}", daemon=True
            ).start()

    def finish(self, errand: str) -> None:
        self._under_way.discard(errand)

    def _run(self, errand: str, work: Callable[[], Any]) -> None:
        try:
            self._inbox.put(ErrandDone(errand, work()))
        except Exception as error:  # noqa: BLE001 - raised again in the thread of the source
            self._inbox.put(ErrandDone(errand, None, error))

"""Asking each destination at the start for the newest checkpoint that it holds."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import structlog

from agent.errors import LeaklineError, Misconfigured
from agent.model import Destination
from agent.status.trail import Inquiry
from agent.trail.held_elsewhere import ASK_WITHIN, HoldsCheckpoints

log = structlog.get_logger()

LOOK_EVERY = 0.2
"""Seconds after which it is looked whether the daemon is to stop."""


@dataclass(frozen=True, slots=True)
class MirrorAnswer:
    """What came of asking one destination."""

    inquiry: Inquiry
    note: str | None = None
    """The checkpoint as it holds it; nothing was verified yet."""
    reason: str = ""

    @property
    def size(self) -> int | None:
        """Of that checkpoint, as it says itself; None where there is none."""
        line = (self.note or "").split("\n")[1:2]
        return int(line[0]) if line and re.fullmatch("[0-9]{1,18}", line[0]) else None


class MirrorInquiry:
    """Asked by one thread, once; the answers may be read from any."""

    def __init__(
        self, destinations: Sequence[Destination], mirroring: Mapping[str, bool], origin: str, stop: threading.Event
    ) -> None:
        """`mirroring`: by the destination's name, whether it gets checkpoints."""
        self._destinations = destinations
        self._mirroring = mirroring
        self._origin = origin
        self._stop = stop
        self.answers: Mapping[str, MirrorAnswer] = {}
        """By name, of those that were asked."""

    def ask(self) -> Iterator[MirrorAnswer]:
        """One destination after the other, each within `ASK_WITHIN`. Raises nothing."""
        for destination in self._destinations:
            answer = self._ask_aside(destination)
            self.answers = {**self.answers, destination.name: answer}
            if answer.inquiry in ("refused", "unavailable"):
                log.warning(
                    "a destination could not be asked for its newest checkpoint, so the trail is not compared with it",
                    destination=destination.name,
                    reason=answer.reason,
                )
            yield answer

    def _ask_aside(self, destination: Destination) -> MirrorAnswer:
        """In a thread that nobody waits for: a stop, and the trail, go on without an answer that does not come."""
        answers: list[MirrorAnswer] = []
        thread = threading.Thread(
            target=lambda: answers.append(self._ask(destination)), name=f"ask {destination.name}", daemon=True
        )
        thread.start()
        until = time.monotonic() + ASK_WITHIN + 1.0
        while thread.is_alive() and time.monotonic() < until and not self._stop.is_set():
            thread.join(LOOK_EVERY)
        if answers:
            return answers[0]
        why = "the daemon stops" if self._stop.is_set() else f"no answer within {ASK_WITHIN:g} s"
        return MirrorAnswer("unavailable", reason=why)

    def _ask(self, destination: Destination) -> MirrorAnswer:
        if not self._mirroring[destination.name]:
            return MirrorAnswer("not_askable", reason="it gets no checkpoints")
        if not isinstance(destination, HoldsCheckpoints):
            return MirrorAnswer("not_askable", reason="its protocol only takes events")
        try:
            return MirrorAnswer("asked", destination.newest_checkpoint(self._origin, ASK_WITHIN))
        except Misconfigured as error:
            return MirrorAnswer("refused", reason=str(error))
        except LeaklineError as error:
            return MirrorAnswer("unavailable", reason=str(error))
        except Exception as error:  # noqa: BLE001 - what a destination answers ends no checkpoint
            return MirrorAnswer("unavailable", reason=f"{type(error).__name__}: {error}")

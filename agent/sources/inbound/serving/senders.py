"""Who may send: each sender with its proof, its pace and what came of its requests."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.sources.inbound.authentication.sender_proof import NOBODY, SenderProof, path_digest
from agent.sources.inbound.settings import SenderSettings
from agent.status_document import FeedStatus

READ_SECRETS_EVERY = 10.0
"""Seconds; after a refusal the next look reads them."""


class RequestPace:
    """A bucket of as many requests as a sender may send in a second."""

    def __init__(self, a_second: int, steady: Callable[[], float]) -> None:
        self._rate = self._left = float(a_second)
        self._steady = steady
        self._filled = steady()

    def take(self) -> bool:
        """Whether one more may come now."""
        now = self._steady()
        self._left = min(self._rate, self._left + (now - self._filled) * self._rate)
        self._filled = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


@dataclass(slots=True)
class SenderRecord:
    """What came of a sender's requests since the start. Written by the listener's thread alone."""

    taken: int = 0
    """Requests that were committed."""
    last_taken: datetime | None = None
    refused: int = 0
    """Requests that were not, for whatever reason."""
    is_refused: bool = False
    """Whether the last one was; the clock may have been set back since."""
    reason: str = ""
    """Of the last refusal."""
    unproven: int = 0
    """Of those refused: with credentials that are not the sender's."""
    unproven_reason: str = ""
    """Of the last of these."""


class Sender:
    """One of the settings'."""

    def __init__(self, settings: SenderSettings, steady: Callable[[], float]) -> None:
        self.settings = settings
        self.proof = SenderProof(settings.authentication)
        self.pace = RequestPace(settings.requests_per_second, steady)
        self.record = SenderRecord()


class Senders:
    """All of a listener's."""

    def __init__(self, settings: Sequence[SenderSettings], steady: Callable[[], float] = time.monotonic) -> None:
        self._steady = steady
        self.known = {sender.name: Sender(sender, steady) for sender in settings}
        """By name."""
        self.nobody = SenderProof(NOBODY)
        self.strangers = 0
        """Requests that named none of them."""
        self._read_at = steady() - READ_SECRETS_EVERY

    def by_path(self, path: str) -> Sender | None:
        """Whose secret path this is. All are compared, so that the time says nothing."""
        digest = path_digest(path)
        found = [sender for sender in self.known.values() if sender.proof.has_path(digest)]
        return found[0] if found else None

    def feeds(self, org: str) -> list[FeedStatus]:
        """How each sender of an org is, for `status`."""
        return [_feed(sender) for sender in self.known.values() if sender.settings.org == org]

    def read_secrets(self) -> None:
        """Of all, now and then; of those whose request was refused, now. For a thread that may wait."""
        due = self._steady() - self._read_at >= READ_SECRETS_EVERY
        if due:
            self._read_at = self._steady()
        for sender in self.known.values():
            if due or sender.proof.read_again:
                sender.proof.read()


def _feed(sender: Sender) -> FeedStatus:
    """A sender that has not sent yet since the start is none that is in trouble."""
    record = sender.record
    reason = sender.proof.problem or (record.reason if record.is_refused else "")
    return FeedStatus(sender.settings.name, "refused" if reason else "streaming", reason, record.last_taken)

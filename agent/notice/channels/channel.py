"""What a channel is: it takes one message at a time, and says what the other side answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from agent.errors import LeaklineError
from agent.notice.messages.message import Message


@dataclass(frozen=True, slots=True)
class Receipt:
    """The other side took a message."""

    answer: str
    """What it said, at most 500 characters, without secrets."""
    reference: str = ""
    """By what it knows the message: a queue id, a time stamp, a key."""


class NotAccepted(LeaklineError):
    """The other side did not take a message, or nobody knows whether it did."""

    def __init__(
        self, message: str, *, hint: str = "", retry_after: float | None = None, for_good: bool = False
    ) -> None:
        """`retry_after`: seconds that the other side asks for; `for_good`: it would refuse the same message again."""
        super().__init__(message, hint=hint)
        self.retry_after = retry_after
        self.for_good = for_good


class Channel(Protocol):
    """For one thread at a time."""

    name: str
    """As in the settings."""

    def send(self, message: Message, link: str, /) -> Receipt:
        """Sends one message; the same id again, where it was not sure that it arrived. `link`: where it can be acknowledged;
        empty for none. Waits at most as long as the settings say. Raises NotAccepted.
        """
        ...

    def prepare(self) -> None:
        """Raises SettingsError for a secret or certificate that cannot be used; asks nobody."""
        ...

    def close(self) -> None: ...

"""Where a message leads."""

from __future__ import annotations

from datetime import timedelta

import structlog

from agent.errors import LeaklineError
from agent.notice.links.link_key import LinkKey
from agent.notice.links.token import LinkToken, signed
from agent.notice.messages.message import Message

log = structlog.get_logger()

PATH = "/v1/acknowledge/"
"""Behind `inbound.public_url`, and before the token."""


class Links:
    """For the sending side. Safe for threads."""

    def __init__(self, public_url: str | None, key: LinkKey, expire_after: timedelta) -> None:
        self._public_url = (public_url or "").rstrip("/")
        self._key = key
        self._expire_after = expire_after

    def __call__(self, message: Message) -> str:
        """A URL, the same whenever it is asked for; empty for a message that leads nowhere."""
        if not self._public_url or not message.links or not message.incident:
            return ""
        # From when it was made, not from when it is sent: so that a retry has the same link.
        token = LinkToken(message.id, message.incident, message.created_at + self._expire_after)
        try:
            return f"{self._public_url}{PATH}{signed(token, self._key.made())}"
        except (LeaklineError, ValueError) as error:  # a message without a link is better than none
            log.warning("a message has no link", message=message.id, reason=str(error)[:300])
            return ""

"""What it means when no channel of an org works."""

from __future__ import annotations

from collections.abc import Collection

from agent.errors import Forbidden, SourceError, TransportError, Unauthorized
from agent.sources.real_time.channel_feed import ChannelFeed
from agent.sources.real_time.discovery import NOT_OFFERED, NOT_PERMITTED


def outage(source: str, feeds: Collection[ChannelFeed]) -> SourceError:
    """`feeds`: all of them, none of which works."""
    if not feeds:
        return Forbidden(f"{source}: none of the channels can be read", hint=f"{NOT_OFFERED}, and {NOT_PERMITTED}")
    waiting = [feed for feed in feeds if not feed.rests]
    failure = next((feed.failure for feed in waiting or feeds if feed.failure is not None), None)
    text = f"{source}: the Pub/Sub API does not stream any channel: {failure}"
    hint = failure.hint if failure is not None else ""
    if not waiting:
        return Forbidden(text, hint=hint or NOT_PERMITTED)
    if failure is not None and failure.remedy == "renew":
        return Unauthorized(text, hint="check the user's login restrictions: even a new session was refused")
    if any(feed.is_slowed for feed in waiting):  # which a new attempt within seconds would not heed
        return Forbidden(text, hint=hint or "the org asks for fewer attempts; it is tried again in 5 minutes")
    return TransportError(text, hint=hint or "check endpoint, tls and proxy; it is tried again")

"""How long the stream source waits for what."""

from __future__ import annotations

from dataclasses import dataclass

RETENTION = 72 * 3_600_000
"""Milliseconds for which Salesforce keeps streamed events (Pub/Sub API)."""
MOST_CREDITS = 100
"""Events that may be asked for at a time (Pub/Sub API: more counts as 100)."""
MOST_ASKED = 4 << 20
"""Bytes that a channel is let send at a time, as far as its events so far tell."""
FIRST_MINUTE = 60.0
"""Seconds until a stream is opened again where the org asks for less."""
LONGEST_PAUSE = 300.0


@dataclass(frozen=True, slots=True)
class StreamPace:
    """In seconds by the clock that does not jump."""

    company: float = 0.05
    """For what arrives closely behind the first event, over all channels, to be handed over together."""
    hold: float = 0.15
    """After this nothing that was handed over waits for more: `Idle`, which commits it."""
    settle: float = 5.0
    """A stream that is open for so long has given what was there."""
    idle: float = 1.0
    """Between two signs of life while nothing arrives."""
    silence: float = 330.0
    """Salesforce sends something within 270 s (Pub/Sub API: Subscribe); a stream that is silent for longer is dead."""
    open_within: float = 30.0
    """For a stream to have its connection."""
    note: float = 60.0
    """Between two commits that only move the cursor."""
    renew: float = 60.0
    """Between two new tokens."""


def pause_after(attempts: int, *, slower: bool) -> float:
    """Seconds until the next attempt, after so many that ended without a response. The first one follows at once: servers that
    are replaced end all streams, and the next one answers.
    """
    if slower:
        return float(min(FIRST_MINUTE * 2 ** max(attempts - 1, 0), 2 * LONGEST_PAUSE))
    return 0.0 if attempts <= 1 else float(min(2 ** min(attempts - 2, 10), LONGEST_PAUSE))

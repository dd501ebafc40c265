"""Which incident has an alert: for later words about it, that may be about others than the first one was. A correlation that began
with one user says nothing of a user once there are two, and a late count has fewer names than the alert that it belongs to.

Stored as `alert/<day>/<digest>`, the day being that of the newest word; days that are long over are forgotten.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from agent.notice.incidents.incident_alert import IncidentAlert

ALERT = "alert/"
"""What keys of places begin with, under `keys.RESPONSE`."""
KEPT = timedelta(days=35)
"""How long after a word about an alert the next one finds its incident by it; later it is looked for by whom it is about."""
LOOKED_BACK = timedelta(days=50)
"""How far behind that days are looked for that nobody forgot, because nothing ran meanwhile."""
DAY = timedelta(days=1)
TOGETHER = 1_000
"""Places that are forgotten at a time."""


def place_key(alert: IncidentAlert) -> str:
    """The day of this word, and a digest of the alert."""
    text = f"{alert.origin}\n{alert.identity}"
    return f"{alert.raised_at.date()}/{hashlib.blake2b(text.encode(), digest_size=16).hexdigest()}"


def placed(stored: Callable[[str], bytes | None], key: str) -> str:
    """The incident under a key, or under that of an earlier word about the same alert; empty where none is known."""
    day, digest = date.fromisoformat(key.partition("/")[0]), key.partition("/")[2]
    for back in range(-1, KEPT // DAY):  # a day ahead too: the clock may have been stepped back
        if found := stored(f"{ALERT}{day - back * DAY}/{digest}"):
            return found.decode(errors="replace")
    return ""


def outdated(keys: Callable[[str], Iterator[str]], today: date) -> list[str]:
    """Keys of days that are long over, as many as are forgotten at a time."""
    found: list[str] = []
    for back in range(KEPT // DAY, (KEPT + LOOKED_BACK) // DAY):
        found += keys(f"{ALERT}{today - back * DAY}/")
        if len(found) >= TOGETHER:
            break
    return found[:TOGETHER]

"""Headers that decide, and so come once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from agent.sources.inbound.serving.answers import RequestRefusal

SINGLE = frozenset(
    {
        b"authorization",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"host",
        b"webhook-id",
        b"webhook-signature",
        b"webhook-timestamp",
    }
)


def require_single(headers: Sequence[tuple[bytes, bytes]]) -> None:
    """Raises RequestRefusal where one of `SINGLE` comes twice: what stands before the listener may have looked at the other."""
    times = Counter(name for name, _ in headers)
    repeated = sorted(name.decode("ascii") for name in SINGLE if times[name] > 1)
    if repeated:
        raise RequestRefusal(400, f"The header {repeated[0]} came more than once; send it once.", ends=True)

"""What the answer of an HTTP channel means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from agent.destinations.exchange import Exchange, HttpAnswer
from agent.errors import LeaklineError
from agent.network.proxy import ProxySettings
from agent.network.tls import TlsSettings
from agent.notice.channels.channel import NotAccepted
from agent.notice.messages.message import MOST_ANSWER
from agent.redaction.redaction import excerpt

JSON = {"Content-Type": "application/json; charset=utf-8"}

GONE, TOO_MANY = 410, 429
REFUSALS = frozenset({400, 401, 403, 404, 405, 410, 413, 415, 422})
"""Statuses after which the same request would be refused again; that of a wrong secret is worth another attempt."""
WORTH_ANOTHER = frozenset({401, 403})


def exchange(
    url: str,
    tls: TlsSettings,
    proxy: ProxySettings | None,
    timeout: float,
    headers: Callable[[], Mapping[str, str]] = dict,
) -> Exchange:
    return Exchange(url, tls, proxy, timeout, headers, gzip=False)


@contextmanager
def asking(who: str) -> Iterator[None]:
    """Whatever keeps an answer from arriving is `NotAccepted`. `who`: named in place of an address that is a secret."""
    try:
        yield
    except NotAccepted:
        raise
    except LeaklineError as error:
        raise NotAccepted(f"{who}: {error}" if who else str(error)) from error


def refused(answer: HttpAnswer, why: str = "", hint: str = "") -> NotAccepted:
    """For an answer that is none of success."""
    said = why or said_of(answer)
    return NotAccepted(
        f"it answered with status {answer.status}{': ' if said else ''}{said}",
        hint=hint,
        retry_after=answer.retry_after(),
        for_good=answer.status in REFUSALS - WORTH_ANOTHER,
    )


def said_of(answer: HttpAnswer) -> str:
    """The first of what it says, without secrets."""
    return excerpt(" ".join(answer.body[:2_000].decode("utf-8", "replace").split()), MOST_ANSWER // 2)

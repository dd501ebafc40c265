"""One HTTP request of a channel and what matters of its answer, within bounds; a failure in words without a secret.

Each request has a connection of its own: messages are rare, and one that a firewall forgot meanwhile would cost a whole timeout.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import httpx

from agent.destinations.exchange import HttpAnswer
from agent.errors import SettingsError
from agent.network.answer_body import read_body, read_error
from agent.network.connection import Connection
from agent.network.failure import explain
from agent.network.proxy import ProxySettings
from agent.network.tls import TlsSettings
from agent.notice.channels.channel import NotAccepted
from agent.notice.channels.wording import answer_text

LONGEST_ANSWER = 1 << 20
"""Bytes of an answer that is wanted whole."""

LONGEST_WAIT = 3_600.0
"""Seconds: whoever asks to be left alone for longer is asked again all the same."""

AGAIN = frozenset({408, 409, 425, 429})
"""Of the statuses from 400 to 499 those after which the same request may be accepted; the others refuse it for good."""


class HttpClient:
    """For one thread at a time. `timeout` (s) bounds a request with its whole answer."""

    def __init__(self, tls: TlsSettings, proxy: ProxySettings | None, timeout: float) -> None:
        self._tls, self._proxy, self._timeout = tls, proxy, timeout

    def prepare(self, url: str) -> None:
        """Raises SettingsError for a certificate or proxy that cannot be used; asks nobody."""
        Connection(url, self._tls, self._proxy, self._timeout).close()

    def post(self, url: str, content: bytes, headers: Mapping[str, str]) -> HttpAnswer:
        """The beginning of a long body will do. Raises NotAccepted when there is no answer, SettingsError."""
        json = {"Content-Type": "application/json", **headers}
        return self._ask("POST", url, json, content, whole=False)

    def get(self, url: str, headers: Mapping[str, str]) -> HttpAnswer:
        """Raises NotAccepted when there is no answer, or one that is too long, SettingsError."""
        return self._ask("GET", url, headers, b"", whole=True)

    def _ask(self, method: str, url: str, headers: Mapping[str, str], content: bytes, *, whole: bool) -> HttpAnswer:
        options: dict[str, Any] = {"content": content, "headers": {**sendable(headers)}}
        try:
            with (
                closing(Connection(url, self._tls, self._proxy, self._timeout)) as connection,
                connection.exchange(method, url, deadline=self._timeout, **options) as response,
            ):
                body = read_body(response, LONGEST_ANSWER) if whole else read_error(response)
                return HttpAnswer(response.status_code, response.headers, body)
        except httpx.InvalidURL as error:
            raise SettingsError("the URL cannot be used", hint="write it again, on one line") from error
        except httpx.TimeoutException as error:
            raise NotAccepted(f"{host(url)}: no complete answer within {self._timeout:g} s") from error
        except httpx.HTTPError as error:
            raise NotAccepted(answer_text(f"{host(url)}: {explain(error)}")) from error


def sendable(headers: Mapping[str, str]) -> Mapping[str, str]:
    """The headers, if HTTP can carry them. Raises SettingsError, without the value: it may be a secret."""
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()) or value != value.strip():
            message = f"the secret for the header {name} has characters that HTTP cannot carry"
            raise SettingsError(message, hint="write it again, in ASCII and on one line")
    return headers


def host(url: str) -> str:
    """All of a URL that is shown: the rest may be a secret."""
    return urlsplit(url).hostname or "the server"


def refusal(who: str, answer: HttpAnswer, said: str = "", *, hint: str = "", for_good: bool = False) -> NotAccepted:
    """What an answer that is not a good one means. `said`: what it said, where the body is no text for people."""
    if 300 <= answer.status < 400:
        message = f"{who} answered {answer.status}, a redirect, which is not followed"
        return NotAccepted(message, hint="write the URL to which it leads, if that is the right one")
    text = answer_text(said or answer.body[:2_000].decode("utf-8", "replace"))
    refused = 400 <= answer.status < 500 and answer.status not in AGAIN
    return NotAccepted(
        f"{who} answered {answer.status}{f': {text}' if text else ''}",
        hint=hint,
        retry_after=wait_of(answer),
        for_good=for_good or refused,
    )


def wait_of(answer: HttpAnswer) -> float | None:
    """Seconds that the answer asks for, at most `LONGEST_WAIT`."""
    seconds = answer.retry_after()
    return None if seconds is None else min(seconds, LONGEST_WAIT)


def settings_trouble(error: SettingsError) -> NotAccepted:
    """A secret or certificate that cannot be used now may be there the next time."""
    return NotAccepted(str(error.args[0]), hint=error.hint)

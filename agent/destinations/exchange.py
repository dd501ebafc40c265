"""One HTTP request and its whole answer, or `Unavailable`; for the destinations that speak HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated, Any

import httpx
from isal import igzip
from pydantic import AfterValidator

from agent.errors import Misconfigured, SettingsError, Unavailable
from agent.network.answer_body import json_of, read_body, read_error
from agent.network.connection import Connection, Overdue
from agent.network.failure import explain
from agent.network.proxy import ProxySettings
from agent.network.server_address import server_url, url_schema
from agent.network.tls import TlsSettings

LONGEST_ANSWER = 64 * 2**20
"""Bytes of a good one. A `_bulk` answer has about 100 a row; an answer above this is not one."""
MOST_VALUES = 2_000_000
"""Of an answer's JSON; a `_bulk` answer has about 15 a row."""

_ASKS_FOR_TLS = re.compile(rb"HTTPS (port|server)")
"""What nginx and Go answer to plain HTTP at a port for TLS; Splunk and Elasticsearch say nothing and close."""


def _endpoint(url: str) -> str:
    server_url(url)
    return url.rstrip("/")


Endpoint = Annotated[str, AfterValidator(_endpoint), url_schema("https?")]
"""A settings field with the URL of a server: http or https, nothing secret in it."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back, whole. The body may repeat our token (seen): it never goes into a message."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any] | None:
        """The body's JSON object, or None: proxies in front answer in HTML, some servers in plain text."""
        try:
            document = json_of(self.body, MOST_VALUES)
        except ValueError:
            return None
        return document if isinstance(document, dict) else None

    def retry_after(self) -> float | None:
        """Seconds (RFC 9110 section 10.2.3); None where the server named neither a number of them nor a time.

        A time is compared with the answer's own `Date`, so that it does not matter whose clock is right.
        """
        value = self.headers.get("retry-after", "").strip()
        if re.fullmatch(r"[0-9]{1,9}", value):
            return float(value)
        until, answered = _moment(value), _moment(self.headers.get("date", ""))
        return max(0.0, (until - answered).total_seconds()) if until and answered else None


def _moment(text: str) -> datetime | None:
    """An HTTP-date; None for anything else."""
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _sendable(headers: Mapping[str, str]) -> Mapping[str, str]:
    """The headers, if HTTP can carry them. Raises SettingsError, without the value: it holds a secret."""
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            message = f"the secret for the header {name} has characters that HTTP cannot carry"
            raise SettingsError(message, hint="write it again, in ASCII and on one line")
    return headers


class Exchange:
    """What a destination asks of its one server, over a kept-alive connection.

    `timeout` (s) bounds a request with its whole answer. `headers` is asked before each request, so that a renewed
    secret is used without a restart.
    """

    def __init__(
        self,
        url: str,
        tls: TlsSettings,
        proxy: ProxySettings | None,
        timeout: float,
        headers: Callable[[], Mapping[str, str]],
        *,
        gzip: bool = True,
    ) -> None:
        self.url = url
        self._tls, self._proxy = tls, proxy
        self._connection: Connection | None = None
        self._timeout = timeout
        self._headers = headers
        self._gzip = gzip

    def prepare(self) -> None:
        """Raises SettingsError for a secret or certificate that cannot be used; asks nobody."""
        self._secret_headers()
        self._ready()

    def get(self, path: str) -> HttpAnswer:
        return self._request("GET", path, b"", {})

    def put(self, path: str, content: bytes) -> HttpAnswer:
        return self._request("PUT", path, content, {"Content-Type": "application/json"})

    def post(self, path: str, content: bytes | memoryview, headers: Mapping[str, str]) -> HttpAnswer:
        """Raises `Unavailable` when the answer did not arrive whole: then the server may have taken the content."""
        if self._gzip and len(content) > 0:
            return self._request("POST", path, igzip.compress(content, 1), {"Content-Encoding": "gzip", **headers})
        return self._request("POST", path, bytes(content), headers)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _request(self, method: str, path: str, content: bytes, headers: Mapping[str, str]) -> HttpAnswer:
        try:
            connection, secret = self._ready(), self._secret_headers()
        except SettingsError as error:
            raise Misconfigured(f"{self.url}: {error}") from error
        request = {"content": content, "headers": {**secret, **headers}}
        try:
            with connection.exchange(method, self.url + path, deadline=self._timeout, **request) as response:
                good = response.status_code < 300
                body = read_body(response, LONGEST_ANSWER) if good else read_error(response)
                answer = HttpAnswer(response.status_code, response.headers, body)
        except httpx.HTTPError as error:
            raise self._failure(error) from error
        if self._plain and answer.status == 400 and _ASKS_FOR_TLS.search(answer.body[:4096]):
            raise Misconfigured(f"{self.url}: this port speaks TLS", hint="write the URL with https://")
        return answer

    def _ready(self) -> Connection:
        """The connection, made when it is first needed: a certificate that is missing at the start may be there later."""
        if self._connection is None:
            self._connection = Connection(self.url, self._tls, self._proxy, self._timeout)
        return self._connection

    def _secret_headers(self) -> Mapping[str, str]:
        return _sendable(self._headers())

    def _failure(self, error: httpx.HTTPError) -> Unavailable:
        if isinstance(error, Overdue):
            return Unavailable(f"{self.url}: no complete answer within {self._timeout:g} s")
        kind = Misconfigured if "CERTIFICATE_VERIFY_FAILED" in str(error) else Unavailable
        ended = isinstance(error, httpx.ReadError | httpx.WriteError | httpx.RemoteProtocolError)
        hint = "if that port speaks TLS, write the URL with https://" if self._plain and ended else ""
        return kind(f"{self.url}: {explain(error)}", hint=hint)

    @property
    def _plain(self) -> bool:
        return self.url.startswith("http:")

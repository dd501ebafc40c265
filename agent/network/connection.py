"""How Leakline opens connections: trust, client certificates, proxies, time limits."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import httpx

from agent import __version__
from agent.errors import SettingsError
from agent.network.answer_body import ACCEPTED
from agent.network.proxy import ProxySettings
from agent.network.tls import TlsSettings

USER_AGENT = f"leakline/{__version__}"


def http_client(
    url: str, tls: TlsSettings, proxy: ProxySettings | None, timeout: float, **options: Any
) -> httpx.Client:
    """An httpx client for the host of `url`. `timeout` (s) bounds a single read or write; `Connection` bounds the whole.

    The environment's proxy variables are ignored: what the settings file says is what happens. Redirects are not
    followed: they would carry tokens elsewhere. Raises SettingsError for a secret, certificate or proxy that cannot be
    used.
    """
    host = urlsplit(url).hostname or ""
    through = proxy.url_with_credentials() if proxy is not None and proxy.serves(host) else None
    headers = {"User-Agent": USER_AGENT, "Accept-Encoding": ACCEPTED, **options.pop("headers", {})}
    try:
        return httpx.Client(
            verify=tls.context(),
            proxy=through,
            timeout=timeout,
            trust_env=False,
            follow_redirects=False,
            headers=headers,
            **options,
        )
    except (ValueError, httpx.InvalidURL) as error:
        hint = "write it as http://host:port, without credentials"
        raise SettingsError("proxy.url is not the URL of a proxy", hint=hint) from error


class Overdue(httpx.TimeoutException):
    """An exchange was interrupted as a whole: its deadline passed, or another thread cut it."""


class Connection:
    """One kept-alive connection to the host of `url`, for one thread at a time.

    httpx bounds a single read: a server that drips a byte now and then would hold us for ever. Here the whole
    exchange has a deadline, and `cut` ends it from another thread, whatever it waits for.
    """

    def __init__(self, url: str, tls: TlsSettings, proxy: ProxySettings | None, timeout: float) -> None:
        self._client = http_client(url, tls, proxy, timeout, limits=httpx.Limits(max_connections=1))
        self._socket: socket.socket | None = None
        self._overdue = threading.Event()

    @contextmanager
    def exchange(self, method: str, url: str, *, deadline: float, **options: Any) -> Iterator[httpx.Response]:
        """A response whose body is still to be read, all of it within `deadline` seconds.

        Raises httpx.HTTPError; `Overdue` when interrupted, even if what arrived looks like a whole answer.
        """
        self._overdue.clear()
        timer = threading.Timer(deadline, self.cut)
        timer.daemon = True
        try:
            timer.start()
        except RuntimeError as error:  # without a deadline nothing is asked
            raise httpx.ConnectError(f"no thread could be started for its deadline ({error})") from error
        try:
            with self._client.stream(method, url, extensions={"trace": self._trace}, **options) as response:
                yield response
        except httpx.HTTPError as error:
            if self._overdue.is_set():
                raise Overdue(f"interrupted, at the latest after {deadline:g} s") from error
            raise
        finally:
            timer.cancel()
        if self._overdue.is_set():
            raise Overdue(f"interrupted, at the latest after {deadline:g} s")

    def cut(self) -> None:
        """End the exchange in hand.

        The plain socket's `shutdown`: that of `SSLSocket` would first drop encryption from whatever is being sent.
        """
        self._overdue.set()
        if self._socket is not None:
            with suppress(OSError):  # closed by itself in the meantime
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def close(self) -> None:
        self._client.close()

    def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Take note of the socket as httpcore opens it (and again once TLS is on it)."""
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            self._socket = info["return_value"].get_extra_info("socket")
            if self._overdue.is_set():
                self.cut()

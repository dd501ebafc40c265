"""One bounded HTTP exchange at a time over a kept-alive connection: what destinations and sources speak HTTP with.

httpx bounds a single read or write: a server that drips a byte now and then would hold us for ever. Here the whole
exchange, from looking for a connection to the last byte of the answer's body, has a deadline. Another thread (the
deadline's timer, or who closes) ends it by shutting the socket, whatever the exchange waits for.

What happens in each race:

- while connecting: there is no socket to shut yet. It is shut as soon as there is one, before a byte is sent; httpx
  bounds the waiting for it (`timeout`).
- during the TLS handshake: `wrap_socket` takes the descriptor away from the socket we know of. A duplicate of the
  descriptor, which lives as long as the handshake, is shut in its place.
- while the head or body is read: the read ends, with an error or as if the answer were whole. Both are `Overdue`.
- as the exchange ends: the first to have the lock decides. A timer that fires later finds an exchange that is over and
  leaves the socket to the next one.
- `cut` before the exchange has begun: it does not begin.
"""

from __future__ import annotations

import os
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

MOST_COOKIES = 50
"""A load balancer keeps us at one server by a cookie; whoever sends more has something else in mind."""


class Overdue(httpx.TimeoutException):
    """An exchange was interrupted as a whole: its deadline passed, or another thread cut it."""


class Connection:
    """One kept-alive connection to the host of `url`, for one thread at a time; `cut` is for the others.

    `timeout` (s) bounds connecting, the handshake, and a single read or write. The environment's proxy variables are
    ignored: what the settings file says is what happens. Redirects are not followed: they would carry tokens elsewhere.
    """

    def __init__(self, url: str, tls: TlsSettings, proxy: ProxySettings | None, timeout: float) -> None:
        """Connects to nobody. Raises SettingsError for a secret, certificate or proxy that cannot be used."""
        self._client = _client(url, tls, proxy, timeout)
        self._lock = threading.Lock()  # guards what follows
        self._socket: socket.socket | None = None
        self._handshake_socket: socket.socket | None = None
        """The plain socket below TLS while the handshake lasts: a duplicate, ours to close."""
        self._interrupted: threading.Event | None = None
        """Of the exchange in hand, which only that exchange's timer or `cut` may set."""
        self._cut = False

    @contextmanager
    def exchange(self, method: str, url: str, *, deadline: float, **options: Any) -> Iterator[httpx.Response]:
        """A response whose body is still to be read, all of it within `deadline` seconds.

        Raises httpx.HTTPError; `Overdue` when interrupted, even if what arrived looks like a whole answer: one without
        a length ends where the connection does.
        """
        if len(self._client.cookies) > MOST_COOKIES:
            self._client.cookies.clear()
        interrupted = self._begin(deadline)
        timer = threading.Timer(deadline, self._interrupt, [interrupted])
        timer.daemon = True
        try:
            try:
                timer.start()
            except RuntimeError as error:  # without a deadline nothing is asked
                raise httpx.ConnectError(f"no thread could be started for its deadline ({error})") from error
            with self._client.stream(method, url, extensions={"trace": self._trace}, **options) as response:
                yield response
        except httpx.HTTPError as error:
            if interrupted.is_set():
                raise _overdue(deadline) from error
            raise
        finally:
            timer.cancel()
            self._finish()
        if interrupted.is_set():
            raise _overdue(deadline)

    def cut(self) -> None:
        """End the exchange in hand, and let no other begin."""
        with self._lock:
            self._cut = True
            interrupted = self._interrupted
        if interrupted is not None:
            self._interrupt(interrupted)

    def close(self) -> None:
        """For the thread whose turn it is."""
        self._client.close()

    def _begin(self, deadline: float) -> threading.Event:
        with self._lock:
            if self._cut:
                raise _overdue(deadline)
            self._interrupted = interrupted = threading.Event()
        return interrupted

    def _finish(self) -> None:
        """From here on nobody shuts the socket for this exchange's sake."""
        with self._lock:
            self._interrupted = None
            self._end_handshake()

    def _interrupt(self, interrupted: threading.Event) -> None:
        """End the exchange that `interrupted` belongs to, unless it is over: its socket may serve the next one by now."""
        with self._lock:
            if interrupted is self._interrupted:
                interrupted.set()
                self._shut()

    def _shut(self) -> None:
        """Wake whoever reads or writes. The lock is held.

        The plain socket's `shutdown`: that of `SSLSocket` would first drop encryption from whatever is being sent.
        """
        for known in (self._handshake_socket, self._socket):
            if known is not None:
                with suppress(OSError):  # closed by itself in the meantime, or taken over by the TLS socket
                    socket.socket.shutdown(known, socket.SHUT_RDWR)

    def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Take note of the socket as httpcore opens it, and again before, during and after the handshake."""
        step = event.partition(".")[2]
        with self._lock:
            if step == "start_tls.started":
                self._handshake_socket = _duplicate(self._socket)
            elif step in ("connect_tcp.complete", "start_tls.complete"):
                self._socket = info["return_value"].get_extra_info("socket")
            if step in ("start_tls.complete", "start_tls.failed"):
                self._end_handshake()
            if self._interrupted is not None and self._interrupted.is_set():
                self._shut()

    def _end_handshake(self) -> None:
        """The lock is held."""
        if self._handshake_socket is not None:
            self._handshake_socket.close()
            self._handshake_socket = None


def _client(url: str, tls: TlsSettings, proxy: ProxySettings | None, timeout: float) -> httpx.Client:
    host = urlsplit(url).hostname or ""
    through = proxy.url_with_credentials() if proxy is not None and proxy.serves(host) else None
    try:
        return httpx.Client(
            verify=tls.shared_context(),
            proxy=through,
            timeout=timeout,
            trust_env=False,
            follow_redirects=False,
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": ACCEPTED},
            limits=httpx.Limits(max_connections=1),
        )
    except (ValueError, httpx.InvalidURL) as error:
        hint = "write it as http://host:port, without credentials"
        raise SettingsError("proxy.url is not the URL of a proxy", hint=hint) from error


def _duplicate(known: socket.socket | None) -> socket.socket | None:
    """A second descriptor of the same connection; None where there is no descriptor to be had."""
    try:
        return None if known is None else socket.socket(fileno=os.dup(known.fileno()))
    except OSError:  # then the handshake is bounded by httpx's timeout alone
        return None


def _overdue(deadline: float) -> Overdue:
    return Overdue(f"interrupted, at the latest after {deadline:g} s")

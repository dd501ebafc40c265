"""A TCP or TLS connection that knows what the peer's kernel has taken.

A successful `send` on a socket says nothing: a receiver that was killed, or that refused our certificate after the
handshake, has been seen to swallow hundreds of messages without an error. So: look for a refusal before the first
byte, look for an end before and after each chunk, wait until the kernel at the other end has acknowledged every byte
(SIOCOUTQ), and keep what was sent last, to send it again when the connection breaks (the receiver had it in memory).
"""

from __future__ import annotations

import array
import fcntl
import socket
import ssl
import termios
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from agent.destinations.syslog.proxy_tunnel import open_tunnel
from agent.errors import Misconfigured, SettingsError, Unavailable
from agent.network.failure import explain
from agent.network.proxy import ProxySettings

PROBE = 0.5
"""Seconds given to the peer to refuse us after connecting (a missing client certificate shows only then)."""

STALE_AFTER = 60.0
"""Seconds after which the peer must have read what its kernel took."""

SHORTEST_STEP, LONGEST_STEP = 0.0002, 0.02
"""Seconds between two looks at what is not acknowledged yet."""

FAREWELL = 5.0
"""Seconds for the peer to end its side too."""


class Stream:
    """One connection, opened when needed.

    `context` is made when it is first needed: a certificate that is missing at the start may be there later.
    `keep` is in bytes: how much of what was sent last is sent again on the next connection when this one breaks.
    `monotonic` (s) dates it: after a minute the peer must have read it. `timeout` is in seconds.
    """

    def __init__(
        self,
        host: str,
        port: int,
        context: Callable[[], ssl.SSLContext] | None,
        proxy: ProxySettings | None,
        *,
        timeout: float,
        keep: int,
        monotonic: Callable[[], float],
    ) -> None:
        self.peer = f"{host}:{port}"
        self._host, self._port = host, port
        self._make_context = context
        self._context: ssl.SSLContext | None = None
        self._proxy = proxy if proxy is not None and proxy.serves(host) else None
        self._timeout = timeout
        self._keep = keep
        self._monotonic = monotonic
        self._socket: socket.socket | None = None
        self._tail: deque[tuple[float, bytes]] = deque()

    def open(self) -> None:
        """Connect if there is no live connection. Raises Unavailable, or Misconfigured when TLS does not agree."""
        if self._socket is not None and _alive(self._socket, self._timeout):
            return
        self._drop()
        try:
            self._socket = self._connect()
            self._resend_tail()
        except SettingsError as error:
            raise Misconfigured(f"{self.peer}: {error}") from error
        except OSError as error:
            self._drop()
            raise self._failure(error) from error

    def send(self, data: memoryview, last: memoryview) -> None:
        """Returns when the peer's kernel has all of `data`; `last`, whole messages at its end, may be sent again.

        Raises Unavailable otherwise: then some of it may have arrived.
        """
        self.open()
        try:
            self._push(data)
        except OSError as error:
            self._drop()
            raise self._failure(error) from error
        self._remember(bytes(last))

    def hung_up(self, seconds: float) -> bool:
        """Whether the peer ends the connection within `seconds`; what it says is dropped."""
        if self._socket is None:
            return False
        self._socket.settimeout(seconds)
        try:
            while self._socket.recv(4096):
                pass
        except TimeoutError:
            return False
        except OSError:
            return True
        finally:
            self._socket.settimeout(self._timeout)
        return True

    def close(self) -> None:
        """An orderly end: wait until the peer has read everything and ended its side too."""
        connection, self._socket = self._socket, None
        self._tail.clear()
        if connection is None:
            return
        connection.settimeout(min(self._timeout, FAREWELL))
        with suppress(OSError):
            if isinstance(connection, ssl.SSLSocket):
                connection = connection.unwrap()
        with suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass
        connection.close()

    def _connect(self) -> socket.socket:
        if self._context is None and self._make_context is not None:
            self._context = self._make_context()
        if self._proxy is not None:
            plain = open_tunnel(self._proxy, self._host, self._port, self._timeout)
        else:
            plain = socket.create_connection((self._host, self._port), self._timeout)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection = self._context.wrap_socket(plain, server_hostname=self._host) if self._context else plain
        try:
            _look_for_refusal(connection)
        except OSError:
            connection.close()
            raise
        connection.settimeout(self._timeout)
        return connection

    def _push(self, data: memoryview | bytes) -> None:
        connection = self._socket
        assert connection is not None  # noqa: S101 - `open` came before
        connection.sendall(data)
        waited, step = 0.0, SHORTEST_STEP
        while _not_acknowledged(connection):
            # After a reset the count stays where it was.
            self._require_alive(connection)
            if waited > self._timeout:
                raise TimeoutError(f"the receiver accepted nothing more for {self._timeout:g} s")
            time.sleep(step)  # part of sending: there is no event for an empty queue
            waited += step
            step = min(LONGEST_STEP, step * 2)
        self._require_alive(connection)

    def _require_alive(self, connection: socket.socket) -> None:
        if not _alive(connection, self._timeout):
            raise ConnectionResetError("the receiver closed the connection while it was receiving")

    def _remember(self, last: bytes) -> None:
        self._tail.append((self._monotonic(), last))
        while self._tail and sum(len(piece) for _, piece in self._tail) > self._keep:
            self._tail.popleft()

    def _resend_tail(self) -> None:
        """What an earlier connection took last, unless it is so old that it must have been read."""
        now = self._monotonic()
        fresh = [piece for sent, piece in self._tail if now - sent <= STALE_AFTER]
        for piece in fresh:
            self._push(piece)
        self._tail = deque((now, piece) for piece in fresh)

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _failure(self, error: OSError) -> Unavailable:
        lasting = isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError)
        kind = Misconfigured if lasting else Unavailable
        hint = _TLS_HINT if self._context and lasting else ""
        if (
            self._context is None
            and isinstance(error, ConnectionError)
            and not isinstance(error, ConnectionRefusedError)
        ):
            hint = "if that port speaks TLS, write `transport: tls`"
        return kind(f"{self.peer}: {explain(error)}", hint=hint)


_TLS_HINT = "check `tls`: the authority in `ca`, and `certificate` with `key` if the receiver asks for one"


def _look_for_refusal(connection: socket.socket) -> None:
    """Raises when the peer ends the connection at once; syslog peers say nothing otherwise."""
    connection.settimeout(PROBE)
    try:
        if not connection.recv(1):
            raise ConnectionResetError(
                "the receiver closed the connection right after connecting; does it admit this host?"
            )
    except TimeoutError:
        return


def _alive(connection: socket.socket, timeout: float) -> bool:
    """Whether the peer has not ended the connection; whatever it says is read and dropped."""
    connection.settimeout(0)
    try:
        while connection.recv(4096):
            pass
    except (BlockingIOError, ssl.SSLWantReadError):
        return True
    except OSError:
        return False
    finally:
        connection.settimeout(timeout)
    return False


def _not_acknowledged(connection: socket.socket) -> int:
    """Bytes that the peer's kernel has not acknowledged (Linux SIOCOUTQ, the same number as TIOCOUTQ)."""
    count = array.array("i", [0])
    fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, count)
    return count[0]

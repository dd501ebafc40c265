"""One SMTP session that ends at a deadline, whatever the other side does.

smtplib bounds a single read: a server that drips a byte now and then would hold us for ever. Here a timer shuts the socket, as
in `agent.network.connection`. While a handshake lasts the socket is the one that TLS has taken over, so it is made without one
first, and known to the timer before a byte of it is awaited.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

from agent.notice.channels.channel import NotAccepted

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")

READY = 220


class SmtpSession(smtplib.SMTP):
    """Inside `with`; it is connected by `open`."""

    def __init__(self, host: str, port: int, timeout: float, context: ssl.SSLContext) -> None:
        """Connects to nobody. `timeout`: seconds from now to the end of everything."""
        self._ends = time.monotonic() + timeout
        self._context = context
        self._at_once = False
        self._lock = threading.Lock()  # guards what follows
        self._known: socket.socket | None = None
        self.is_overdue = False
        self._place = host, port
        self._timer = threading.Timer(timeout, self._interrupt)
        self._timer.daemon = True
        super().__init__(local_hostname=_own_name(), timeout=timeout)

    def __enter__(self) -> Self:
        try:
            self._timer.start()
        except RuntimeError as error:  # without a deadline nothing is said
            raise NotAccepted(f"no thread could be started for its deadline ({error})") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Says QUIT and awaits nothing: what was accepted is accepted."""
        self._timer.cancel()
        with suppress(OSError, smtplib.SMTPException):
            if kind is None:
                self.putcmd("quit")
        self.close()

    def open(self, *, implicit_tls: bool, starttls: bool) -> None:
        """To where something can be said in secret, if either is set. Raises OSError, SMTPException, NotAccepted."""
        self._at_once = implicit_tls
        host, port = self._place
        self._host = host  # what smtplib's own verifies; ours does too
        code, said = self.connect(host, port)
        if code != READY:
            raise smtplib.SMTPConnectError(code, said)
        self.ehlo_or_helo_if_needed()
        if starttls and not implicit_tls:
            self._start_tls()

    def _start_tls(self) -> None:
        """Refused if the other side has none: somebody on the way may have taken it out."""
        if not self.has_extn("starttls"):
            hint = "let the server offer STARTTLS, or write `implicit_tls: true` and its port for TLS"
            raise NotAccepted("it does not offer STARTTLS, so nothing is sent", hint=hint, for_good=True)
        code, said = self.docmd("STARTTLS")
        if code != READY:
            raise smtplib.SMTPResponseException(code, said)
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("the connection ended")
        self.sock = self._secured(self.sock)
        # What came in before it, and what was learned from that, is nobody's word (RFC 3207 section 4.2).
        self.file = None
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False
        self.ehlo_or_helo_if_needed()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # noqa: ARG002
        """Called by smtplib, which knows nothing of the deadline."""
        failure: OSError = OSError("its name has no address")
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            left = self._ends - time.monotonic()
            if left <= 0:
                raise TimeoutError("timed out")
            plain = socket.socket(family, kind, protocol)
            plain.settimeout(left)
            try:
                plain.connect(address)
                self._note(plain)
                return self._secured(plain) if self._at_once else plain
            except OSError as error:
                plain.close()
                failure = error
                if isinstance(error, ssl.SSLError):
                    break
        raise failure

    def _secured(self, plain: socket.socket) -> ssl.SSLSocket:
        secured = self._context.wrap_socket(plain, server_hostname=self._place[0], do_handshake_on_connect=False)
        self._note(secured)
        try:
            secured.do_handshake()
        except BaseException:
            secured.close()  # it has taken the descriptor of the plain one
            raise
        return secured

    def _note(self, known: socket.socket) -> None:
        with self._lock:
            self._known = known
            if self.is_overdue:
                self._shut()

    def _interrupt(self) -> None:
        with self._lock:
            self.is_overdue = True
            self._shut()

    def _shut(self) -> None:
        """The lock is held."""
        if self._known is not None:
            with suppress(OSError):  # closed meanwhile
                socket.socket.shutdown(self._known, socket.SHUT_RDWR)


def _own_name() -> str:
    """Asked for by smtplib it would come from DNS, for as long as that takes."""
    name = socket.gethostname()
    return name if _HOST.fullmatch(name) else "[127.0.0.1]"

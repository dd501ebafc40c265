"""How Leakline opens connections: trust, client certificates, proxies, time limits."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlsplit, urlunsplit

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from agent import __version__
from agent.errors import SettingsError
from agent.network.answer_body import ACCEPTED
from agent.network.server_address import server_url
from agent.redaction.redaction import register_basic
from agent.secret import Secret

USER_AGENT = f"leakline/{__version__}"


class TlsSettings(BaseModel):
    """Certificates are always verified. `ca`: a PEM file to trust instead of the system's authorities."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    ca: Path | None = None
    """A PEM file with the authorities to trust instead of the system's."""
    certificate: Path | None = None
    """Our own certificate (PEM, with chain), where the other side asks for one."""
    key: Path | None = None
    """The private key of our own certificate (PEM)."""
    minimum_version: Literal["1.2", "1.3"] = "1.2"
    """The oldest version of TLS that is spoken."""

    def context(self) -> ssl.SSLContext:
        """A verifying client context. Raises SettingsError for files that cannot be used."""
        try:
            context = ssl.create_default_context(cafile=str(self.ca) if self.ca else None)
            if self.certificate:
                context.load_cert_chain(self.certificate, self.key)
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(
                f"tls: {self.ca or self.certificate} cannot be used ({error})", hint="give a readable PEM file"
            ) from error
        context.minimum_version = ssl.TLSVersion.TLSv1_3 if self.minimum_version == "1.3" else ssl.TLSVersion.TLSv1_2
        return context


def _proxy_url(url: str) -> str:
    server_url(url, ("https", "http"))
    return url


class ProxySettings(BaseModel):
    """An outbound HTTP proxy. `except_for`: hosts reached directly, as `example.com` or `.example.com`."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    url: Annotated[str, AfterValidator(_proxy_url)]
    """Such as http://proxy.example.com:3128."""
    username: str | None = None
    """Where the proxy asks for one."""
    password: Secret | None = None
    """Goes with `username`."""
    except_for: list[str] = Field(default_factory=list)
    """Hosts that are reached directly: `example.com` and hosts below it, or `.example.com`."""

    def serves(self, host: str) -> bool:
        """Whether connections to `host` go through this proxy."""
        return not any(host == name.lstrip(".") or host.endswith("." + name.lstrip(".")) for name in self.except_for)

    def url_with_credentials(self) -> str:
        """For libraries that take credentials in the URL; never to be logged."""
        if self.username is None:
            return self.url
        parts = urlsplit(self.url)
        secret = quote(self.secret(), safe="")
        return urlunsplit(parts._replace(netloc=f"{quote(self.username, safe='')}:{secret}@{parts.netloc}"))

    def secret(self) -> str:
        """The password, empty if there is none; known to `redact`, also as Basic credentials."""
        password = self.password.read() if self.password else ""
        register_basic(self.username or "", password)
        return password


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


_PLAIN_TEXT = ("WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG")
"""What OpenSSL says when the answer to a handshake is not TLS."""


def explain(error: BaseException) -> str:
    """A transport failure in plain words: refused, unknown host, untrusted certificate, silence."""
    text = str(error) or type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return f"its certificate is not trusted ({text.split('CERTIFICATE_VERIFY_FAILED]')[-1].strip()}); set tls.ca to the authority that signed it"
    if (
        "Name or service not known" in text
        or "nodename nor servname" in text
        or "Temporary failure in name resolution" in text
    ):
        return "its name cannot be resolved; check the host name and DNS"
    if any(reason in text for reason in _PLAIN_TEXT):
        return (
            "it speaks without TLS on this port; write its TLS port, or say that it is plain: a URL with http://, "
            "for syslog transport: tcp"
        )
    if b"\x15\x03".decode() in text:  # a TLS alert, read as if it were HTTP
        return "it speaks TLS on this port; write the URL with https://"
    if "Connection refused" in text:
        return "the connection was refused; is the service up and the port right?"
    if isinstance(error, httpx.TimeoutException):
        return f"no answer in time ({type(error).__name__})"
    return text

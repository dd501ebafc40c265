"""The certificate of a listener, and the authorities of its clients', read again when a file changes."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from pathlib import Path

from agent.errors import SettingsError

LOOK_EVERY = 1.0
"""Seconds between two looks at the files."""


class ServerTls:
    """A context for each new connection; of files that cannot be used the ones from before stay in use."""

    def __init__(
        self, certificate: Path, key: Path, client_ca: Path | None, steady: Callable[[], float] = time.monotonic
    ) -> None:
        self._certificate, self._key, self._client_ca = certificate, key, client_ca
        self._steady = steady
        self._looked = 0.0
        self._versions: tuple[tuple[int, ...], ...] = ()
        self._context: ssl.SSLContext | None = None
        self.problem = ""
        """Why the newest files are not in use; empty while they are."""

    def context(self) -> ssl.SSLContext:
        """Raises SettingsError while there never was one."""
        if self._context is not None and self._steady() - self._looked < LOOK_EVERY:
            return self._context
        self._looked = self._steady()
        self._context = self._newest()
        return self._context

    def _newest(self) -> ssl.SSLContext:
        files = [path for path in (self._certificate, self._key, self._client_ca) if path is not None]
        versions = tuple(_version(path) for path in files)
        if versions == self._versions and self._context is not None:
            return self._context
        self._versions = versions
        try:
            context = server_context(self._certificate, self._key, self._client_ca)
        except SettingsError as error:
            self.problem = str(error)
            if self._context is None:
                raise
            return self._context
        self.problem = ""
        return context


def server_context(certificate: Path, key: Path, client_ca: Path | None) -> ssl.SSLContext:
    """Clients may show a certificate where `client_ca` says whose are taken. Raises SettingsError for unusable files."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    file: Path = certificate
    try:
        context.load_cert_chain(certificate, key, password=lambda: "")  # else OpenSSL asks at the terminal
        if client_ca is not None:
            file = client_ca
            context.load_verify_locations(client_ca)
            context.verify_mode = ssl.CERT_OPTIONAL
    except (OSError, ssl.SSLError) as error:
        reason = (error.strerror if not isinstance(error, ssl.SSLError) else error.reason) or str(error)
        message = f"inbound.tls: {file} cannot be used ({reason})"
        raise SettingsError(message, hint="write a readable PEM file, and the key that belongs to it") from error
    context.set_alpn_protocols(["http/1.1"])
    return context


def _version(path: Path) -> tuple[int, ...]:
    """What changes when a file is replaced or written anew; empty for one that is not there."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return (found.st_ino, found.st_size, found.st_mtime_ns)

"""How Leakline trusts the other side of a connection, and shows who it is."""

from __future__ import annotations

import ssl
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from agent.errors import SettingsError


class TlsSettings(BaseModel):
    """Certificates are always verified. `ca`: a PEM file to trust instead of the system's authorities."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    ca: Path | None = None
    """A PEM file with the authorities to trust instead of the system's."""
    certificate: Path | None = None
    """The certificate that Leakline shows (PEM, with chain), where the other side asks for one."""
    key: Path | None = None
    """The private key of that certificate (PEM)."""
    minimum_version: Literal["1.2", "1.3"] = "1.2"
    """The oldest version of TLS that Leakline speaks."""

    def shared_context(self) -> ssl.SSLContext:
        """As `context`, for HTTP: the same one for everybody with these settings while the files are the same.

        One of the system's authorities takes 0.9 MB, and every org has connections of its own. httpx sets the protocols
        it speaks on a context, so one that it uses is for HTTP alone.
        """
        paths = ssl.get_default_verify_paths()
        read = [self.ca or paths.cafile, None if self.ca else paths.capath, self.certificate, self.key]
        return _shared_context(self, tuple(_version(Path(path)) for path in read if path))

    def context(self) -> ssl.SSLContext:
        """A verifying client context. Raises SettingsError for files that cannot be used."""
        try:
            context = ssl.create_default_context(cafile=str(self.ca) if self.ca else None)
            if self.certificate:
                context.load_cert_chain(self.certificate, self.key)
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(
                f"tls: {self.ca or self.certificate} cannot be used ({error})", hint="name a readable PEM file"
            ) from error
        context.minimum_version = ssl.TLSVersion.TLSv1_3 if self.minimum_version == "1.3" else ssl.TLSVersion.TLSv1_2
        return context


@lru_cache(maxsize=16)
def _shared_context(tls: TlsSettings, _versions: tuple[tuple[int, ...], ...]) -> ssl.SSLContext:
    return tls.context()


def _version(path: Path) -> tuple[int, ...]:
    """What changes when a file is replaced or written anew; empty for one that is not there."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return (found.st_ino, found.st_size, found.st_mtime_ns)

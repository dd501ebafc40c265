"""How Leakline trusts the other side of a connection, and shows who it is."""

from __future__ import annotations

import ssl
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

"""Contexts for TLS, and who shares them."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

import pytest

from agent.errors import SettingsError
from agent.network.tls import TlsSettings
from tests.certificates import make_certificates


def test_equal_settings_share_a_context() -> None:
    """Each takes near a megabyte, and every org has its own connections."""
    assert TlsSettings().shared_context() is TlsSettings().shared_context()
    assert TlsSettings().shared_context() is not TlsSettings(minimum_version="1.3").shared_context()
    assert TlsSettings().context() is not TlsSettings().context()


def test_a_file_written_anew_makes_another_context(tmp_path: Path) -> None:
    """Authorities and certificates are replaced while a daemon runs: the next connection has the new ones."""
    authority = tmp_path / "authority.pem"
    made = make_certificates(tmp_path)
    authority.write_bytes(made.ca.read_bytes())
    tls = TlsSettings(ca=authority)
    before = tls.shared_context()
    assert tls.shared_context() is before
    authority.write_bytes(authority.read_bytes())
    os.utime(authority, ns=(1, 1))
    assert tls.shared_context() is not before
    authority.write_text("no certificate")
    with pytest.raises(SettingsError, match="cannot be used"):
        tls.shared_context()


def test_a_shared_context_verifies() -> None:
    """Sharing gives nothing up."""
    context = TlsSettings().shared_context()
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname

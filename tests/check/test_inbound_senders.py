"""`leakline check` says what keeps senders from being heard, and whom one could guess."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.check.inbound_senders import examine_inbound
from agent.model import Finding
from agent.sources.inbound.settings import InboundSettings
from tests.certificates import make_certificates

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def findings(folder: Path, *senders: dict[str, Any], away: timedelta = timedelta(), **values: Any) -> list[Finding]:
    settings = InboundSettings.model_validate(
        {"listen": "127.0.0.1:0", "senders": senders or [sender(folder, "good", bearer="x" * 30)], **values}
    )
    return list(examine_inbound(settings, datetime.now(UTC) + away, running=False))


def sender(folder: Path, name: str, *, subject: str | None = None, **secrets: str) -> dict[str, Any]:
    authentication: dict[str, Any] = {"client_certificate": subject} if subject else {}
    for kind, text in secrets.items():
        (folder / f"{name}-{kind}").write_text(text)
        authentication[kind] = {"file": str(folder / f"{name}-{kind}")}
    return {"name": name, "org": "acme", "authentication": authentication}


def tls_of(folder: Path) -> dict[str, str]:
    certificates = make_certificates(folder)
    return {
        "certificate": str(certificates.server),
        "key": str(certificates.server_key),
        "client_ca": str(certificates.ca),
    }


def test_all_is_well(tmp_path: Path) -> None:
    """Address, certificate and senders each have a finding that is fine."""
    good = sender(tmp_path, "good", bearer="x" * 30, hmac=KEY, path="a1" * 12)
    found = findings(tmp_path, good, tls=tls_of(tmp_path))
    assert [finding.ok for finding in found] == [True] * 3


def test_an_address_that_is_taken(tmp_path: Path) -> None:
    """By somebody else than our daemon."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        (finding, *_) = findings(tmp_path, listen=f"127.0.0.1:{taken.getsockname()[1]}")
    assert not finding.ok
    assert "it is in use" in finding.message


@pytest.mark.parametrize(
    ("secrets", "words"),
    [
        ({"hmac": "a password"}, "is not base64"),
        ({"hmac": "whsec_c2hvcnQ="}, "has 5 bytes"),
        ({"path": "short"}, "secret path"),
        ({"path": "with/a/slash/that/splits/it"}, "secret path"),
        ({"bearer": "short"}, "fewer than 20 characters"),
        ({"bearer": "x" * 30, "subject": "somebody"}, "is not the subject"),
    ],
)
def test_what_a_sender_shows_and_anybody_could(tmp_path: Path, secrets: dict[str, str], words: str) -> None:
    """Each with how to make a better one."""
    found = findings(tmp_path, sender(tmp_path, "weak", **secrets), tls=tls_of(tmp_path))
    (finding,) = [finding for finding in found if not finding.ok]
    assert words in finding.message
    assert finding.fix


def test_two_senders_with_one_path(tmp_path: Path) -> None:
    """One of them would never be heard."""
    found = findings(tmp_path, sender(tmp_path, "a", path="a1" * 12), sender(tmp_path, "b", path="a1" * 12))
    (finding,) = [finding for finding in found if not finding.ok]
    assert "a and b have the same secret path" in finding.message


@pytest.mark.parametrize(
    ("away", "words", "is_warning"),
    [
        (timedelta(days=40), "ended on", False),
        (-timedelta(days=10), "begins on", False),
        (timedelta(days=20), "ends on", True),
    ],
)
def test_a_certificate_that_does_not_hold(tmp_path: Path, away: timedelta, words: str, is_warning: bool) -> None:
    """Any more, yet, or much longer."""
    (finding,) = [finding for finding in findings(tmp_path, away=away, tls=tls_of(tmp_path)) if not finding.ok]
    assert words in finding.message
    assert finding.warning is is_warning


def test_a_key_of_another_certificate(tmp_path: Path) -> None:
    """The listener could not begin."""
    tls = tls_of(tmp_path)
    (finding,) = [
        finding for finding in findings(tmp_path, tls={**tls, "key": str(tmp_path / "client.key")}) if not finding.ok
    ]
    assert "cannot be used" in finding.message

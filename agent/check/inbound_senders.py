"""The listener for senders: where it listens, its certificate, and whether what senders show can be told from a guess."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import httpx
from cryptography import x509

from agent.check.listeners import advice, reason, refusal_to_listen
from agent.errors import SettingsError
from agent.model import Finding
from agent.network.server_tls import server_context
from agent.secret import SecretReference
from agent.sources.inbound.authentication.certificate_subject import is_subject
from agent.sources.inbound.authentication.sender_proof import SHORTEST_PATH
from agent.sources.inbound.authentication.signature import signing_key
from agent.sources.inbound.settings import InboundSettings, InboundTls, SenderSettings, split_address

SHORTEST_TOKEN = 20
"""Characters of a token of which each is one of 64 by chance: 120 bits."""
_PATH = re.compile(rf"[A-Za-z0-9._~-]{{{SHORTEST_PATH},}}")
"""What goes into a URL as it is."""
SOON = timedelta(days=14)
"""Before a certificate's end it is told."""


def examine_inbound(settings: InboundSettings, now: datetime, *, running: bool) -> Iterator[Finding]:
    """A finding for each thing looked at; asks nobody but this machine. `running`: a daemon may listen already."""
    yield _address(settings, running=running)
    if settings.tls is not None:
        yield from _certificate(settings.tls, now)
    doubts = [finding for sender in settings.senders for finding in _sender(sender)]
    doubts += _shared_paths(settings)
    yield from doubts
    if not doubts:
        yield Finding("inbound", True, f"what {len(settings.senders):,} senders show can be checked")


def _address(settings: InboundSettings, *, running: bool) -> Finding:
    error = refusal_to_listen(*split_address(settings.listen))
    if error is None:
        return Finding("inbound", True, f"{settings.listen} is free")
    if error.errno == errno.EADDRINUSE and running and _is_ours(settings):
        return Finding("inbound", True, f"the running daemon listens at {settings.listen}")
    message = f"nothing can listen at {settings.listen} ({reason(error)})"
    return Finding("inbound", False, message, advice(error, "inbound"))


def _is_ours(settings: InboundSettings) -> bool:
    scheme, port = ("https" if settings.tls else "http"), split_address(settings.listen)[1]
    try:  # on this machine, for what anybody may read: whose certificate it is does not matter
        answer = httpx.get(f"{scheme}://localhost:{port}/openapi.json", timeout=5, trust_env=False, verify=False)  # noqa: S501
    except httpx.HTTPError:
        return False
    return "Leakline" in answer.text


def _certificate(tls: InboundTls, now: datetime) -> Iterator[Finding]:
    try:
        server_context(tls.certificate, tls.key, tls.client_ca)
        certificate = x509.load_pem_x509_certificates(tls.certificate.read_bytes())[0]
    except (SettingsError, OSError, ValueError) as error:
        hint = error.hint if isinstance(error, SettingsError) else "write a readable PEM file"
        yield Finding("inbound", False, str(error.args[0]), hint)
        return
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    fix = f"put a new certificate at {tls.certificate}; the daemon reads it when it changes"
    if ends <= now:
        yield Finding("inbound", False, f"inbound.tls: {tls.certificate} ended on {ends:%Y-%m-%d}", fix)
    elif begins > now:
        yield Finding("inbound", False, f"inbound.tls: {tls.certificate} begins on {begins:%Y-%m-%d %H:%M} UTC", fix)
    elif ends - now < SOON:
        yield Finding("inbound", False, f"inbound.tls: {tls.certificate} ends on {ends:%Y-%m-%d}", fix, warning=True)
    else:
        yield Finding("inbound", True, f"the certificate holds until {ends:%Y-%m-%d}, and its key fits")


def _sender(sender: SenderSettings) -> Iterator[Finding]:
    authentication, where = sender.authentication, f"inbound.senders: {sender.name}"
    subject = authentication.client_certificate
    if subject is not None and not is_subject(subject):
        message = f"{where}: {subject!r} is not the subject of a certificate"
        yield Finding(
            "inbound", False, message, "write it as `openssl x509 -noout -subject -nameopt RFC2253` prints it"
        )
    for key in authentication.keys:
        try:
            signing_key(_read(key) or "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
        except ValueError as error:
            fix = 'make one by `echo "whsec_$(openssl rand -base64 32)"`'
            yield Finding("inbound", False, f"{where}: {error}", fix)
    path, token = _read(authentication.path), _read(authentication.bearer)
    if path and not _PATH.fullmatch(path):
        message = f"{where}: the secret path is not {SHORTEST_PATH} letters and digits or more, and is not taken"
        yield Finding("inbound", False, message, "make one by `openssl rand -hex 24`")
    if token and len(token) < SHORTEST_TOKEN:
        message = f"{where}: the token has fewer than {SHORTEST_TOKEN} characters, which can be guessed"
        yield Finding("inbound", False, message, "make one by `openssl rand -base64 32`", warning=True)


def _shared_paths(settings: InboundSettings) -> list[Finding]:
    owners: dict[str, str] = {}
    found = []
    for sender in settings.senders:
        path = _read(sender.authentication.path)
        if path and path in owners:
            message = f"inbound.senders: {owners[path]} and {sender.name} have the same secret path"
            found.append(Finding("inbound", False, message, "give each sender a path of its own"))
        owners.setdefault(path, sender.name)
    return found


def _read(secret: SecretReference | None) -> str:
    """Empty where there is none, and where it cannot be read, which `examine_secrets` tells."""
    try:
        return secret.read() if secret is not None else ""
    except SettingsError:
        return ""

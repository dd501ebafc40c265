"""Whether a request is of the sender whom it names. Whatever is wrong, and whoever is named, takes the same steps."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from standardwebhooks import Webhook

from agent.sources.inbound.authentication import signature
from agent.sources.inbound.authentication.certificate_subject import same_subject
from agent.sources.inbound.authentication.secret_values import SecretValues
from agent.sources.inbound.settings import Authentication

SHORTEST_PATH = 20
"""Characters of a secret path: fewer can be guessed, and the sender is refused."""

NOBODY = Authentication.model_construct(bearer=None, hmac=None, client_certificate=None, path=None)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a request shows before its body."""

    headers: Mapping[bytes, bytes]
    subject: str
    """Of the client's certificate; empty without one that the listener trusts."""
    by_path: bool = False
    """Whether it came by the sender's secret path."""


class SenderProof:
    """Of one sender. `read` is for a thread that may wait, all else for the listener's."""

    def __init__(self, settings: Authentication) -> None:
        """`NOBODY`: of a sender that does not exist, whom nothing proves."""
        self._settings = settings
        self._bearer = SecretValues([settings.bearer] if settings.bearer else [])
        self._keys = SecretValues(settings.keys)
        self._path = SecretValues([settings.path] if settings.path else [])
        self._tokens: tuple[bytes, ...] = (secrets.token_bytes(32),)
        self._paths: tuple[bytes, ...] = (secrets.token_bytes(32),)
        self._signing: tuple[Webhook, ...] = (Webhook(secrets.token_bytes(32)),)
        self.problem = ""
        """Why its secrets cannot be used, for whoever runs Leakline; empty while they can."""
        self.read_again = False
        """Whether a request was refused since the secrets were read."""

    def read(self) -> None:
        """Its secrets anew."""
        self.read_again = False
        for values in (self._bearer, self._keys, self._path):
            values.read()
        problems = [values.problem for values in (self._bearer, self._keys, self._path) if values.problem]
        signing = []
        for secret in self._keys.values:
            try:
                signing.append(signature.signing_key(secret))
            except ValueError as error:
                problems.append(str(error))
        if any(len(path) < SHORTEST_PATH for path in self._path.values):
            problems.append(f"its secret path has fewer than {SHORTEST_PATH} characters, which can be guessed")
        paths = [path for path in self._path.values if len(path) >= SHORTEST_PATH]
        self._tokens = tuple(map(_digest, self._bearer.values)) or (secrets.token_bytes(32),)
        self._paths = tuple(map(_digest, paths)) or (secrets.token_bytes(32),)
        self._signing = tuple(signing) or (Webhook(secrets.token_bytes(32)),)
        self.problem = "; ".join(problems)

    def has_path(self, shown: bytes) -> bool:
        """Whether this is the digest (`path_digest`) of its secret path."""
        return _is_among(shown, self._paths)

    def why_not(self, shown: Shown) -> str:
        """The reason for which the request is not of the sender, as far as can be told before its body; empty if it may be."""
        settings = self._settings
        scheme, _, token = shown.headers.get(b"authorization", b"").partition(b" ")
        right_token = _is_among(_digest_bytes(token.strip()), self._tokens)
        right_subject = same_subject(shown.subject, settings.client_certificate or "CN=")
        reasons = []
        if settings.bearer and not (right_token and scheme.lower() == b"bearer"):
            reasons.append("it has no token, or another one")
        if settings.client_certificate and not right_subject:
            reasons.append(f"its certificate is of {shown.subject!r}" if shown.subject else "it shows no certificate")
        if settings.path and not shown.by_path:
            reasons.append("it did not come by the secret path")
        if settings.keys and signature.SIGNATURE not in shown.headers:
            reasons.append("it is not signed")
        if settings is NOBODY:
            reasons.append("no sender has this name")
        return ", and ".join(reasons)

    def why_not_signed(self, headers: Mapping[bytes, bytes], body: bytes, now: datetime) -> str:
        """The reason for which the signature is not the sender's; empty if it is, or if the sender does not sign."""
        reason = signature.why_not_signed(self._signing, headers, body, now)
        return reason if self._settings.keys or self._settings is NOBODY else ""


def path_digest(path: str) -> bytes:
    """Of what a request has in the place of a secret path."""
    return _digest(path)


def _is_among(shown: bytes, digests: Sequence[bytes]) -> bool:
    """All are compared, without an early end."""
    return sum(hmac.compare_digest(shown, digest) for digest in digests) > 0


def _digest(text: str) -> bytes:
    return _digest_bytes(text.encode("utf-8", "surrogatepass"))


def _digest_bytes(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()

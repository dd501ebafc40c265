"""What a transport failure means, in plain words."""

from __future__ import annotations

import httpx

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
            "this port does not use TLS; write the TLS port, or a setting without TLS: a URL with http://, "
            "for syslog transport: tcp"
        )
    if b"\x15\x03".decode() in text:  # a TLS alert, read as if it were HTTP
        return "this port uses TLS; write the URL with https://"
    if "Connection refused" in text:
        return "the connection was refused; is the service up and the port right?"
    if isinstance(error, httpx.TimeoutException):
        return f"no answer in time ({type(error).__name__})"
    return text

"""TLS on one side only: a port that speaks TLS where we speak plain text fails in many ways, none of which says so."""

from __future__ import annotations

import socket
import ssl
from urllib.parse import urlsplit

from agent.config.settings import DestinationSettings
from agent.destinations.file.file import FileSettings
from agent.destinations.syslog.syslog import SyslogSettings

PATIENCE = 5.0
"""Seconds for a handshake."""


def advice(destination: DestinationSettings) -> str:
    """What to write when a destination that we speak to in plain text speaks TLS; empty if that is not so.

    To be asked after it failed: a plain receiver takes the handshake for a message.
    """
    match destination:
        case FileSettings():
            return ""
        case SyslogSettings():
            host, port, plain, wanted = (
                destination.host,
                destination.port,
                destination.transport == "tcp",
                "transport: tls",
            )
        case _:
            parts = urlsplit(destination.url)
            host, port = parts.hostname or "", parts.port or 80
            plain, wanted = parts.scheme == "http", f"url: https://{parts.netloc}"
    if not plain or destination.proxy is not None or not speaks_tls(host, port):
        return ""
    return f"{host}:{port} speaks TLS: write `{wanted}`"


def speaks_tls(host: str, port: int) -> bool:
    """Whether a TLS handshake gets a TLS answer; nothing is sent over it, so the certificate does not matter."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((host, port), PATIENCE) as plain,
            context.wrap_socket(plain, server_hostname=host),
        ):
            return True
    except ssl.SSLError as error:
        # An alert, such as one that asks for a certificate or another version, is TLS too.
        return "ALERT" in str(error.reason)
    except OSError:
        return False

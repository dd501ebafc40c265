"""A TCP connection through an HTTP proxy (CONNECT, RFC 9110 section 9.3.6)."""

from __future__ import annotations

import base64
import socket
from urllib.parse import urlsplit

from agent.network.proxy import ProxySettings

LONGEST_HEAD = 16_384
"""Bytes of the proxy's answer up to its empty line."""


def open_tunnel(proxy: ProxySettings, host: str, port: int, timeout: float) -> socket.socket:
    """A connected socket whose bytes go to `host:port`. Raises OSError; `timeout` is in seconds."""
    parts = urlsplit(proxy.url)
    connection = socket.create_connection((parts.hostname or "", parts.port or 3128), timeout)
    try:
        connection.sendall(_request(proxy, host, port))
        status = _status(connection)
        if not 200 <= status < 300:
            raise ConnectionRefusedError(f"the proxy {parts.hostname} answered {status}")
    except BaseException:
        connection.close()
        raise
    return connection


def _request(proxy: ProxySettings, host: str, port: int) -> bytes:
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if proxy.username is not None:
        lines.append(
            f"Proxy-Authorization: Basic {base64.b64encode(f'{proxy.username}:{proxy.secret()}'.encode()).decode()}"
        )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _status(connection: socket.socket) -> int:
    """Byte by byte up to the empty line: what follows it belongs to the peer."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        if not byte or len(head) > LONGEST_HEAD:
            raise ConnectionResetError("the proxy gave no answer to CONNECT")
        head += byte
    words = head.split(b"\r\n", 1)[0].split()
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0

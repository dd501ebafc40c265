"""Where the daemon wants to listen: its control socket and its metrics port."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx

from agent.check.state_directory import exists
from agent.config.settings import MetricsSettings, StateSettings
from agent.daemon.control.client import LONGEST_PATH
from agent.model import Finding

MADE_BY_SYSTEMD = Path("/run/leakline")


def control_socket(state: StateSettings) -> Iterator[Finding]:
    """What keeps the daemon from opening its control socket; nothing if all is well."""
    path, subject = state.socket(), "control socket"
    length = len(os.fsencode(path))
    if length > LONGEST_PATH:
        message = f"state.control_socket: {path} is {length} bytes long, and a socket path may have {LONGEST_PATH}"
        yield Finding(subject, False, message, "write a shorter path, such as /run/leakline/control.sock")
    elif path.parent == state.directory:
        return  # made by the daemon itself
    elif not exists(path.parent):
        message = f"state.control_socket: the folder {path.parent} does not exist"
        by_systemd = path.parent == MADE_BY_SYSTEMD
        fix = "systemd creates it when the service starts" if by_systemd else "create it, or write another path"
        yield Finding(subject, False, message, fix, warning=by_systemd)
    elif not path.parent.is_dir():
        message = f"state.control_socket: {path.parent} is a file, not a folder"
        yield Finding(subject, False, message, "write another path")
    elif exists(path) and not path.is_socket():
        message = f"state.control_socket: {path} exists and is not a socket"
        yield Finding(subject, False, message, "write the path of a file that does not exist; the daemon creates it")
    elif not os.access(path.parent, os.W_OK | os.X_OK):
        message = f"state.control_socket: {path.parent} cannot be written to"
        yield Finding(subject, False, message, "give the service's user the right to write there")


def metrics_port(metrics: MetricsSettings, *, running: bool) -> Iterator[Finding]:
    """Whether the daemon can listen where its metrics are wanted; `running`: it may do so already."""
    if not metrics.port:
        return
    address = f"{metrics.address}:{metrics.port}"
    try:
        with _socket_for(metrics.address) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the daemon does
            listener.bind((metrics.address, metrics.port))
            listener.listen(1)
    except OSError as error:
        if error.errno == errno.EADDRINUSE and running and _is_ours(metrics):
            yield Finding("metrics", True, f"the running daemon listens at {address}")
        else:
            yield Finding("metrics", False, f"nothing can listen at {address} ({_reason(error)})", _advice(error))
        return
    yield Finding("metrics", True, f"{address} is free")


def _socket_for(address: str) -> socket.socket:
    return socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)


def _is_ours(metrics: MetricsSettings) -> bool:
    host = f"[{metrics.address}]" if ":" in metrics.address else metrics.address
    try:
        answer = httpx.get(f"http://{host}:{metrics.port}/metrics", timeout=5, trust_env=False)
    except httpx.HTTPError:
        return False
    return "leakline_" in answer.text


def _reason(error: OSError) -> str:
    return "it is in use" if error.errno == errno.EADDRINUSE else str(error.strerror or error)


def _advice(error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return "write another `metrics.port`; `ss -ltnp` shows the process that uses this one"
        case errno.EACCES:
            return "write a port of 1024 or more"
        case errno.EADDRNOTAVAIL:
            return "write an address that this machine has as `metrics.address`"
        case _:
            return "write another `metrics.address` or `metrics.port`"

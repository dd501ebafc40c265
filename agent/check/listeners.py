"""Where the daemon wants to listen: its control socket, its metrics port, and what any port may lack."""

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
    error = refusal_to_listen(metrics.address, metrics.port)
    if error is not None:
        if error.errno == errno.EADDRINUSE and running and _is_ours(metrics):
            yield Finding("metrics", True, f"the running daemon listens at {address}")
        else:
            yield Finding(
                "metrics", False, f"nothing can listen at {address} ({reason(error)})", advice(error, "metrics")
            )
        return
    yield Finding("metrics", True, f"{address} is free")


def refusal_to_listen(address: str, port: int) -> OSError | None:
    """Why nothing can listen there now; None if something can."""
    try:
        family = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the daemon does
            listener.bind((address, port))
            listener.listen(1)
    except OSError as error:
        return error
    return None


def _is_ours(metrics: MetricsSettings) -> bool:
    host = f"[{metrics.address}]" if ":" in metrics.address else metrics.address
    try:
        answer = httpx.get(f"http://{host}:{metrics.port}/metrics", timeout=5, trust_env=False)
    except httpx.HTTPError:
        return False
    return "leakline_" in answer.text


def reason(error: OSError) -> str:
    """In a few words."""
    return "it is in use" if error.errno == errno.EADDRINUSE else str(error.strerror or error)


def advice(error: OSError, key: str) -> str:
    """What to do about it. `key`: of the settings, `metrics` or `inbound`."""
    port, address = ("`inbound.listen`",) * 2 if key == "inbound" else (f"`{key}.port`", f"`{key}.address`")
    match error.errno:
        case errno.EADDRINUSE:
            return f"write another {port}; `ss -ltnp` shows the process that uses this one"
        case errno.EACCES:
            return "write a port of 1024 or more"
        case errno.EADDRNOTAVAIL:
            return f"write an address that this machine has as {address}"
        case _:
            return f"write another {address}" + ("" if port == address else f" or {port}")

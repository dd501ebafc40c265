"""The simulated org of the demo, in a process of its own as a real one would be."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from agent.demo.verdict import MUST_BE_FOUND
from agent.errors import LeaklineError

LAST_LINE = "control"
PATIENCE = 30.0
"""Seconds for its end; half a second is what it takes."""

DAY = ("--no-daily-files", "--history-only", *(f"--scenario={name}" for name in MUST_BE_FOUND))
"""Options of a short run: the leaks that a day shows, and no hour that ends while somebody watches."""


@contextmanager
def simulated_org(folder: Path, *, seed: int, rows: int, options: Sequence[str] = DAY) -> Iterator[dict[str, str]]:
    """Run one for a day whose files are all there at once; yields what it says of itself, by name.

    `options`: further ones of `python -m agent.simulator`.
    """
    command = [sys.executable, "-m", "agent.simulator", "--port", "0", "--pubsub-port", "0", "--history", "24h",
               "--delay", "0h", "--folder", str(folder), "--seed", str(seed), "--rows-per-day", str(rows),
               *options]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield _introduction(process)
    finally:
        end(process)


def end(process: subprocess.Popen[str], patience: float = PATIENCE) -> None:
    """Let it end; after `patience` seconds it is killed: nothing of it is needed any more, and a busy machine is not a fault."""
    process.terminate()
    try:
        process.wait(timeout=patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _introduction(process: subprocess.Popen[str]) -> dict[str, str]:
    facts: dict[str, str] = {}
    for line in process.stdout or ():
        facts[line[:18].strip()] = line[18:].strip()
        if LAST_LINE in facts:
            return facts
    raise LeaklineError(f"the simulated org did not start (exit status {process.wait()})")

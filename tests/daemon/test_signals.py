"""Signals that come before the daemon listens to them."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(("number", "ended", "said"), [("SIGTERM", 0, ""), ("SIGHUP", 0, "started\n")])
def test_a_signal_while_starting_is_no_crash(number: str, ended: int, said: str) -> None:
    """A stop ends the start with status 0; a reload has nothing to reload, and the start goes on."""
    program = (
        "import os, signal\nfrom agent.daemon.signals import while_starting\nwhile_starting()\n"
        f"os.kill(os.getpid(), signal.{number})\nprint('started')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (ended, said, "")

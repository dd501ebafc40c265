"""The process of the demo's simulated org."""

from __future__ import annotations

import subprocess

from agent.demo.org_process import end


def test_an_org_that_does_not_end_is_killed() -> None:
    """On a machine that is too busy for it, its end is not an error of whoever used it."""
    stubborn = ["bash", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done"]
    with subprocess.Popen(stubborn, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        end(process, patience=0.1)
        assert process.returncode == -9

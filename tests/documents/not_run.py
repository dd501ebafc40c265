"""The commands of documents that no test of a page runs, each with its reason.

Of those that call `leakline`, options and arguments are still held against the command line.
"""

from __future__ import annotations

NOT_RUN = {
    "make demo": "takes minutes; CI runs it",
    "make test": "is what runs these tests",
    "leakline simulate": "the session's simulated org stands in for it",
    "leakline incidents": "needs incidents; tests/cli/incidents runs each of them",
    "leakline notices": "needs incidents; tests/cli/notices runs each of them",
    "leakline drill": "needs a daemon; tests/drills/running runs it",
    "leakline changes": "needs a daemon and other users; tests/permissions runs it",
    "leakline trail": "needs a daemon that has run; tests/end_to_end/test_trail.py runs it",
    "python packaging/verify_trail.py": "needs an export of one",
    "pip install": "needs a package index",
    "python3 -m venv": "needs a package index next",
    "python3 -m pip": "needs a package index",
    "/opt/leakline/bin/": "needs root and an installation",
    "cp ": "copies into folders of the system",
    "systemctl": "needs root and systemd",
    "systemd-sysusers": "needs root",
    "chgrp": "needs root",
    "chmod": "changes modes in folders of the system",
    "sudo": "needs root",
    ".venv/bin/pre-commit": "writes into .git",
}
"""The beginning of a command to the reason. Each is used by a page."""


def not_run_by(command: str) -> str:
    """The entry that a command falls under, or nothing."""
    return next((beginning for beginning in NOT_RUN if command.startswith(beginning)), "")


def reason_not_to_run(command: str) -> str:
    """Why a command is not run; empty for one that is."""
    return NOT_RUN.get(not_run_by(command), "")

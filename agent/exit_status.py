"""How a command ends: the numbers that scripts and systemd go by."""

from __future__ import annotations

FINE = 0

FOUND = 1
"""Something was found: an alert, a problem, a row or a rule that is wrong."""

WRONG_USAGE = 2
"""The command was called wrongly; typer ends with the same."""

FAILED = 3
"""It failed, or cannot tell."""

WRONG_CONFIGURATION = 78
"""The settings are wrong, or the state of `run` is damaged: only a person can go on, and systemd must not try again
(`EX_CONFIG` of sysexits.h; RestartPreventExitStatus in the unit).
"""

INTERRUPTED = 130
"""128 and the number of SIGINT, as shells have it."""

"""What the control socket may ask of the running daemon."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import structlog

from agent.assembly.daemon_parts import DaemonParts
from agent.daemon import status
from agent.daemon.reading.polling import Polling
from agent.errors import Busy, SettingsError
from agent.pipeline.forward import Forward
from agent.store.queue.dead_letter_commands import DeadLetterCommands
from agent.store.status import counted_status, uncounted_status

log = structlog.get_logger()

STATE_WAIT = 3.0
"""Seconds that `status` waits for the state; after that it says what it knows without."""


class DaemonCommands:
    """Each may be called from any thread."""

    def __init__(
        self, parts: DaemonParts, polling: Polling, forwards: Sequence[Forward], now: Callable[[], datetime]
    ) -> None:
        self._parts = parts
        self._polling = polling
        self._forwards = forwards
        self._now = now

    def table(self) -> dict[str, Callable[..., Any]]:
        """By the name that a request gives."""
        lanes = {forward.name: forward.lanes for forward in self._forwards}
        return {
            "status": self.status,
            "reload": self.reload,
            "acknowledge": self.acknowledge,
            **DeadLetterCommands(self._parts.stores, lanes, self._now).commands(),
        }

    def status(self) -> dict[str, Any]:
        """The status document, with what only the running daemon knows."""
        parts, now = self._parts, self._now()
        document = self._stored()
        for destination, forward in zip(document["destinations"], self._forwards, strict=True):
            destination |= forward.live_status()
        return document | {
            "running": True,
            "orgs": [
                {"name": name, "api_calls_used": s.usage.used, "api_calls_allowed": s.usage.limit, "problem": ""}
                for name, s in parts.sessions.items()
            ],
            "sources": self._polling.status(now),
            "rules": {"loaded": parts.rules_loaded, "problems": [str(e) for e in parts.problems]},
        }

    def _stored(self) -> dict[str, Any]:
        """What the state says, with the open problems; without counting where a loop holds the state for too long."""
        parts = self._parts
        lanes = {f.destination.name: f.lanes for f in self._forwards}
        try:
            with parts.state.transact(wait=STATE_WAIT):
                document = counted_status(parts.state, parts.spool, parts.dead_letters, lanes)
                return document | {"problems": status.problem_documents(parts.open_problems.open())}
        except Busy as error:
            document = uncounted_status(parts.state, parts.spool, parts.dead_letters, lanes)
            return document | {
                "problems": [
                    status.stalled_state_problem(error),
                    *status.problem_documents(parts.open_problems.known()),
                ]
            }

    def acknowledge(self, number: str, by: str) -> dict[str, Any] | None:
        """Close an open problem on somebody's word; the problem, or None where none has this id."""
        with self._parts.state.transact(wait=STATE_WAIT):
            problem = self._parts.open_problems.acknowledge(str(number), str(by))
        return status.problem_documents([problem])[0] if problem else None

    def reload(self) -> dict[str, Any]:
        """Rules, mappings and lists anew, from the next batch on; how many rules run, and what did not load."""
        try:
            found = [failure.message for failure in self._parts.reload()]
        except SettingsError as error:
            found = [f"{error}; all rules, mappings and lists stay as they were"]
        log.log(
            logging.WARNING if found else logging.INFO, "reloaded", rules=self._parts.rules_loaded, not_loaded=found
        )
        return {"rules": self._parts.rules_loaded, "not_loaded": found}

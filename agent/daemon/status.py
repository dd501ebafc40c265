"""What `leakline status` shows, as one JSON-able document: accounts from the state, troubles from the running parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from agent import __version__
from agent.config.settings import Settings
from agent.daemon.clock import utc_now
from agent.daemon.control import ask, is_there
from agent.errors import LeaklineError, StateDamaged
from agent.problem import KINDS, Problem
from agent.store import keys
from agent.store.dead_letters import DeadLetters
from agent.store.directory.state_directory import StateDirectory
from agent.store.problems import Problems
from agent.store.spool import Spool
from agent.store.status import counted_status

NO_DAEMON = {
    "id": "",
    "kind": "no-daemon",
    "subject": "daemon",
    "since": None,
    "message": "no daemon is running on this state: nothing is read and nothing is sent",
    "fix": "start it (`systemctl start leakline`, or `leakline run`); its log says why it ended",
    "clears": "itself",
    "count": 1,
}
"""The problem that is seen only by a command that finds no daemon."""


ANSWER_WITHIN = 15.0
"""Seconds until `status` says that it cannot tell."""


def document(settings: Settings) -> dict[str, Any]:
    """What the running daemon says, or the state alone. Raises LeaklineError when neither can tell."""
    answer: dict[str, Any] | None = ask(settings.state.socket(), "status", timeout=ANSWER_WITHIN)
    return answer or _without_daemon(settings)


def acknowledge(settings: Settings, number: str, by: str) -> dict[str, Any] | None:
    """Close an open problem, in the daemon or in the state alone; the problem, or None where none has this id."""
    socket = settings.state.socket()
    if is_there(socket):
        closed: dict[str, Any] | None = ask(socket, "acknowledge", number=number, by=by)
        return closed
    state = StateDirectory(settings.state.directory)
    try:
        problem = Problems(state.shard(keys.PROCESS), utc_now).acknowledge(number, by)
    finally:
        state.close()
    return problem_documents([problem])[0] if problem else None


def _without_daemon(settings: Settings) -> dict[str, Any]:
    try:
        state = StateDirectory(settings.state.directory)
    except StateDamaged as error:
        return _unreadable(settings, error)
    try:
        lanes = {destination.name: destination.lanes for destination in settings.destinations}
        shard = state.shard(keys.PROCESS)
        stored = counted_status(shard, Spool(shard), DeadLetters(shard), lanes)
        problems = Problems(shard, utc_now).open()
    finally:
        state.close()
    return stored | {"running": False, "problems": [NO_DAEMON, *problem_documents(problems)]}


def _unreadable(settings: Settings, error: StateDamaged) -> dict[str, Any]:
    """All that can be said of a state whose database is damaged or gone."""
    damaged = Problem("state-damaged", "state", datetime.now(UTC), str(error.args[0]), error.hint)
    return {
        "version": __version__,
        "state": {"directory": str(settings.state.directory)},
        "running": False,
        "balanced": None,
        "problems": [{**problem_documents([damaged])[0], "since": None}, NO_DAEMON],
    }


def problem_documents(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """Problems as `status --json` has them."""
    return [
        {
            "id": problem.id,
            "kind": problem.kind,
            "subject": problem.subject,
            "since": problem.since.isoformat(),
            "message": problem.message,
            "fix": problem.advice,
            "clears": problem.clears,
            "count": problem.count,
        }
        for problem in problems
    ]


def stalled_state_problem(error: LeaklineError) -> dict[str, Any]:
    """The problem that the daemon's state is held by a loop that hangs, as `status --json` has it."""
    return {
        "id": "",
        "kind": "loop-stalled",
        "subject": "state",
        "since": None,
        "message": f"a loop hangs: {error}",
        "fix": KINDS["loop-stalled"].fix,
        "clears": "itself",
        "count": 1,
    }


def error_document(error: LeaklineError) -> dict[str, Any]:
    """The document of a `status --json` that cannot tell."""
    return {"version": __version__, "error": str(error), "problems": None, "balanced": None}


def is_well(document: Mapping[str, Any]) -> bool:
    """Whether nothing is wrong now and nothing waits for a person: exit status 0."""
    return bool(document["balanced"]) and not document["problems"]

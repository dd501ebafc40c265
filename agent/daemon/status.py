"""What `leakline status` shows, from the running daemon or from the state alone, and problems across shards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from agent import __version__
from agent.config.settings import DestinationSettings, Settings
from agent.daemon.backfill.status import stored_backfills
from agent.daemon.clock import utc_now
from agent.daemon.control.client import ask, is_there
from agent.daemon.control.state_alone import opened_shards, require_alone
from agent.daemon.incidents.incident_counts import incidents_status
from agent.daemon.notice.deadlines import next_deadlines
from agent.daemon.on_call.maintenance_status import maintenance_status
from agent.daemon.trail.trail_mirrors import mirroring, trail_status
from agent.errors import LeaklineError, StateDamaged
from agent.problem import Problem, problem_id
from agent.problem_kinds import KINDS
from agent.status_document import (
    ProblemStatus,
    StateStatus,
    StatusDocument,
    decode,
    decode_problem,
    encode_problem,
)
from agent.store.keys import PROCESS
from agent.store.problems import Problems
from agent.store.queue.status import Lanes, Shards, Takes, counted_status, held

NO_DAEMON = ProblemStatus(
    id="",
    kind="no-daemon",
    subject="daemon",
    since=None,
    message="no daemon is running on this state: nothing is read and nothing is sent",
    fix="start it (`systemctl start leakline`, or `leakline run`); its log says why it ended",
    clears="itself",
)
"""The problem that is seen only by a command that finds no daemon."""


ONLY_BACKFILLS = replace(
    NO_DAEMON,
    message="only `leakline backfill` is running on this state: nothing new is read",
    fix="start the daemon when the backfill has ended (`systemctl start leakline`, or `leakline run`)",
)
"""The same while that command reads the past by itself."""

ANSWER_WITHIN = 15.0
"""Seconds until `status` says that it cannot tell."""


class NamedLanes(Protocol):
    """A destination, or its settings."""

    @property
    def name(self) -> str: ...

    @property
    def lanes(self) -> Sequence[Any]: ...


def document(settings: Settings) -> StatusDocument:
    """What the running daemon says, or the state alone. Raises LeaklineError when neither can tell."""
    socket = settings.state.socket()
    answer = ask(socket, "status", timeout=ANSWER_WITHIN)
    if answer is None:
        return _without_daemon(settings)
    try:
        return decode(answer)
    except ValueError as error:
        raise LeaklineError(
            f"the daemon at {socket} is another version of Leakline",
            hint="use the `leakline` command that belongs to the running daemon",
        ) from error


def acknowledge(settings: Settings, number: str, by: str) -> list[ProblemStatus]:
    """Close an open problem, in the daemon or in the state alone; see `acknowledge_in`."""
    socket = settings.state.socket()
    if is_there(socket):
        closed = ask(socket, "acknowledge", number=number, by=by) or []
        return [decode_problem(problem) for problem in closed]
    with opened_shards(settings, utc_now) as shards:
        require_alone(settings, shards, "acknowledge", utc_now)
        return acknowledge_in(shards, number, by)


def acknowledge_in(shards: Shards, number: str, by: str, wait: float | None = None) -> list[ProblemStatus]:
    """Close the problem with this id in every shard where it is open: its id names a kind and a subject, such as a
    destination, which several orgs may share. Returns what was closed. `wait`: see `store.queue.status.held`.
    """
    closed: list[ProblemStatus] = []
    with held(shards, wait):
        for org, stores in shards.items():
            problem = stores.problems.acknowledge(number, by)
            if problem is not None:
                closed.append(problem_status(problem, org))
    return closed


def open_problems(
    shards: Shards, ask_for: Callable[[Problems], Iterable[Problem]] = Problems.open
) -> list[ProblemStatus]:
    """Of all shards, the oldest first. `ask_for`: `Problems.known` where the state cannot be waited for."""
    found = [(org, problem) for org, stores in shards.items() for problem in ask_for(stores.problems)]
    return [problem_status(problem, org) for org, problem in sorted(found, key=lambda found: found[1].since)]


def problem_status(problem: Problem, org: str) -> ProblemStatus:
    """`org`: the name of its shard."""
    return ProblemStatus(
        id=problem.id,
        kind=problem.kind,
        subject=problem.subject,
        since=problem.since,
        message=problem.message,
        fix=problem.advice,
        clears=problem.clears,
        count=problem.count,
        org=org,
    )


def lanes_of(destinations: Iterable[NamedLanes]) -> Lanes:
    return {destination.name: destination.lanes for destination in destinations}


def takes_of(destinations: Iterable[DestinationSettings]) -> Takes:
    """Whether the destination of a name takes a shard."""
    by_name = {destination.name: destination for destination in destinations}
    return lambda destination, shard: by_name[destination].takes(shard)


def with_problems(document: StatusDocument, problems: Sequence[ProblemStatus]) -> StatusDocument:
    """The document with the open problems, and for each org the kinds of its own."""
    orgs = [replace(org, problem=_kinds(problems, org.name) or org.problem) for org in document.orgs]
    return replace(document, problems=problems, orgs=orgs)


def _kinds(problems: Iterable[ProblemStatus], org: str) -> str:
    return ", ".join(dict.fromkeys(problem.kind for problem in problems if problem.org == org))


def _without_daemon(settings: Settings) -> StatusDocument:
    directory, destinations = settings.state.directory, settings.destinations
    try:
        with opened_shards(settings, utc_now) as shards:
            stored = counted_status(directory, shards, lanes_of(destinations), takes_of(destinations))
            problems = open_problems(shards)
            states = {name: stores.state for name, stores in shards.items()}
            deadlines = next_deadlines(states, utc_now())
            stored = replace(
                stored,
                backfills=stored_backfills(shards),
                incidents=incidents_status(states),
                deadlines=deadlines,
                maintenance=maintenance_status(shards[PROCESS].state, utc_now()),
                trail=trail_status(shards[PROCESS].state, mirroring(destinations), utc_now()),
            )
    except StateDamaged as error:
        return _unreadable(settings, error)
    return with_problems(stored, [NO_DAEMON, *problems])


def _unreadable(settings: Settings, error: StateDamaged) -> StatusDocument:
    """All that can be said of a state whose database is damaged or gone."""
    damaged = ProblemStatus(
        id=problem_id("state-damaged", "state"),
        kind="state-damaged",
        subject="state",
        since=None,
        message=str(error.args[0]),
        fix=error.hint,
        clears=KINDS["state-damaged"].clears,
    )
    return StatusDocument(
        version=__version__,
        state=StateStatus(str(settings.state.directory)),
        running=False,
        balanced=None,
        problems=[damaged, NO_DAEMON],
    )


def stalled_state_problem(error: LeaklineError) -> ProblemStatus:
    """The problem that the daemon's state is held by a loop that hangs."""
    return ProblemStatus(
        id="",
        kind="loop-stalled",
        subject="state",
        since=None,
        message=f"a loop hangs: {error}",
        fix=KINDS["loop-stalled"].fix,
        clears="itself",
    )


def error_document(error: LeaklineError) -> dict[str, Any]:
    """What `status --json` prints when it cannot tell."""
    return {"version": __version__, "error": str(error), "problems": None, "balanced": None}


def encode_problems(problems: Iterable[ProblemStatus]) -> list[dict[str, Any]]:
    """As `status --json` has them."""
    return [encode_problem(problem) for problem in problems]

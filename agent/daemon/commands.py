"""What the control socket may ask of the running daemon."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import structlog

from agent.daemon import status
from agent.daemon.backfill.requests import BackfillRequests
from agent.daemon.control.command import ControlCommand
from agent.daemon.control.dead_letters import dead_letter_requests
from agent.daemon.incidents.incident_counts import incidents_status
from agent.daemon.notice.deadlines import next_deadlines
from agent.daemon.on_call.maintenance_status import maintenance_status
from agent.daemon.running_orgs import OrgsReloaded, RunningOrgs
from agent.errors import Busy, FileError, SettingsError
from agent.model import LANES, Lane
from agent.sources.salesforce.session import Session
from agent.status.drills import DrillsStatus
from agent.status.telling import TellingStatus
from agent.status.times import KernelClock
from agent.status.trail import TrailStatus
from agent.status_document import (
    DestinationStatus,
    OrgStatus,
    ProblemStatus,
    RulesStatus,
    StatusDocument,
    decode_sources,
    encode,
)
from agent.store.keys import PROCESS
from agent.store.problems import Problems
from agent.store.queue.dead_letter_files import DeadLetterFiles
from agent.store.queue.status import Shards, Takes, counted_status, uncounted_status

log = structlog.get_logger()

STATE_WAIT = 3.0
"""Seconds that `status` waits for the state; after that it says what it knows without."""


class RunningRules(Protocol):
    """Rules, mappings and lists in use (`assembly.node.Node`)."""

    @property
    def rules_loaded(self) -> int: ...

    @property
    def problems(self) -> Sequence[FileError]:
        """What does not load."""
        ...

    def reload(self) -> Sequence[Any]:
        """What did not load, each with its `message`. Raises SettingsError."""
        ...


class DeliveryLoop(Protocol):
    """What follows the spool for a destination (`pipeline.forward.Forward`)."""

    @property
    def name(self) -> str: ...

    @property
    def lanes(self) -> Sequence[Lane]: ...

    def live_status(self) -> Mapping[str, Any]:
        """`problem`, `waits_until` (ISO 8601 or None), and `stopped`: lanes."""
        ...


class DaemonCommands:
    """Each may be called from any thread."""

    def __init__(
        self,
        directory: Path,
        shards: Shards,
        sessions: Mapping[str, Session],
        rules: RunningRules,
        sources: Callable[[datetime], Sequence[Mapping[str, Any]]],
        loops: Sequence[DeliveryLoop],
        takes: Takes,
        look_up_problem: Callable[[str], str],
        clock: Callable[[], KernelClock | None],
        now: Callable[[], datetime],
        backfills: BackfillRequests,
        orgs: RunningOrgs | None = None,
        further: Sequence[ControlCommand] = (),
        trail: Callable[[], TrailStatus] | None = None,
        reloaded: Callable[[Mapping[str, Any]], None] = lambda _: None,
        telling: Callable[[], TellingStatus | None] = lambda: None,
        drills: Callable[[], DrillsStatus | None] = lambda: None,
    ) -> None:
        """`directory`: the state's; `sessions`: by the org's name in the settings; `sources`: as `Polling.status`;
        `look_up_problem`: why events of an org go without the names of users and apps, empty while they do not; `clock`:
        what the kernel said of the machine's clock last; `orgs`: those that a reload takes anew; `further`: requests of
        other rooms; `trail`: how far it is; `reloaded`: told what each reload answers, for what else is read anew;
        `telling`: what is known of channels; `drills`: how they ended.
        """
        self._directory = directory
        self._shards = shards
        self._sessions = sessions
        self._rules = rules
        self._sources = sources
        self._loops = loops
        self._lanes = {loop.name: loop.lanes for loop in loops}
        self._takes = takes
        self._look_up_problem = look_up_problem
        self._clock = clock
        self._now = now
        self._backfills = backfills
        self._running = orgs
        self._further = further
        self._trail = trail
        self._reloaded = reloaded
        self._telling = telling
        self._drills = drills

    def table(self) -> list[ControlCommand]:
        """All that may be asked."""
        return [
            ControlCommand("status", self.status, changes=False),
            ControlCommand("reload", self.reload, changes=True),
            ControlCommand("acknowledge", self.acknowledge, changes=True),
            *self._backfills.table(),
            *self._further,
            *dead_letter_requests(DeadLetterFiles(self._shards, self._lanes, self._takes, self._now)),
        ]

    def status(self) -> dict[str, Any]:
        """The status document (`agent.status_document`), as JSON has it."""
        return encode(self.document())

    def document(self) -> StatusDocument:
        """What the state says, with what only the running daemon knows."""
        stored, problems = self._stored()
        document = replace(
            stored,
            running=True,
            destinations=self._destinations(stored.destinations),
            orgs=self._orgs(stored.orgs),
            sources=decode_sources(self._sources(self._now())),
            clock=self._clock(),
            backfills=self._backfills.statuses(),
            incidents=incidents_status({name: stores.state for name, stores in self._shards.items()}),
            trail=self._trail() if self._trail is not None else None,
            maintenance=maintenance_status(self._shards[PROCESS].state, self._now()),
            telling=self._telling(),
            drills=self._drills(),
            rules=RulesStatus(self._rules.rules_loaded, [str(error) for error in self._rules.problems]),
        )
        alone = [] if self._backfills.reads_live else [status.ONLY_BACKFILLS]
        return status.with_problems(document, [*alone, *problems])

    def acknowledge(self, number: str, by: str) -> list[dict[str, Any]]:
        """Close an open problem on somebody's word, in every shard that has it; what was closed, nothing for an unknown id."""
        closed = status.acknowledge_in(self._shards, str(number), str(by), STATE_WAIT)
        return status.encode_problems(closed)

    def reload(self) -> dict[str, Any]:
        """Orgs, rules, mappings and lists anew, from the next batch on. `rules`: how many run; `not_loaded`: a message for each
        file that did not load; `orgs`: what became of each (`org`, `result`, `message`); `restart_for`: keys of the
        settings file that are not in use before a restart.
        """
        with nullcontext(OrgsReloaded()) if self._running is None else self._running.reloading() as orgs:
            try:
                found = [failure.message for failure in self._rules.reload()]
            except SettingsError as error:
                found = [f"{error}; all rules, mappings and lists stay as they were"]
        answer = {"rules": self._rules.rules_loaded, **asdict(orgs), "not_loaded": [*orgs.not_loaded, *found]}
        level = logging.INFO if orgs.is_well and not found else logging.WARNING
        log.log(
            level, "reloaded", **{**answer, "orgs": [asdict(org) for org in orgs.orgs if org.result != "unchanged"]}
        )
        self._reloaded(answer)
        return answer

    def _stored(self) -> tuple[StatusDocument, list[ProblemStatus]]:
        """What the state says, with the open problems; without counting where a loop holds the state for too long."""
        parts = self._directory, self._shards, self._lanes, self._takes
        try:
            counted = counted_status(*parts, wait=STATE_WAIT)
            states = {name: stores.state for name, stores in self._shards.items()}
            dated = replace(counted, deadlines=next_deadlines(states, self._now()))
            return dated, status.open_problems(self._shards)
        except Busy as error:
            stalled = status.stalled_state_problem(error)
            known = status.open_problems(self._shards, Problems.known)
            return uncounted_status(*parts), [stalled, *known]

    def _destinations(self, stored: Sequence[DestinationStatus]) -> list[DestinationStatus]:
        found = []
        for destination, loop in zip(stored, self._loops, strict=True):
            live = loop.live_status()
            until = live["waits_until"]
            found.append(
                replace(
                    destination,
                    problem=live["problem"],
                    waits_until=datetime.fromisoformat(until) if until else None,
                    stopped=list(live["stopped"]),
                )
            )
        return found

    def _orgs(self, stored: Sequence[OrgStatus]) -> list[OrgStatus]:
        """Those of the settings, then those of which only the state knows: they are delivered still."""
        by_name = {org.name: org for org in stored}
        found = []
        for name, session in self._sessions.items():
            org = by_name.pop(name, None) or OrgStatus(name, 0, 0, True, dict.fromkeys(LANES, 0), ())
            offset = session.clock.offset
            found.append(
                replace(
                    org,
                    problem=self._look_up_problem(name),
                    org_id=session.org_id if session.signed_in else "",
                    api_calls_used=session.usage.used,
                    api_calls_allowed=session.usage.limit,
                    api_budget=session.budget.status(),
                    clock_ahead_seconds=round(offset.ahead, 3) if offset is not None else None,
                    clock_error_seconds=round(offset.error, 3) if offset is not None else None,
                )
            )
        return [*found, *by_name.values()]

"""What the demo's alerts came to: the gravest incident with its clocks, and whether the trail is whole; read from the state after
the daemon has ended, as `leakline incidents show` and `leakline trail verify` read it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from agent.config.settings import Settings
from agent.daemon.daemon import Daemon
from agent.daemon.incidents.incident_access import incident_requests
from agent.daemon.notice.clock_requests import stored_deadlines
from agent.daemon.trail.trail_access import stored_trail
from agent.notice.incidents.incident import LEVELS
from agent.status.deadlines import Deadline
from agent.trail.signing_key import public_keys
from agent.trail.verify import TrailReport, verify

TURNS = 100
"""Of the clocks: each reckons a bounded number of incidents."""
MOST = 1_000
"""Incidents that the gravest is chosen among."""


@dataclass(frozen=True, slots=True)
class IncidentOutcome:
    """See the page."""

    count: int
    """Open incidents."""
    with_clocks: int
    gravest: Mapping[str, Any] | None
    """A row as `incidents_list` answers it; None where no incident is open."""
    next: Sequence[Mapping[str, str]]
    """What to do about it, in order: `what`, and the `command` that records it."""
    deadlines: Sequence[Deadline]
    """Of the gravest, the first one first."""
    trail: TrailReport

    @property
    def is_well(self) -> bool:
        return bool(self.deadlines) and self.trail.whole and self.trail.covered > 0


def settle(daemon: Daemon) -> None:
    """Before the daemon ends: reckon the clocks of all incidents, and sign the trail."""
    for _ in range(TURNS):
        if not daemon.notice.clocks.turn():
            break
    daemon.trail.turn()


def outcome(settings: Settings, now: Callable[[], datetime]) -> IncidentOutcome:
    """Raises LeaklineError, StateError."""
    with incident_requests(settings, now) as ask:
        rows = ask("incidents_list", limit=MOST)["incidents"]
        gravest = max(rows, key=_gravity, default=None)
        steps = ask("incidents_show", number=gravest["id"])["next"] if gravest is not None else []
    found = stored_deadlines(settings, now, everything=False)
    of_gravest = [deadline for deadline in found if gravest is not None and deadline.incident == gravest["id"]]
    with_clocks = len({deadline.incident for deadline in found})
    return IncidentOutcome(len(rows), with_clocks, gravest, steps, of_gravest, _verified(settings, now))


def _gravity(row: Mapping[str, Any]) -> tuple[bool, int, int, int]:
    return row["origin"] == "live", LEVELS.index(row["level"]), row["score"], row["alerts"]


def _verified(settings: Settings, now: Callable[[], datetime]) -> TrailReport:
    with stored_trail(settings, now) as trail:
        notes = [trail.about["checkpoint"]["note"]] if trail.about["checkpoint"] else []
        chains = {name: partial(trail.lines, name) for name in trail.about["chains"]}
        return verify(chains, notes, public_keys(trail.about["keys"]), trail.about["origin"])

"""The machine's clock beside those of its orgs: a problem while they are certainly more than a few seconds apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from agent import metrics
from agent.problem import Field
from agent.sources.salesforce.clock_offset import ClockOffset, OrgClock
from agent.store.problems import Problems

KIND = "clock-skew"
TOO_FAR = 5.0
"""Seconds apart from which it is a problem; what both clocks' seconds and the way of an answer leave open is taken off."""
NEAR_ENOUGH = 4.0
"""Seconds apart at which it is over."""
NEWS = 0.2
"""Share by which the figure must change to be recorded anew while the problem lasts."""


class TimedSession(Protocol):
    """An org's session."""

    @property
    def clock(self) -> OrgClock: ...

    @property
    def signed_in(self) -> bool: ...

    @property
    def org_id(self) -> str: ...


class SkewWatch:
    """To be asked to `look` about once a second, by one thread."""

    def __init__(self, orgs: Mapping[str, tuple[TimedSession, Problems]]) -> None:
        """`orgs`: by their names in the settings, each with the register of its problems, as they are at each look."""
        self._orgs = orgs
        self._reported: dict[str, float] = {}
        """By how much the machine is ahead of an org, as its open problem says."""
        self._asked: set[str] = set()
        """Orgs of which it is known here whether an earlier run left a problem."""

    def look(self) -> None:
        """Compare with every org. Raises StateError where what is found cannot be recorded."""
        orgs = self._orgs.items()
        for name in self._reported.keys() - dict(orgs).keys():  # its problem ended with it
            del self._reported[name]
        for name, (session, problems) in orgs:
            offset = session.clock.offset
            if offset is None:
                continue
            metrics.CLOCK_AHEAD.labels(name).set(offset.ahead)
            metrics.CLOCK_AHEAD_ERROR.labels(name).set(offset.error)
            if offset.least > TOO_FAR or (name in self._reported and offset.least > NEAR_ENOUGH):
                self._report(name, session, problems, offset)
            elif offset.least <= NEAR_ENOUGH and (name in self._reported or name not in self._asked):
                problems.over(KIND, name, f"the machine's clock agrees with that of {name} again")
                self._reported.pop(name, None)
                self._asked.add(name)

    def forget(self) -> None:
        """The machine's clock was set."""
        for session, _ in self._orgs.values():
            session.clock.forget()

    def _report(self, name: str, session: TimedSession, problems: Problems, offset: ClockOffset) -> None:
        before = self._reported.get(name)
        if before is not None and abs(offset.ahead - before) <= max(1.0, NEWS * abs(before)):
            return
        side = "ahead of" if offset.ahead > 0 else "behind"
        message = (
            f"this machine's clock is {abs(offset.ahead):,.1f} s {side} that of {name} (give or take {offset.error:.1f} s): "
            "times of alerts, lags and what is late are wrong by as much, and sign-ins fail when it is minutes"
        )
        fields: dict[str, Field] = {
            "leakline.clock.ahead": round(offset.ahead, 3),
            "leakline.clock.error": round(offset.error, 3),
        }
        problems.report(KIND, name, message, org=session.org_id if session.signed_in else "", fields=fields)
        self._reported[name] = offset.ahead
        self._asked.add(name)

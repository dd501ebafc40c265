"""Looks every few minutes which feeds spoke, remembers it, and tells those that are missed by their own history.

What spoke is taken from the accounts of rows read, which commit with the rows: a kill forgets nothing. Sources that are
refused have problems of their own already; what they mean is in `leakline status` and the metric.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from agent import metrics
from agent.model import OWN_EVENT_TYPE
from agent.problem import Field
from agent.status.silence import ADVICE, SilenceKind
from agent.store import keys
from agent.store.accounts import Accounts
from agent.store.problems import Problems
from agent.store.silence.evidence import ABSENT, about
from agent.store.silence.heard_hours import LEAST, HeardHours
from agent.store.silence.silences import silences
from agent.store.state import State

LOOK_EVERY = timedelta(minutes=5)
MOST_FEEDS = 500
"""Of a source, in alphabetical order: an org has some 70 event types; others are not judged."""
HOUR = timedelta(hours=1)


class SilenceReport:
    """Of one shard. For one thread at a time: whoever calls its tick."""

    def __init__(self, state: State, problems: Problems) -> None:
        self._state = state
        self._problems = problems
        self._accounts = Accounts(state)
        self._looked: datetime | None = None
        self._shown: set[tuple[str, str, str]] = set()
        """Labels of the metric that are set."""

    def tick(self, now: datetime, well: Mapping[str, bool], org: str) -> None:
        """`well`: by the name of each source of the settings, whether it is read without a fault; `org`: the org's id."""
        if self._looked is not None and self._looked <= now < self._looked + LOOK_EVERY:
            return
        self._looked = now
        rows = self._rows(well)
        hour = int(now.timestamp() // HOUR.total_seconds())
        with self._state.transact():
            for source, is_well in well.items():
                self._look(source, rows[source], hour, org, is_well=is_well)
            self._forget(well)
        self._show()

    def _rows(self, sources: Mapping[str, bool]) -> dict[str, dict[str, int]]:
        """Of each source, feeds to the rows that ever came; those that were taken before are not counted."""
        found: dict[str, dict[str, int]] = {source: {} for source in sources}
        for (source, feed), account in sorted(self._accounts.ingested().items()):
            if source in found and feed != OWN_EVENT_TYPE and len(found[source]) < MOST_FEEDS:
                found[source][feed] = account.spooled + account.malformed
        return found

    def _look(self, source: str, rows: Mapping[str, int], hour: int, org: str, *, is_well: bool) -> None:
        refused = {feed for feed, problem in about(self._problems.known(), source) if problem.kind != ABSENT}
        self._heard(source, "", sum(rows.values()), hour, watched=is_well)
        for feed, count in rows.items():
            heard = self._heard(source, feed, count, hour, watched=is_well and feed not in refused)
            if heard is not None and is_well:
                self._judge(source, feed, heard, org)

    def _heard(self, source: str, feed: str, rows: int, hour: int, *, watched: bool) -> HeardHours | None:
        """What is remembered of a feed now; None where nothing is new."""
        key = keys.HEARD.key(source, feed)
        before = _decoded(self._state.data(key))
        after = (before or HeardHours(hour, began=hour)).at(hour, rows, watched=watched)
        if after == before:
            return None
        with self._state.transact() as transaction:
            transaction.set(key, after.encode())
        return after

    def _judge(self, source: str, feed: str, heard: HeardHours, org: str) -> None:
        subject, silent_for = f"{source} {feed}", heard.silent_for
        if silent_for is None or silent_for < LEAST:
            if silent_for == 0:
                self._problems.over(ABSENT, subject, f"{source} brings rows of {feed} again")
            return
        if heard.told or not (habit := heard.habit()).is_broken:
            return
        last = datetime.fromtimestamp((heard.hour - silent_for) * HOUR.total_seconds(), UTC)
        message = (
            f"{source} is read without a fault and has brought no row of {feed} since the hour of {last:%Y-%m-%d %H:%M} UTC: "
            f"{habit.missed} hours in which it usually does, while its longest such silence before was {habit.longest}"
        )
        fields: dict[str, Field] = {
            "event.provider": source,
            "leakline.silence.kind": SilenceKind.ABSENT.value,
            "leakline.silence.feed": feed,
            "leakline.silence.hours": habit.missed,
            "leakline.silence.longest_before": habit.longest,
        }
        fix = f"{ADVICE[SilenceKind.ABSENT]}; if it ended for good, `leakline problems acknowledge ID`"
        self._problems.report(ABSENT, subject, message, fix=fix, org=org, fields=fields)
        with self._state.transact() as transaction:
            transaction.set(keys.HEARD.key(source, feed), replace(heard, told=True).encode())

    def _forget(self, sources: Mapping[str, bool]) -> None:
        """Sources that the settings no longer name."""
        for key in list(self._state.keys(keys.HEARD.prefix)):
            source, feed = keys.HEARD.rest(key).rsplit("/", 1)
            if source not in sources:
                with self._state.transact() as transaction:
                    transaction.delete(key)
                self._problems.over(ABSENT, f"{source} {feed}", f"the settings no longer use {source} here")

    def _show(self) -> None:
        found = {
            (silent.source, silent.feed, silent.silence.value)
            for silent in silences(self._state, self._problems.known(), self._state.shard)
        }
        for labels in self._shown - found:
            metrics.FEED_SILENT.remove(*labels)
        for labels in found:
            metrics.FEED_SILENT.labels(*labels).set(1)
        self._shown = found


def _decoded(data: bytes | None) -> HeardHours | None:
    """What cannot be read begins anew."""
    try:
        return HeardHours.decode(data) if data else None
    except (ValueError, KeyError, TypeError):
        return None

"""The register of open problems.

It lies in the state: a problem that belongs to a lost row is opened in the transaction that loses it, and the event about
it is put into the outbox (`agent.store.problem_outbox`) in the same one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Condition

import structlog

from agent import metrics
from agent.errors import LeaklineError
from agent.model import OWN_EVENT_TYPE, Batch
from agent.own_event import EventValue
from agent.problem import Field, Problem, problem_id
from agent.problem_kinds import KINDS
from agent.redaction.redaction import redact, redact_fields
from agent.store import keys
from agent.store.problem_gauge import ProblemGauge
from agent.store.problem_outbox import ProblemOutbox, is_news
from agent.store.state import State

log = structlog.get_logger()

_LEFT = "; rows left of these: "
"""In the message of a problem of which a part is settled."""

QUIET = timedelta(minutes=5)
"""A problem that comes back within this time after its end was announced is announced only if it lasts longer: the
events about a destination that fails now and then go to that destination too, and would be what it fails on."""


class Problems:
    """Safe for threads. `now` is the clock."""

    def __init__(
        self,
        state: State,
        now: Callable[[], datetime],
        told: Condition | None = None,
        gauge: ProblemGauge | None = None,
        drill: str = "",
    ) -> None:
        """`told`: the condition that the registers of several shards share, for who sends the events of all; `gauge`: the
        metric that they share; `drill`: the name of the drill whose state it is, which each line of the log has then.
        """
        self._log = log.bind(drill=drill) if drill else log
        self._gauge = gauge or ProblemGauge()
        self._state = state
        self._now = now
        self._outbox = ProblemOutbox(state, now)
        self.waiting = told or Condition()
        """Notified when there is an event to be sent."""
        self._known = {problem.id: problem for problem in self._stored()}
        """For those who cannot wait for the state; ahead of it inside a transaction, and wrong after one that failed until
        the next `open`.
        """
        self._ended: dict[str, datetime] = {}
        """When the end of a problem was announced, by its id; of the last few minutes."""
        self._measure()

    # Reporting

    def report(
        self,
        kind: str,
        subject: str,
        message: str,
        *,
        fix: str = "",
        count: int = 1,
        org: str = "",
        fields: Mapping[str, Field] | None = None,
        announced: bool = False,
    ) -> None:
        """Something is wrong. `kind`: a key of `KINDS`; `count`: rows, added to those of an open one that waits for a
        person. Inside a transaction of the caller's it becomes true with that one.

        `announced`: no event is to be made of it, because there is one already.
        """
        now = self._now()
        message, fix = redact(message), redact(fix) or KINDS[kind].fix
        new = Problem(kind, subject, now, message, fix, count, org, redact_fields(fields or {}))
        with self._state.transact() as transaction:
            before = self._load(new.id)
            if before is not None:
                total = before.count + count if new.clears == "person" else count
                new = replace(
                    new,
                    since=before.since,
                    count=total,
                    told_at=before.told_at,
                    told_count=before.told_count,
                    org=org or before.org,
                )
            announces = announced or self._is_news_now(before, new, now)
            if before is not None and announced:  # what else it grew by is still to be announced
                new = replace(new, told_count=before.told_count + count)
            elif announces:
                new = replace(new, told_at=now, told_count=new.count)
                if not announced:
                    self._outbox.put(transaction, new, kind, new.message, failure=True)
            if before is None or announces or new != before:
                transaction.set(keys.PROBLEM.key(new.id), new.encode())
        self._known[new.id] = new
        if announces or before is None:
            self._log.warning("problem", kind=kind, subject=subject, reason=message, fix=new.advice, id=new.id)
            metrics.PROBLEMS_OPENED.labels(kind).inc(before is None)
            self._notify()

    def over(self, kind: str, subject: str, message: str = "") -> None:
        """It is well again. Costs a look into the state while no such problem is open."""
        if self.is_open(kind, subject):
            self._end(problem_id(kind, subject), message or f"{subject} works again", KINDS[kind].over)

    def settle(self, kind: str, subject: str, count: int, message: str) -> None:
        """`count` rows of a problem that waits for a person were replayed or dropped; at 0 it is over."""
        number = problem_id(kind, subject)
        with self._state.transact() as transaction:
            problem = self._load(number)
            if problem is None:
                return
            if problem.count > count:
                rest = problem.count - count
                message = f"{problem.message.partition(_LEFT)[0]}{_LEFT}{rest:,}"
                left = replace(problem, count=rest, message=message)
                transaction.set(keys.PROBLEM.key(number), left.encode())
                self._known[number] = left
                return
            self._end(number, message, KINDS[kind].over or "problem-settled")

    def acknowledge(self, number: str, by: str) -> Problem | None:
        """Somebody has looked at it: it is over. None where no problem has this id.

        Raises LeaklineError for one that goes on whatever is said of it: `status` would be green while it lasts.
        """
        with self._state.transact():
            problem = self._load(number)
            if problem is not None:
                if not problem.ends_on_word:
                    raise LeaklineError(
                        f"{problem.kind} of {problem.subject} stays open until what failed works again",
                        hint=problem.fix,
                    )
                message = f"{by} has acknowledged: {problem.message}"
                self._end(number, message, "problem-acknowledged", {"user.name": by})
        return problem

    def announce(
        self,
        action: str,
        message: str,
        *,
        fields: Mapping[str, EventValue] | None = None,
        org: str = "",
        category: str = "process",
    ) -> None:
        """An event about something that is no problem: somebody did it, or a day was compared. Inside a transaction of
        the caller's it becomes true with that one. `org`: the organisation's id, where it concerns one.
        """
        with self._state.transact() as transaction:
            self._outbox.put_plain(transaction, action, message, fields or {}, org, category)
        if incident := (fields or {}).get("leakline.incident.id"):
            # its title names a person, and what people write of it can be erased: neither belongs in a log that keeps it
            self._log.info("recorded", action=action, incident=incident)
        else:
            self._log.info("recorded", action=action, reason=message)
        self._notify()

    def report_growth(self) -> None:
        """Announce problems that grew since they were announced, if that is a while ago, and those that came back and stayed; to be
        called about once a minute.
        """
        now = self._now()
        self._ended = {number: ended for number, ended in list(self._ended.items()) if abs(now - ended) < QUIET}
        with self._state.transact():  # else one that ends meanwhile would be opened again
            for problem in self._stored():
                adds_up = problem.clears == "person"
                if problem.told_at is None or (adds_up and problem.count != problem.told_count):
                    count, fields = 0 if adds_up else problem.count, problem.fields
                    self.report(
                        problem.kind, problem.subject, problem.message, fix=problem.fix, count=count, fields=fields
                    )

    # Asking

    def open(self) -> list[Problem]:
        """All open problems, the oldest first."""
        with self._state.transact():
            found = self._stored()
            self._known = {problem.id: problem for problem in found}
        return sorted(found, key=lambda problem: problem.since)

    def count(self, kind: str, subject: str) -> int:
        """Rows of an open problem; 0 where there is none."""
        problem = self._load(problem_id(kind, subject))
        return problem.count if problem is not None else 0

    def known(self) -> list[Problem]:
        """As `open`, but from memory: it never waits for the state."""
        return sorted(self._known.values(), key=lambda problem: problem.since)

    def is_open(self, kind: str, subject: str) -> bool:
        return self._load(problem_id(kind, subject)) is not None

    # Sending

    def has_events(self) -> bool:
        """Whether there may be something to send; costs nothing while there is not."""
        return self._outbox.filled

    def events(self) -> Iterator[Batch]:
        """What is to be sent, oldest first, a batch an event; each is forgotten by the commit of its batch."""
        return self._outbox.events()

    def apply_own_events(self, batch: Batch) -> None:
        """An own event of a source about a loss (a gap in its logs) opens its problem, and one about its end
        closes it; call it inside the batch's transaction.
        """
        if batch.event_type != OWN_EVENT_TYPE or "event.action" not in batch.frame.columns or not batch.input:
            return
        for row in batch.frame.iter_rows(named=True):
            action, count = row["event.action"], row.get("leakline.problem.count") or 1
            if row["event.outcome"] == "failure" and action in KINDS:
                self.report(action, batch.input, row["message"], count=count, org=batch.org, announced=True)
            for kind in [name for name, kind in KINDS.items() if action and action in (kind.over, kind.also_over)]:
                if self.is_open(kind, batch.input):
                    self._end(problem_id(kind, batch.input), row["message"], action, announced=True)

    # Inside

    def _end(
        self,
        number: str,
        message: str,
        action: str,
        fields: Mapping[str, Field] | None = None,
        *,
        announced: bool = False,
    ) -> None:
        with self._state.transact() as transaction:
            problem = self._load(number)
            if problem is not None:
                transaction.delete(keys.PROBLEM.key(number))
                ended = replace(problem, fields={**problem.fields, **(fields or {})})
                by_itself = action == KINDS[problem.kind].over
                if by_itself and problem.told_at is not None:
                    self._ended[number] = self._now()
                if not announced and not (by_itself and problem.told_at is None):
                    self._outbox.put(transaction, ended, action, message, failure=False)
        self._known.pop(number, None)
        if problem is not None:
            self._log.info("problem ended", kind=problem.kind, subject=problem.subject, reason=message, id=number)
            self._notify()

    def _is_news_now(self, before: Problem | None, new: Problem, now: datetime) -> bool:
        if before is not None and before.told_at is not None:
            return is_news(before, new, now)
        ended = self._ended.get(new.id)
        return ended is None or abs(now - ended) >= QUIET

    def _notify(self) -> None:
        self._measure()
        with self.waiting:
            self.waiting.notify_all()

    def _measure(self) -> None:
        self._gauge.set(self._state.shard, Counter(problem.kind for problem in list(self._known.values())))

    def _load(self, number: str) -> Problem | None:
        data = self._state.data(keys.PROBLEM.key(number))
        return Problem.decode(data) if data else None

    def _stored(self) -> list[Problem]:
        stored = (self._load(keys.PROBLEM.rest(key)) for key in self._state.keys(keys.PROBLEM.prefix))
        return [problem for problem in stored if problem is not None and problem.kind in KINDS]

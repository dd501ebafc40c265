"""One org's inbound source: what its senders reported is committed, many requests together, and then answered.

Requests come from the listener's thread, which must not wait; they queue up here, and the source's own thread takes all
that wait at once. So a single report costs one commit and no delay, and a thousand at once cost hardly more.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import polars as pl

from agent.errors import NoRoom, PushError, Shutdown
from agent.model import Batch, TakenOnce
from agent.source import Push, Recall
from agent.sources.inbound.report import InboundReport, InboundRequest
from agent.sources.source_name import source_name
from agent.status_document import FeedStatus

SERVICE = "inbound"
"""What rules call the service, and the last part of the source's name."""

HEARTBEAT = "heartbeat/"
"""What is remembered of each sender with the batch that brings its heartbeat: when it was received, in ISO 8601."""

REPEATED_WITHIN = timedelta(days=7)
"""So long a sender may send a report again without its being counted twice: Standard Webhooks' senders try for days."""

WAITING_BYTES = 32 << 20
WAITING_REQUESTS = 4_000
"""More than this does not wait for its commit: whoever sends more is told to come back."""

TOGETHER_BYTES = 4 << 20
"""Requests up to this size commit together: a batch, as `agent.model.Batch` has it."""

SECONDS_TO_COME_BACK = 1.0

Naming = Callable[[pl.Series, str, str], pl.Series]
"""The `event.id` of names (`String`) within an org and an event type: `agent.normalize.vendor_identity.identify_named`."""


@dataclass(slots=True)
class _PendingRequest:
    """A request, and where its sender's answer is awaited."""

    request: InboundRequest
    answer: Future[None] = field(default_factory=Future)


class InboundReports:
    """A source (`agent.source.PushedSource`)."""

    def __init__(
        self, org: str, organization: Callable[[], str], *, now: Callable[[], datetime], recall: Recall, naming: Naming
    ) -> None:
        """`org`: its name in the settings; `organization`: its id, empty while nobody has signed in to it."""
        self.name = source_name(org, SERVICE)
        self._org = org
        self._organization = organization
        self._now = now
        self._recall = recall
        self._naming = naming
        self._changed = threading.Condition()
        self._waiting: list[_PendingRequest] = []
        self._bytes = 0
        self._open = False
        self.sender_feeds: Callable[[], Sequence[FeedStatus]] = tuple
        """How each sender is; only the listener knows."""

    def feeds(self) -> Sequence[FeedStatus]:
        """See `agent.source.HasFeeds`."""
        return self.sender_feeds()

    def submit(self, request: InboundRequest) -> Future[None]:
        """Ends once the request is committed, or with the PushError that says why it is not. Never waits; for any thread."""
        waiting = _PendingRequest(request)
        with self._changed:
            if not self._open:
                self._refuse([waiting])
            elif len(self._waiting) >= WAITING_REQUESTS or self._bytes + request.size > WAITING_BYTES:
                message = f"{self.name} has {len(self._waiting):,} requests that wait"
                waiting.answer.set_exception(NoRoom(message, retry_after=SECONDS_TO_COME_BACK))
            else:
                self._waiting.append(waiting)
                self._bytes += request.size
                self._changed.notify()
        return waiting.answer

    def serve(self, push: Push, stop: threading.Event) -> None:
        """See `agent.source.PushedSource`; the listener is the process's, and asks each source by `submit`."""
        with self._changed:
            self._open = True
        try:
            while not stop.is_set():
                if group := self._next_group():
                    self._commit(group, push)
        finally:
            self._refuse_waiting()

    def _next_group(self) -> list[_PendingRequest]:
        """All that wait, up to what commits together; empty if nothing came for a while."""
        with self._changed:
            if not self._waiting:
                self._changed.wait(0.25)
            group: list[_PendingRequest] = []
            size = 0
            for waiting in self._waiting:
                if group and size + waiting.request.size > TOGETHER_BYTES:
                    break
                group.append(waiting)
                size += waiting.request.size
            del self._waiting[: len(group)]
            self._bytes -= size
            return group

    def _refuse_waiting(self) -> None:
        with self._changed:
            self._open = False
            left, self._waiting, self._bytes = self._waiting, [], 0
        self._refuse(left)

    def _commit(self, group: Sequence[_PendingRequest], push: Push) -> None:
        """Together; where a fault of ours ended that one by one, so that the request that causes it is found."""
        try:
            self._push([waiting.request for waiting in group], push)
        except PushError as error:
            if len(group) > 1 and not isinstance(error, NoRoom | Shutdown):
                self._commit_each(group, push)
                return
            for waiting in group:
                waiting.answer.set_exception(error)
        except BaseException:
            self._refuse(group)
            raise
        else:
            for waiting in group:
                waiting.answer.set_result(None)

    def _commit_each(self, group: Sequence[_PendingRequest], push: Push) -> None:
        for number, waiting in enumerate(group, 1):
            try:
                self._commit([waiting], push)
            except BaseException:
                self._refuse(group[number:])  # nobody else would answer them
                raise

    def _refuse(self, group: Sequence[_PendingRequest]) -> None:
        for waiting in group:
            waiting.answer.set_exception(
                Shutdown(f"{self.name} is not accepting requests now", retry_after=SECONDS_TO_COME_BACK)
            )

    def organization(self) -> str:
        """The org's id, empty while nobody ever signed in to it. May wait for the state."""
        return self._organization() or (self._recall("organization") or b"").decode()

    def _push(self, requests: Sequence[InboundRequest], push: Push) -> None:
        if batches := list(self._batches(requests, self.organization())):
            push(*batches)

    def _batches(self, requests: Sequence[InboundRequest], organization: str) -> Iterator[Batch]:
        """One for each event type."""
        reports = defaultdict[str, list[tuple[InboundRequest, InboundReport]]](list)
        for request in requests:
            for report in request.reports:
                reports[report.event_type].append((request, report))
        for event_type, told in reports.items():
            frame = pl.DataFrame(
                [{"sender": request.sender, **report.cells} for request, report in told], infer_schema_length=None
            ).cast(pl.String)
            names = pl.Series([f"{request.sender}\x1f{report.id}" for request, report in told], dtype=pl.String)
            yield Batch(
                organization,
                SERVICE,
                event_type,
                # Named by the org's name: its id is not known before the first sign-in, and an id must not change.
                frame.with_columns(self._naming(names, self._org, event_type).alias("event.id")),
                remember={"organization": organization.encode(), **_heartbeats(event_type, told)},
                input=", ".join(sorted({request.sender for request, _ in told})),
                created=min(request.received for request, _ in told),
                once=TakenOnce(SERVICE, REPEATED_WITHIN),
            )


def _heartbeats(event_type: str, told: Sequence[tuple[InboundRequest, InboundReport]]) -> dict[str, bytes]:
    """When each sender's last heartbeat was received, for who waits for the next: by our clock, whatever the sender's says."""
    if event_type != "Heartbeat":
        return {}
    received = sorted((request.received, request.sender) for request, _ in told)
    return {HEARTBEAT + sender: time.isoformat().encode() for time, sender in received}

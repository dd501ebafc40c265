"""Sending a chunk until every row of it is accepted or refused: waiting, retrying, cutting and counting live here, once."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from agent import metrics
from agent.columns.string_buffer import byte_lengths
from agent.errors import Misconfigured, Unavailable
from agent.model import Chunk, Destination, Outcome
from agent.pipeline.chunk import cut
from agent.pipeline.long_rows import shorten
from agent.store.queue.delivery_result import DeliveryResult

SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 60.0
"""Seconds; full jitter between nothing and a bound that doubles from the one to the other."""


@dataclass
class _Backoff:
    """How long to wait after the n-th failure in a row."""

    random: Callable[[], float]
    longest: float
    """Seconds; the other side cannot ask for more."""
    failures: int = field(default=0)

    def pause(self, asked: float | None) -> float:
        """Never less than our own back-off: a server that asks for no pause at all would be asked without end."""
        bound: float = min(LONGEST_PAUSE, SHORTEST_PAUSE * 2 ** min(self.failures, 16))
        self.failures += 1
        return min(max(asked or 0.0, self.random() * bound), self.longest)


@dataclass(frozen=True, slots=True)
class _Part:
    """Some rows of the chunk in hand, and each row's place in its batch."""

    chunk: Chunk
    places: list[int]

    def rows(self, chosen: Sequence[int]) -> _Part:
        keep, chunk = list(chosen), self.chunk
        picked = Chunk(chunk.lines[keep], chunk.ids[keep], chunk.rows.rows(keep), sent_before=True)
        return _Part(picked, [self.places[row] for row in keep])


class DeliveryStopped(Exception):
    """The loop was asked to end while it waited; nothing of the chunk in hand is settled."""


class Delivery:
    """One destination, and how patiently it is spoken to."""

    def __init__(
        self,
        destination: Destination,
        stop: threading.Event,
        jitter: Callable[[], float],
        *,
        longest_pause: float = 900.0,
        unavailable: Callable[[Unavailable, float], None] = lambda _error, _pause: None,
        accepting: Callable[[], None] = lambda: None,
    ) -> None:
        """`longest_pause` in seconds. `unavailable` is called before each wait, with the seconds until the next attempt;
        `accepting` after each answer.
        """
        self.problem = ""
        """Why nothing is accepted just now; empty while all is well."""
        self._unavailable = unavailable
        self._accepting = accepting
        self._destination = destination
        self._stop = stop
        self._backoff = _Backoff(jitter, longest_pause)

    def deliver(self, chunk: Chunk, first: int) -> DeliveryResult:
        """Send a chunk until every row is accepted or refused. `first` is its first row's place in the batch."""
        settled = DeliveryResult()
        queue = deque(self._fitting(_Part(chunk, list(range(first, first + len(chunk.lines)))), settled))
        while queue:
            part = queue.popleft()
            outcome = self._send(part.chunk, settled)
            settled.add(part.places, outcome)
            if outcome.too_long:
                queue.extendleft(self._shorter(part, outcome.too_long, settled))
            if outcome.retry:
                queue.extendleft(reversed(self._recut(part.rows(outcome.retry))))
            if len(outcome.retry) == len(part.places):
                self._pause(None)
            elif outcome.slow_down:
                self._stop.wait(self._backoff.pause(None))
            else:
                self._backoff.failures = 0
        return settled

    def _fitting(self, part: _Part, settled: DeliveryResult) -> list[_Part]:
        """The part with rows that are too long for this destination shortened, or refused here."""
        limit = self._destination.limits.max_row_bytes
        lengths = byte_lengths(part.chunk.lines)
        if not (lengths > limit).any():
            return [part]
        reasons = {
            row: f"the encoded row has {length} bytes; this destination accepts {limit}"
            for row, length in enumerate(lengths.to_list())
            if length > limit
        }
        return self._shortened(part, limit, reasons, settled)

    def _shorter(self, part: _Part, too_long: Sequence[tuple[int, str]], settled: DeliveryResult) -> Iterator[_Part]:
        """Rows that the other side found too long, at half their length at most; refused where that is not possible."""
        for row, reason in too_long:
            alone = part.rows([row])
            limit = int(alone.chunk.lines.str.len_bytes()[0]) // 2
            yield from self._shortened(alone, limit, {0: reason}, settled)

    def _shortened(self, part: _Part, limit: int, reasons: Mapping[int, str], settled: DeliveryResult) -> list[_Part]:
        """The part with the rows of `reasons` within `limit` bytes; those that cannot be are refused."""
        shorter = shorten.fitted(part.chunk, list(reasons), self._destination, limit)
        settled.refused += [(part.places[row], reason) for row, reason in reasons.items() if row not in shorter]
        metrics.ROWS_SHORTENED.labels(self._destination.name).inc(len(shorter))
        if shorter:
            lines = part.chunk.lines.clone().scatter(list(shorter), list(shorter.values()))
            part = replace(part, chunk=replace(part.chunk, lines=lines))
        fits = [row for row in range(len(part.places)) if row in shorter or row not in reasons]
        if len(fits) == len(part.places):
            return [part]
        return [part.rows(fits)] if fits else []

    def _recut(self, part: _Part) -> list[_Part]:
        """The part again, cut to the limits as they are now (a destination may have learned smaller ones)."""
        pieces: list[_Part] = []
        start = 0
        limits = self._destination.limits
        for piece in cut(part.chunk.lines, part.chunk.rows, max_bytes=limits.max_bytes, max_rows=limits.max_rows):
            end = start + len(piece.lines)
            pieces.append(_Part(replace(piece, sent_before=True), part.places[start:end]))
            start = end
        return pieces

    def offer(self, chunk: Chunk) -> DeliveryResult | None:
        """Send a chunk once; None unless all of it was accepted."""
        settled = DeliveryResult()
        try:
            outcome = self._destination.send(chunk)
        except Unavailable:
            return None
        if outcome.rejected or outcome.retry:
            return None
        settled.add(range(len(chunk.lines)), outcome)
        return settled

    def _send(self, chunk: Chunk, settled: DeliveryResult) -> Outcome:
        name = self._destination.name
        while True:
            try:
                outcome = self._destination.send(chunk)
            except Unavailable as error:
                metrics.DESTINATION_UP.labels(name).set(0)
                settled.resent += len(chunk.lines)
                chunk = replace(chunk, sent_before=True)
                self._sit_out(error)
                continue
            self.problem = ""
            self._accepting()
            metrics.DESTINATION_UP.labels(name).set(1)
            metrics.BYTES_SENT.labels(name).inc(int(byte_lengths(chunk.lines).sum()))
            return outcome

    def _sit_out(self, error: Unavailable) -> None:
        """Report why nothing was accepted and wait before the next attempt."""
        asked = LONGEST_PAUSE if isinstance(error, Misconfigured) else error.retry_after
        pause = self._backoff.pause(asked)
        self.problem = str(error)
        self._unavailable(error, pause)
        self._wait(pause)

    def _pause(self, asked: float | None) -> None:
        self._wait(self._backoff.pause(asked))

    def _wait(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise DeliveryStopped

"""`make bench-inbound`: senders report at a fixed rate, whatever becomes of what they sent. How much is taken, and is it there?

The load comes from a process of its own, over up to 480 connections, of the 512 that the listener takes. After the last answer the daemon is killed (`kill -9`),
started again, and its file is compared with the answers: every report of a request that was answered with 2xx is to be
there, and nothing of a request that was refused. `core-ms` is of the daemon, for each request; `to bare` compares it with a
listener that reads the same requests and answers without a commit.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from tests.bench.inbound.bare_listener import bare_listener
from tests.bench.inbound.listening_agent import ListeningAgent, event_ids
from tests.bench.inbound.load_figures import HEAD, LoadFigures
from tests.bench.inbound.open_load import UNSENT, Load, Outcome, offered
from tests.bench.inbound.report_requests import ReportRequests
from tests.bench.orgs.process_cost import core_seconds

SENDERS = 4


@dataclass(frozen=True, slots=True)
class Shape:
    """Of a load. `share`: of the rate that is asked for."""

    name: str
    array: int
    array_every: int
    share: float = 1.0


SHAPES = (
    Shape("single reports", 1, 0),
    Shape("each 20th an array of 20", 20, 20),
    Shape("arrays of 100, a fiftieth of the rate", 100, 1, 0.02),
)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.inbound", description=__doc__)
    parser.add_argument("--rate", type=float, default=2_000.0, help="requests a second that are offered")
    parser.add_argument("--seconds", type=float, default=20.0, help="for each load")
    parser.add_argument("--connections", type=int, default=480, help="at most, over several addresses")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        print(HEAD, flush=True)
        bench = InboundBench(Path(folder), given.rate, given.seconds, given.connections)
        bench.measure()


class InboundBench:
    """One run."""

    def __init__(self, folder: Path, rate: float, seconds: float, connections: int) -> None:
        self._folder = folder
        self._rate = rate
        self._seconds = seconds
        self._connections = connections
        self._labels: Iterator[str] = (f"load{number}" for number in count())

    def measure(self) -> None:
        free, held = self._agent("free"), self._agent("held", requests_per_second=max(1, int(self._rate / SENDERS / 2)))
        with bare_listener(free.settings) as (pid, port):
            self._load(pid, port, self._requests(free, SHAPES[0]), 1.0)  # the first load warms it up
            bare, _ = self._load(pid, port, self._requests(free, SHAPES[0]), 1.0)
        print(bare.line("single reports, no commit", bare), flush=True)
        self._judged(free, SHAPES, bare)
        self._judged(held, [replace(SHAPES[0], name="senders may send half of it")], bare)

    def _agent(self, name: str, requests_per_second: int = 100_000) -> ListeningAgent:
        (self._folder / name).mkdir()
        return ListeningAgent(self._folder / name, senders=SENDERS, requests_per_second=requests_per_second)

    def _requests(self, agent: ListeningAgent, shape: Shape) -> ReportRequests:
        return ReportRequests(agent.senders, next(self._labels), shape.array, shape.array_every)

    def _judged(self, agent: ListeningAgent, shapes: Sequence[Shape], bare: LoadFigures) -> None:
        """Each of `shapes`; then the daemon is killed, and what it has kept is compared with what it answered."""
        taken, refused, unsure = set[str](), set[str](), set[str]()
        agent.start()
        try:
            for shape in [replace(SHAPES[1], name="", share=0.02), *shapes]:  # the first load warms it up
                requests = self._requests(agent, shape)
                figures, outcomes = self._load(agent.pid, agent.port, requests, shape.share)
                if shape.name:
                    print(figures.line(shape.name, bare), flush=True)
                taken.update(event_ids(requests, _numbers(outcomes, *range(200, 300))))
                refused.update(event_ids(requests, _numbers(outcomes, 429, 503, UNSENT)))
                unsure.update(event_ids(requests, [outcome.number for outcome in outcomes]))
            agent.kill()
            agent.start()
            agent.wait_for(agent.drained)
            delivered = agent.delivered()
        finally:
            agent.kill()
        unsure -= taken | refused
        print(
            f"  after kill -9 and a start: {len(taken):,} reports were answered with 2xx, {len(taken - delivered.keys()):,} of "
            f"them are missing; {len(refused & delivered.keys()):,} of {len(refused):,} refused ones are there; "
            f"{len(unsure & delivered.keys()):,} of {len(unsure):,} of cut connections; "
            f"{sum(times > 1 for times in delivered.values()):,} ids are there twice",
            flush=True,
        )

    def _load(
        self, pid: int, port: int, requests: ReportRequests, share: float
    ) -> tuple[LoadFigures, Sequence[Outcome]]:
        rate = self._rate * share
        used = core_seconds(pid)
        load = Load(port, requests, rate, max(10, int(rate * self._seconds)), connections=self._connections)
        with offered(load) as process:
            outcomes = process.outcomes()
        taken = _numbers(outcomes, *range(200, 300))
        reports = sum(len(requests.ids(number)) for number in taken)
        return LoadFigures.of(outcomes, rate, reports, core_seconds(pid) - used), outcomes


def _numbers(outcomes: Sequence[Outcome], *statuses: int) -> list[int]:
    return [outcome.number for outcome in outcomes if outcome.status in statuses]


if __name__ == "__main__":
    main()

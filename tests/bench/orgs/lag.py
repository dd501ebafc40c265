"""How long rows of orgs that are well wait while another org fails: from a log file being there to its row being sent.

One daemon, one process with all orgs. In each round every org shows a log file of one row; beforehand one org begins to
fail, another one each time, and is well again afterwards. Rounds in which none fails are the measure of all others.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from tests.bench.orgs.process_cost import Held, core_seconds
from tests.bench.orgs.served import ServedOrgs, served_orgs
from tests.bench.workload import write_log_file
from tests.end_to_end.agent_process import PATIENCE, AgentProcess

NOWHERE = "https://org.leakline.invalid:8443"
"""A name that no name service knows (RFC 6761)."""
_ROUND = "/round/"


@dataclass(frozen=True, slots=True)
class Lag:
    """Of one round. `seconds`: by the number of an org that was well; `core`: core-milliseconds a second, `pss` in MB at its end."""

    seconds: Mapping[int, float]
    core: float
    pss: float

    @property
    def most(self) -> float:
        return max(self.seconds.values())

    @property
    def median(self) -> float:
        return statistics.median(self.seconds.values())


@dataclass
class LagRun:
    """A daemon over served orgs, every one of which was polled once."""

    served: ServedOrgs
    agent: AgentProcess
    folder: Path
    _rounds: int = 0
    _arrivals: dict[tuple[int, str], float] = field(default_factory=dict)
    """Round and org's id to when its row was sent, in seconds since 1970."""
    _read: dict[Path, int] = field(default_factory=dict)

    def failing(self, number: int, way: str, well: Collection[int], *, pause: float = 0.0) -> Lag:
        """A round in which one org fails, `pause` seconds after that was met. It is well again afterwards."""
        self.begin({number: way})
        time.sleep(pause)
        try:
            return self.round(well, [number])
        finally:
            self.served.heal(number)

    def begin(self, ways: Mapping[int, str]) -> None:
        """Orgs fail from now on, each in its way; returns once the daemon has met all of it."""
        for number, way in ways.items():
            self.served.fail(number, way)
        for number, way in ways.items():
            self._await(partial(self._is_met, number), f"the org that {way!r} befalls is not asked")

    def round(self, well: Collection[int], failing: Collection[int] = ()) -> Lag:
        """All of these show a file; until the rows of the orgs that are well are sent. Fails where they do not come."""
        self._rounds += 1
        path = self.folder / "round.csv"
        write_log_file(path, 1, seed=self._rounds)
        text = path.read_text().replace("/services/data/", f"{_ROUND}{self._rounds}/")
        began, cores = time.monotonic(), core_seconds(self.agent.pid)
        shown = self.served.show_rows(text, [*well, *failing])
        keys = {number: (self._rounds, self.served.id(number)) for number in well}
        self._await(lambda: self._have_arrived(keys.values()), "rows of orgs that are well do not come")
        core = (core_seconds(self.agent.pid) - cores) / (time.monotonic() - began) * 1000
        seconds = {number: self._arrivals[key] - shown for number, key in keys.items()}
        return Lag(seconds, core, Held.of(self.agent.pid).pss)

    def _is_met(self, number: int) -> bool:
        """Whether the daemon met the failure: who refuses connections cannot count them."""
        return self.served.failures(number) > 0 or bool(self.source(number)["problem"])

    def source(self, number: int) -> Mapping[str, Any]:
        """What `status` says of an org's source."""
        sources: Sequence[Mapping[str, Any]] = self.agent.status()["sources"]
        return sources[number]

    def _have_arrived(self, keys: Collection[tuple[int, str]]) -> bool:
        for path in (self.folder / "out").glob("events*"):
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                new = file.read()
            whole = new[: new.rfind(b"\n") + 1]
            self._read[path] = self._read.get(path, 0) + len(whole)
            for line in whole.splitlines():
                self._note(line)
        return all(key in self._arrivals for key in keys)

    def _note(self, line: bytes) -> None:
        _, _, rest = line.partition(_ROUND.encode())
        if not rest:
            return
        document = orjson.loads(line)
        number = int(rest.partition(b"/")[0])
        sent = datetime.fromisoformat(document["event"]["ingested"]).timestamp()
        self._arrivals.setdefault((number, document["organization"]["id"]), sent)

    def _await(self, condition: Any, failure: str) -> None:
        until = time.monotonic() + PATIENCE
        while not condition():
            assert not self.agent.has_ended(), self.agent.words()
            assert time.monotonic() < until, f"{failure}: {self.agent.words()}"
            time.sleep(0.1)


@contextmanager
def lag_run(
    folder: Path, orgs: int, every: str, *, changes: Mapping[int, Mapping[str, Any]] | None = None, rules: bool = True
) -> Iterator[LagRun]:
    """With a file destination. `every`: between two polls; `changes`: keys of an org's settings that are other than those of
    the rest, by its number: nobody waits for its first poll; `rules`: whether the shipped ones run.
    """
    folder.mkdir()
    changed = changes or {}
    with served_orgs(folder / "orgs", orgs) as served:
        document: dict[str, Any] = {
            "orgs": [{**served.settings(number, every=every), **changed.get(number, {})} for number in range(orgs)],
            "destinations": [{"type": "file", "directory": str(folder / "out")}],
            "rules": {"shipped": rules},
            "state": {"directory": str(folder / "state")},
        }
        agent = AgentProcess(folder, document)
        agent.start()
        run = LagRun(served, agent, folder)
        try:
            agent.wait_for(lambda: all(run.source(org)["last_success"] for org in range(orgs) if org not in changed))
            yield run
        finally:
            agent.kill()

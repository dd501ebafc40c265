"""Whatever happens in whatever order: no row is lost, none is counted twice, and the sum holds at every step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import DiskFull, Gone, LeaklineError, TransportError, Unavailable
from agent.model import LANES, Chunk, Outcome
from agent.pipeline.forward import Forward
from agent.store.accounts import Accounts
from agent.store.queue.dead_letter_commands import DeadLetterCommands
from tests.pipeline.fakes import NOW, Archive, ListSource, Loops, ScriptedDestination, ids_of
from tests.pipeline.test_forward import balanced
from tests.store.one_shard import OneShard

STEPS = (
    "ingest",
    "forward",
    "forward",
    "damage",
    "lose",
    "set_aside",
    "drop",
    "replay",
    "bury",
    "repair",
    "trim",
    "restart",
)


class World:
    """Two destinations, a source that can be read again, and everything that may befall them."""

    def __init__(self, data: st.DataObject, state: OneShard) -> None:
        self.data = data
        self.loops = Loops(state)
        self.archive = Archive()
        self.siems = [ScriptedDestination(name, max_rows=3) for name in ("first", "second")]
        self.forwards = self._forwards()
        self.read = 0
        self.dropped: dict[str, Counter[str]] = {siem.name: Counter() for siem in self.siems}
        """Ids of dead letters that were dropped."""

    def _forwards(self) -> list[Forward]:
        return [self.loops.forward(siem) for siem in self.siems]

    def which(self) -> int:
        return self.data.draw(st.integers(0, 1))

    def step(self, name: str) -> None:
        getattr(self, name)()

    def ingest(self) -> None:
        rows = self.data.draw(st.integers(1, 8))
        cursor = int(self.loops.ingest().cursor("acme/list") or 0) + 1
        ids = ids_of(self.read, self.read + rows)
        self.loops.ingest().read(ListSource([self.archive.batch(cursor, ids)]))
        self.read += rows

    def forward(self) -> None:
        """A batch at one destination, with random answers; while some are sent the batch may be set aside."""
        number = self.which()
        forward, siem = self.forwards[number], self.siems[number]

        def answer(chunk: Chunk) -> Outcome:
            if self.data.draw(st.integers(0, 9)) == 0:
                forward.shards[0].queue.set_aside()
            if self.data.draw(st.integers(0, 3)) == 0:
                raise Unavailable("down")
            fates = self.data.draw(
                st.lists(st.sampled_from("aaarx"), min_size=len(chunk.lines), max_size=len(chunk.lines))
            )
            return Outcome(
                rejected=[(row, "no") for row, fate in enumerate(fates) if fate == "x"],
                retry=[row for row, fate in enumerate(fates) if fate == "r"],
            )

        siem.script = [answer] * self.data.draw(st.integers(0, 4))
        forward.forward()
        siem.script = []

    def damage(self) -> None:
        self._harm(lambda path: path.write_bytes(b"x" + path.read_bytes()[1:]))

    def lose(self) -> None:
        self._harm(lambda path: path.unlink())

    def _harm(self, harm: Callable[[Path], object]) -> None:
        """To one file of the spool or aside, seen by the next process; not to replayed rows, of which no input is known."""
        folders = [self.loops.state.directory / name for name in ("spool", "aside")]
        entries = [entry for siem in self.siems for entry in self.loops.parked.entries(siem.name)]
        replayed = {entry.file.name for entry in entries if entry.reason == "replay"}
        files = sorted(path for folder in folders for path in folder.glob("*.arrow") if path.name not in replayed)
        if files:
            harm(self.data.draw(st.sampled_from(files)))
            self.restart()

    def set_aside(self) -> None:
        self.forwards[self.which()].shards[0].queue.set_aside()

    def drop(self) -> None:
        number = self.which()
        name = self.siems[number].name
        entries = [e for e in self.loops.parked.entries(name) if e.reason == "set_aside"]
        if entries and self.forwards[number].shards[0].queue.drop():
            origin, settled = entries[0].file.parts[0].origin, entries[0].row
            assert origin is not None
            ids = self.archive.inputs[origin.again]
            self.dropped[name].update(ids[number - 1] for number in origin.numbers().to_list()[settled:])

    def replay(self) -> None:
        self._settle("replay")

    def bury(self) -> None:
        self._settle("drop")

    def _settle(self, what: str) -> None:
        files = self.loops.dead_letters.files()
        if not files:
            return
        number, _ = self.data.draw(st.sampled_from(files))
        letters, about = self.loops.dead_letters.load(number), self.loops.dead_letters.context(number)
        office = DeadLetterCommands(self.loops.stores, {siem.name: LANES for siem in self.siems}, lambda: NOW)
        if what == "drop":
            office.drop(number, "ada")
            self.dropped[about.destination].update(self._ids(letters.to_dicts()))
        elif letters["raw"].null_count():
            with pytest.raises(LeaklineError):
                office.replay(number, "ada")
        else:
            office.replay(number, "ada")

    def _ids(self, letters: list[dict[str, object]]) -> list[str]:
        """Of dead letters, lost ones by input and number."""
        return [
            str(row["event_id"] or self.archive.inputs[str(row["input"])][int(str(row["row"])) - 1]) for row in letters
        ]

    def repair(self) -> None:
        self.archive.script = self.data.draw(
            st.sampled_from([[], [], [Gone("gone")], [TransportError("no answer")], [DiskFull("full")]])
        )
        self.loops.repair(self.archive).attempt()
        self.archive.script = []

    def trim(self) -> None:
        self.loops.room(
            1 << 30, *[forward.quota(forward.shards[0], 1 << 30, alone=False) for forward in self.forwards]
        )._trim()

    def restart(self) -> None:
        self.loops = self.loops.restarted()
        self.forwards = self._forwards()

    def check(self) -> None:
        for forward in self.forwards:
            assert balanced(self.loops, forward)
            account = Accounts(self.loops.state).delivered(forward.name, "events")
            assert min(account.acknowledged, account.dead_lettered, account.set_aside, account.dropped) >= 0

    def finish(self) -> None:
        """Everything is well again: each row has arrived once, or is a dead letter, or was dropped on purpose."""
        for _ in range(3):
            for forward in self.forwards:
                self.loops.drain(forward)
            self.loops.repair(self.archive).attempt()
        self.check()
        for siem, forward in zip(self.siems, self.forwards, strict=True):
            dead = [
                event_id
                for _, letters in self.loops.dead_letters.read()
                for event_id in self._ids(letters.filter(letters["destination"] == siem.name).to_dicts())
            ]
            assert Counter(siem.accepted) + Counter(dead) + self.dropped[siem.name] == Counter(ids_of(0, self.read))
            account = Accounts(self.loops.state).delivered(siem.name, "events")
            assert (account.acknowledged, account.dead_lettered) == (len(siem.accepted), len(dead))
            assert (account.set_aside, forward.pending("events")) == (0, 0)
            assert account.dropped == self.dropped[siem.name].total()
        self.trim()
        for folder in ("spool", "aside"):
            assert list((self.loops.state.directory / folder).glob("*.arrow")) == []


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_every_row_arrives_once_or_is_accounted_for(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Reading, sending, refusals, damage, setting aside, replaying, dropping, restarts, in any order."""
    state = OneShard(tmp_path_factory.mktemp("state"))
    world = World(data, state)
    for step in data.draw(st.lists(st.sampled_from(STEPS), min_size=1, max_size=25)):
        world.step(step)
        world.check()
    world.finish()
    state.close()

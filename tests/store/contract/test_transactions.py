"""What transactions of every `State` promise: against a dictionary that does the same in the obvious way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import structlog
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agent.store.state import State
from agent.store.transaction import Transaction, Value
from tests.store.contract.conftest import MEMBERS
from tests.store.contract.members import STATES, StateHarness

every = pytest.mark.parametrize("harness", [cls.__name__ for cls in STATES], indirect=True)

KEYS = ("", "a", "a/", "a/b", "a/b/", "a0", "aa", "a\x00", "a\ud7ff", "a\ue000", "a\U0010ffff", "ä", "b", "\U0010ffff")
"""Many begin as others do; some are neighbours in the order of code points."""


class Failed(Exception):
    """What a block of a test ends with."""


@dataclass(frozen=True)
class Block:
    """A transaction, or a part of one."""

    steps: Sequence[Block | tuple[str, Value | None]]
    """Keys that are set, or deleted (None), and blocks inside."""
    fails: bool = False
    caught: bool = False
    """Whether the block around it goes on after the failure."""


writes = st.tuples(st.sampled_from(KEYS), st.one_of(st.none(), st.integers(0, 9), st.binary(max_size=2), st.text("ab")))
blocks = st.recursive(
    st.builds(Block, st.lists(writes, max_size=4), st.booleans(), st.booleans()),
    lambda inner: st.builds(Block, st.lists(st.one_of(writes, inner), max_size=4), st.booleans(), st.booleans()),
    max_leaves=8,
)


@dataclass
class Model:
    """What the state must be."""

    values: dict[str, Value] = field(default_factory=dict)
    work: list[str] = field(default_factory=list)
    """Asked for and not undone, of the transaction in hand."""

    def run(self, block: Block) -> None:
        before = (dict(self.values), list(self.work))
        try:
            for step in block.steps:
                self.step(step)
            if block.fails:
                raise Failed
        except Failed:
            self.values, self.work = before
            raise

    def step(self, step: Block | tuple[str, Value | None]) -> None:
        if isinstance(step, Block):
            try:
                self.run(step)
            except Failed:
                if not step.caught:
                    raise
            return
        key, value = step
        self.work.append(key)
        if value is None:
            self.values.pop(key, None)
        else:
            self.values[key] = value


@dataclass
class Run:
    """The same with a state, compared with the model after every step of the outermost block."""

    state: State
    model: Model = field(default_factory=Model)
    done: list[str] = field(default_factory=list)

    def run(self, block: Block) -> None:
        with self.state.transact() as transaction:
            for step in block.steps:
                self.step(transaction, step)
            if block.fails:
                raise Failed

    def step(self, transaction: Transaction, step: Block | tuple[str, Value | None]) -> None:
        if isinstance(step, Block):
            try:
                self.run(step)
            except Failed:
                if not step.caught:
                    raise
            return
        key, value = step
        transaction.after_commit(lambda: self.done.append(key))
        if value is None:
            transaction.delete(key)
        else:
            transaction.set(key, value)
        assert self.state.get(key) == value

    def compare(self) -> None:
        for prefix in KEYS:
            assert self.state.keys(prefix) == sorted(key for key in self.model.values if key.startswith(prefix))
        assert {key: self.state.get(key) for key in self.state.keys("")} == self.model.values


@pytest.mark.parametrize("member", [cls.__name__ for cls in STATES])
def test_all_or_nothing_whatever_is_nested(member: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Blocks in blocks, some of which fail and some of whose failures are caught: what is left is what an obvious copy
    of a dictionary leaves, in both orders of keys, and what waited for commits is done for what was committed alone.
    """
    harness = MEMBERS[member](tmp_path_factory.mktemp("state"))
    harness.open()

    @settings(max_examples=60, deadline=None)
    @example(transactions=[Block([("a", 1), Block([("a", 2), ("b", 1)], fails=True, caught=True), ("ä", 3)])])
    @example(transactions=[Block([Block([Block([("a", 1)]), ("b", 2)], fails=True, caught=True)])])
    @given(transactions=st.lists(blocks, max_size=4))
    def check(transactions: list[Block]) -> None:
        run = Run(harness.shard("acme"))
        with run.state.transact() as transaction:
            for key in run.state.keys(""):
                transaction.delete(key)
        for block in transactions:
            run.model.work.clear()
            run.done.clear()
            failed = [_fails(run.model.run, block), _fails(run.run, block)]
            assert failed[0] == failed[1]
            assert run.done == ([] if failed[0] else run.model.work)
            run.compare()
        harness.close()
        harness.open()
        run.state = harness.shard("acme")
        run.compare()

    check()
    harness.close()


def _fails(run: Callable[[Block], None], block: Block) -> bool:
    try:
        run(block)
    except Failed:
        return True
    return False


@every
def test_what_follows_a_commit_is_done_when_everything_is_committed(harness: StateHarness) -> None:
    """In its order, an inner block's too, by then visible to all, and free to write by itself."""
    state = harness.shard("acme")
    seen: list[object] = []

    def follow() -> None:
        seen.append(state.keys(""))
        with state.transact() as transaction:
            transaction.after_commit(lambda: seen.append("of its own"))
            transaction.set("followed", 1)

    with state.transact() as transaction:
        transaction.after_commit(follow)
        with state.transact() as inner:
            inner.set("a", 1)
            inner.after_commit(lambda: seen.append("inner"))
        transaction.after_commit(lambda: seen.append("last"))
        transaction.set("b", 1)
        assert seen == []
    assert seen == [["a", "b"], "of its own", "inner", "last"]
    assert state.get("followed") == 1


@every
def test_an_error_after_a_commit_is_told_and_in_nobodys_way(harness: StateHarness) -> None:
    """Raised, it would be taken for a transaction that did not happen; the rest is done, and the log has it."""
    state, done = harness.shard("acme"), []

    def fail() -> None:
        raise ZeroDivisionError("afterwards")

    with structlog.testing.capture_logs() as logs, state.transact() as transaction:
        transaction.set("a", 1)
        transaction.after_commit(fail)
        transaction.after_commit(lambda: done.append("the rest"))
    assert (state.get("a"), done) == (1, ["the rest"])
    assert [entry["log_level"] for entry in logs if "ZeroDivisionError: afterwards" in entry["traceback"]] == ["error"]


@every
def test_any_exception_undoes_and_passes_on_as_it_is(harness: StateHarness) -> None:
    """Also one that is no error of ours, and one that is meant for the process."""
    state = harness.shard("acme")
    for error in (OSError("of somebody else"), KeyboardInterrupt(), GeneratorExit()):
        with pytest.raises(type(error)) as raised, state.transact() as transaction:
            transaction.set("a", 1)
            raise error
        assert raised.value is error
        assert state.get("a") is None


@every
def test_a_second_opening_is_the_same_state(harness: StateHarness, tmp_path: Path) -> None:
    """A state closed in order and opened again keeps its id, and two states have two."""
    first = harness.shard("acme").id
    harness.close()
    harness.open()
    assert harness.shard("other").id == first
    other = type(harness)(tmp_path / "other")  # type: ignore[call-arg]  # harnesses are made from a path
    other.open()
    assert other.shard("acme").id != first
    other.close()

"""Values in memory are what is stored, with what is not stored yet before them."""

import weakref
from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from agent.notice.incidents.kept_values import KeptValues

MOST = 3
KEYS = [f"key {number}" for number in range(8)]
NUMBERS = st.integers(0, 99)


@dataclass(eq=False)
class Kept:
    """A value of which it can be seen whether anybody holds it."""

    number: int


class AgainstDicts(RuleBasedStateMachine):
    """The same is done to dicts, one for what is stored and one for each change that is not."""

    def __init__(self) -> None:
        super().__init__()
        self.stored: dict[str, int] = {}
        self.changes: list[dict[str, int]] = []
        self.undo: list[Callable[[], None]] = []
        self.alive: weakref.WeakSet[Kept] = weakref.WeakSet()
        self.values = KeptValues(lambda key: self.made(self.stored.get(key, -1)), MOST)

    def made(self, number: int) -> Kept:
        value = Kept(number)
        self.alive.add(value)
        return value

    @rule(key=st.sampled_from(KEYS))
    def read(self, key: str) -> None:
        expected = self.stored.get(key, -1)
        for change in self.changes:
            expected = change.get(key, expected)
        assert self.values.get(key).number == expected

    @rule(change=st.dictionaries(st.sampled_from(KEYS), NUMBERS, max_size=len(KEYS)))
    def advance(self, change: dict[str, int]) -> None:
        self.changes.append(change)
        self.undo.append(self.values.change({key: self.made(number) for key, number in change.items()}))

    @precondition(lambda self: self.undo)
    @rule()
    def take_back_the_last(self) -> None:
        self.changes.pop()
        self.undo.pop()()

    @rule()
    def store_all(self) -> None:
        for change in self.changes:
            self.stored |= change
        self.changes.clear()
        self.undo.clear()
        self.values.settle()

    @rule()
    def forget(self) -> None:
        self.changes.clear()
        self.undo.clear()
        self.values.forget()

    @invariant()
    def few_are_held(self) -> None:
        """Beside those that are not stored yet, and what takes them back."""
        assert len(self.alive) <= MOST + sum(len(change) for change in self.changes)


TestAgainstDicts = AgainstDicts.TestCase
TestAgainstDicts.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)


def test_what_is_not_stored_yet_is_never_dropped_to_make_room() -> None:
    """However much is read meanwhile: the state has an older word of it."""
    values = KeptValues[int](lambda _key: 0, MOST)
    values.change(dict.fromkeys(KEYS, 1))
    assert [values.get(f"another {number}") for number in range(10)] == [0] * 10
    assert [values.get(key) for key in KEYS] == [1] * len(KEYS)

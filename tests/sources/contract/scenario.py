"""What contract tests begin with: rows to take, a pass that nothing disturbs, and hooks that do."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Sequence

from agent.model import Batch
from tests.sources.contract.harness import SourceHarness
from tests.sources.contract.source_loop import Crash, SourceLoop

INPUTS = [[f"{number}-{row}-{'x' * 40}" for row in range(8)] for number in range(3)]
"""Several batches each, so that most ends of a batch lie inside an input."""
INPUTS[1][4:8] = ["equal"] * 4


def begin(harness: SourceHarness, *inputs: Sequence[str]) -> SourceLoop:
    harness.begin_anew()
    harness.give(*inputs)
    return SourceLoop(harness)


def undisturbed(harness: SourceHarness, *inputs: Sequence[str]) -> SourceLoop:
    """What comes when nothing goes wrong; nothing that was given is missing."""
    loop = begin(harness, *inputs)
    loop.run()
    given = Counter(label for labels in inputs for label in labels)
    assert Counter(label for label, _ in loop.rows()) == given
    assert len({id_ for _, id_ in loop.rows()}) == given.total()
    return loop


def nth_time(number: int, act: Callable[[], None]) -> Callable[[Batch], None]:
    """A hook that acts at its n-th call, from 1."""
    calls = itertools.count(1)
    return lambda _: act() if next(calls) == number else None


def crash() -> None:
    raise Crash


def never(_: Batch) -> None:
    """A hook that lets everything pass."""

"""The head that alerts carry is that of the newest checkpoint, also right after a start."""

from typing import Any

import pytest

from agent.trail.checkpointer import TakenCheckpoint
from agent.trail.head import TrailHead
from tests.destinations.checkpoints import taken


def stored(checkpoint: TakenCheckpoint) -> dict[str, Any]:
    return {"time": checkpoint.time.isoformat(), "size": checkpoint.checkpoint.size, "note": checkpoint.note}


def test_a_start_has_the_head_from_before() -> None:
    """As it was when the checkpoint was taken."""
    checkpoint, head, restored = taken(17), TrailHead(), TrailHead()
    head.set(checkpoint.checkpoint)
    restored.restore(stored(checkpoint))
    assert head() == restored() == "17:111111111111"


@pytest.mark.parametrize("newest", [None, {}, {"note": ""}, {"note": "a\nb\nc\n"}, {"note": "a\n5\n*\n"}, {"note": 5}])
def test_without_a_checkpoint_that_can_be_read_there_is_none(newest: Any) -> None:
    """Nothing keeps an alert from being raised."""
    head = TrailHead()
    head.restore(newest)
    assert head() == ""

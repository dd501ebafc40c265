"""What is kept of a frame once its rules were tried."""

from __future__ import annotations

import gc
import weakref

import polars as pl

from agent.detection.condition.evaluation import Evaluation
from agent.detection.condition.tree import Match, Text


def test_a_frame_is_let_go_of_with_its_evaluation() -> None:
    """No circle keeps it until garbage is looked for: a batch has megabytes."""
    frame = pl.DataFrame({"URI": ["/a", "/b"]})
    evaluation = Evaluation(frame)
    evaluation.rows(Match("URI", Text("equals", frozenset({"/a"}), cased=True)))
    gone = weakref.ref(evaluation)
    gc.disable()
    try:
        del evaluation
        assert gone() is None
    finally:
        gc.enable()

"""The settings `trail`: who signs checkpoints, and how often."""

from __future__ import annotations

from collections.abc import Sequence

from agent.changes.classes.containers import Group
from agent.changes.classes.directions import larger_weakens
from agent.changes.classes.line import Line
from agent.changes.classes.magnitude import span
from agent.changes.classes.tables.connections import secret

LINES: Sequence[Line] = (
    Line("trail", Group(), "Without it what Leakline did cannot be proved."),
    *secret("trail.key", added=True),
    Line("trail.checkpoint_every", larger_weakens(span), "Records after the last checkpoint can be changed unseen."),
)

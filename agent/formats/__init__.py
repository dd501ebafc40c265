"""What a row looks like on the wire: pure functions from a shaped frame to lines.

To add one: a file with a function `encode` of type `agent.model.Format`, and its name in `FORMATS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl

from agent.columns.sent_mark import marked, unmarked
from agent.formats import cef, ecs
from agent.model import Format

FORMATS: Mapping[str, Format] = {"ecs": ecs.encode, "cef": cef.encode}
"""By the name that settings use."""
SENT: Mapping[str, Format] = {**FORMATS, "ecs": ecs.encode_to_send}
"""As destinations send it that say when they do."""

SIBLINGS: Mapping[Format, tuple[Format, Callable[[pl.Series], pl.Series]]] = {
    ecs.encode: (ecs.encode_to_send, unmarked),
    ecs.encode_to_send: (ecs.encode, marked),
}
"""What lines of a format are made from at a quarter of the cost: those of another one, and how."""

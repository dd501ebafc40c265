"""What a row looks like on the wire: pure functions from a shaped frame to lines.

To add one: a file with a function `encode` of type `agent.model.Format`, and its name in `FORMATS`.
"""

from __future__ import annotations

from collections.abc import Mapping

from agent.formats import cef, ecs
from agent.model import Format

FORMATS: Mapping[str, Format] = {"ecs": ecs.encode, "cef": cef.encode}
"""By the name that settings use."""

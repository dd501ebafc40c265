"""What an administrator's account does in Setup, one kind of thing at a time (`setup_scenes.yaml`): the simulated org has only all
of it in one sitting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import yaml

from agent.simulator.scenarios.configuration.admin_session import AdminSession
from agent.simulator.world.stage import Stage

_PAUSE = 11
"""Seconds between two changes."""


@cache
def setup_scenes() -> Mapping[str, Callable[[Stage], None]]:
    """By name."""
    text = Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")
    return {name: partial(_plant, steps) for name, steps in yaml.load(text, yaml.CSafeLoader).items()}


def _plant(steps: Sequence[Sequence[Any]], stage: Stage) -> None:
    """A login from the own office, then the changes, one by one. `steps`: action, section, display, and how often."""
    admin, seconds = AdminSession.at(stage, 10), 0
    for action, section, display, *times in steps:
        for number in range(1, (times[0] if times else 1) + 1):
            seconds += _PAUSE
            admin.change(seconds, action, section, display.format(n=number))

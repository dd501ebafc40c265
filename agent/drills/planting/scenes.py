"""What can be played on a stage of the simulated org: its own scenarios, and those that only drills have."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from agent.drills.planting.setup_scenes import setup_scenes
from agent.drills.planting.sync_scenes import SYNC_SCENES
from agent.simulator.scenarios import PLAYABLE
from agent.simulator.world.stage import Stage

SCENES: Mapping[str, Callable[[Stage], None]] = {
    **{name: scenario.plant for name, scenario in PLAYABLE.items()},
    **setup_scenes(),
    **SYNC_SCENES,
}
"""By name."""

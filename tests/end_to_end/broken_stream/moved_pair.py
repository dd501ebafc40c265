"""A simulated org and an agent of its own process, both on clocks that are moved: what days and weeks of it have in common."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.simulator.running import RunningOrg, serve
from agent.simulator.world.simulator_settings import SimulatorSettings
from tests.end_to_end.broken_stream.moved_agent import CLOCK
from tests.end_to_end.broken_stream.moved_clock import MovedClock
from tests.end_to_end.forking import ForkedAgentProcess


class MovedPair:
    """To be closed. The agent is started by `start`."""

    def __init__(
        self, folder: Path, settings: SimulatorSettings, document_for: Callable[[RunningOrg, Path], dict[str, Any]]
    ) -> None:
        """`document_for`: the agent's settings, for the running org and the folder."""
        self._clock = MovedClock(folder / "clock")
        self._clock.move_to(settings.now() - datetime.now(UTC))
        self.running = serve(settings)
        self.org = self.running.org
        self.folder = folder / "out"
        self.agent = ForkedAgentProcess(
            folder,
            document_for(self.running, folder),
            module="tests.end_to_end.broken_stream.moved_agent",
            environment={CLOCK: str(self._clock.path)},
        )
        self.kills = 0
        self._runs = False

    def close(self) -> None:
        """And end the agent where a test has failed before it did."""
        if self._runs and self.agent.pid:
            self.agent.kill()
        self.agent.close()
        self.running.close()

    def kill(self) -> None:
        self._runs = False
        self.agent.kill()
        self.kills += 1

    def start(self) -> None:
        """The agent, which has ended."""
        self._runs = True
        self.agent.start()

    def stop(self) -> None:
        """As the service's manager stops it."""
        self._runs = False
        assert self.agent.stop() == 0

    def disturb(self, **faults: Any) -> None:
        """From now on, in addition."""
        self.org.change_faults(**faults)

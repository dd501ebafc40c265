"""`make drills`: every scenario there is, one after the other, as a drill in a daemon of its own; a table of how each ended.

Ends with 1 where one failed, or where a stage had nothing to show although the settings have something for each. What a failed one
said is below the table. `--only NAME` runs those whose names begin so.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from agent.daemon.control.client import ask
from agent.demo.receiver import receiver
from tests.drills.drilled_agent import settings
from tests.end_to_end.agent_process import AgentProcess

FASTEST = 3600.0
LOOK_EVERY = 0.2
"""Seconds."""
PATIENCE = 600.0
"""Seconds for one drill: every stage of it ends by itself before."""
LAW = "law"


@dataclass(frozen=True)
class EndedDrill:
    """One drill as it ended."""

    scenario: str
    family: str
    drill: Mapping[str, Any]
    """As `drill_show` answers."""

    @property
    def seconds(self) -> float:
        begun, ended = (datetime.fromisoformat(self.drill[key]) for key in ("begun_at", "ended_at"))
        return (ended - begun).total_seconds()

    @property
    def faults(self) -> list[str]:
        """What was not shown, each with its reason. A legal drill may say that nobody is named: it has people of its own."""
        found = [self.drill["interrupted"]] if self.drill["interrupted"] else []
        wrong = ("failed",) if self.family == LAW else ("failed", "not set up")
        return found + [
            f"{stage['name']} ({stage['verdict']}): {stage['sentence']}"
            for stage in self.drill["stages"]
            if stage["verdict"] in wrong
        ]

    @property
    def failed_stages(self) -> str:
        return ", ".join(fault.partition(" (")[0] for fault in self.faults)


def run_all(folder: Path, beginning: str = "") -> Iterator[EndedDrill]:
    """Each as soon as it has ended. `folder`: an empty one; `beginning`: of the names of scenarios."""
    with ExitStack() as stack:
        hooks = [stack.enter_context(receiver()) for _ in range(2)]
        document = settings(folder, [hook.url for hook in hooks])
        agent = AgentProcess(folder, document)
        agent.start()
        try:
            socket = Path(document["state"]["directory"]) / "control.sock"
            for row in ask(socket, "drill_list"):
                if row["name"].startswith(beginning):
                    yield EndedDrill(row["name"], row["family"], _ended(socket, row["name"]))
        finally:
            agent.stop()


def _ended(socket: Path, scenario: str) -> Mapping[str, Any]:
    drill: Mapping[str, Any] = ask(socket, "drill_run", scenario=scenario, speed=FASTEST, by="make drills")
    until = time.monotonic() + PATIENCE
    while drill["ended_at"] is None:
        if time.monotonic() > until:
            raise TimeoutError(f"{drill['id']} ({scenario}) has not ended: {drill}")
        time.sleep(LOOK_EVERY)
        drill = ask(socket, "drill_show", number=drill["id"])
    return drill


def table(ended: Sequence[EndedDrill]) -> Table:
    """One row for each, in the order in which they ran."""
    found = Table(title=f"{len(ended)} drills", title_justify="left")
    for heading in ("scenario", "family", "verdict", "seconds", "failed stages"):
        found.add_column(heading, justify="right" if heading == "seconds" else "left", no_wrap=heading == "scenario")
    for drill in ended:
        verdict = "[bold red]failed" if drill.faults else "passed"
        found.add_row(drill.scenario, drill.family, verdict, f"{drill.seconds:.1f}", drill.failed_stages)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.drills.all", description=__doc__)
    parser.add_argument("--only", default="", metavar="NAME", help="only scenarios whose names begin so")
    given = parser.parse_args(arguments)
    console, began = Console(soft_wrap=True), time.monotonic()
    ended: list[EndedDrill] = []
    with tempfile.TemporaryDirectory(prefix="leakline-drills-") as folder:
        for drill in run_all(Path(folder), given.only):
            ended.append(drill)
            console.print(f"{drill.scenario}: {'; '.join(drill.faults) or 'passed'}", markup=False, highlight=False)
    console.print(table(ended))
    failed = [drill for drill in ended if drill.faults]
    for drill in failed:
        console.print(f"{drill.drill['id']} {drill.scenario}: {'; '.join(drill.faults)}", markup=False)
    console.print(f"{len(ended) - len(failed)} of {len(ended)} passed in {time.monotonic() - began:.0f} s")
    return 0 if ended and not failed else 1


if __name__ == "__main__":
    sys.exit(main())

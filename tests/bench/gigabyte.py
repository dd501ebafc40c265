"""`make bench-gigabyte`: a log file of 1 GB from a simulated org through the whole agent; its peak memory and speed."""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from pathlib import Path

from agent.demo.org_process import simulated_org
from agent.enrichment.address_database import write_mmdb
from agent.simulator.world.networks import networks
from tests.end_to_end.agent_process import AgentProcess
from tests.end_to_end.org_settings import document_for


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.gigabyte", description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1024)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        options = [
            "--no-daily-files",
            "--scenario",
            "none",
            "--event-type",
            "RestApi",
            "--big-file-mb",
            str(given.megabytes),
        ]
        with simulated_org(folder / "org", seed=1, rows=2_000, options=options) as org:
            document = document_for(org, folder)
            write_mmdb(folder / "addresses.mmdb", networks())
            document["enrich"] = {"databases": [str(folder / "addresses.mmdb")]}
            agent = AgentProcess(folder, document)
            began = time.perf_counter()
            agent.start()
            rows = int(re.sub(r"\D", "", org["log files"].split(",", 2)[2]))
            agent.wait_for(lambda: _taken(agent) >= rows and agent.drained())
            seconds = time.perf_counter() - began
            peak = agent.peak_mb()
            balanced = agent.status()["balanced"]
            agent.stop()
    print(f"{rows:,} rows, {given.megabytes} MB: {seconds:.0f} s with start, download and delivery")
    print(f"{rows / seconds:,.0f} events/s, peak memory of the agent {peak:.0f} MB, accounts balanced: {balanced}")


def _taken(agent: AgentProcess) -> int:
    return sum(row["read"] for row in agent.status()["read"])


if __name__ == "__main__":
    main()

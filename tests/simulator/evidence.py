"""What the scenarios left in an org's files."""

from __future__ import annotations

import csv

import polars as pl

from agent.simulator.log_files.truth import read_truth
from agent.simulator.org.simulated_org import SimulatedOrg

csv.field_size_limit(1 << 24)


class Evidence:
    """The rows of the scenarios, by scenario and event type, as they stand in the files."""

    def __init__(self, org: SimulatedOrg) -> None:
        self.org = org
        self._frames: dict[tuple[str, str], list[dict[str, str]]] = {}
        truth = read_truth(org.truth).filter((pl.col("interval") == "Hourly") & pl.col("scenario").is_not_null())
        told = {(row["file"], row["row"]): row["scenario"] for row in truth.iter_rows(named=True)}
        for file in org.all_files():
            with file.path.open(newline="", encoding="utf-8") as text:
                for number, row in enumerate(csv.DictReader(text), start=1):
                    if (scenario := told.get((file.id, number))) and file.interval == "Hourly":
                        self._frames.setdefault((scenario, file.event_type), []).append(row)

    def rows(self, scenario: str, event_type: str) -> list[dict[str, str]]:
        return self._frames[scenario, event_type]

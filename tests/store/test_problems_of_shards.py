"""Registers of problems of several shards in one process."""

from __future__ import annotations

from pathlib import Path

from agent import metrics
from agent.store.directory.state_directory import StateDirectory
from agent.store.queue.shards import open_shards
from tests.pipeline.fakes import Clock


def test_the_metric_counts_the_open_problems_of_all_shards(tmp_path: Path) -> None:
    """One org's trouble stays visible when another's is over, and when another's register is opened after it."""

    def measured() -> float | None:
        return metrics.REGISTRY.get_sample_value("leakline_problems", {"kind": "source-failed"})

    directory = StateDirectory(tmp_path / "state")
    shards = open_shards(directory, ["acme", "other"], Clock())
    try:
        for name in ("acme", "other"):
            shards[name].problems.report("source-failed", f"{name}/log", "refused")
        assert measured() == 2
        shards["other"].problems.over("source-failed", "other/log")
        assert measured() == 1
        open_shards(directory, ["acme", "other"], Clock())
        assert measured() == 1
    finally:
        directory.close()

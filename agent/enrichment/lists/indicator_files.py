"""The indicators in use: the shipped files, and those of the settings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from agent.enrichment.lists.indicator_file import IndicatorFile, read_indicators
from agent.enrichment.lists.list_file import ListFiles
from agent.shipped import shipped


def indicator_files(own: Sequence[Path], age: timedelta, files: ListFiles) -> dict[Path, IndicatorFile]:
    """By path, those that could be read at some time. `age`: how long an indicator without `expires` counts."""
    paths = [*sorted((shipped("mappings") / "indicators").glob("*.yaml")), *own]
    read = {path: files.read(path, lambda path: read_indicators(path, age)) for path in paths}
    return {path: file for path, file in read.items() if file is not None}

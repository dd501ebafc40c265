"""The two trees, a program run in each of them in turns, and the figures side by side."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.beside import in_tree
from tests.tar import extract

BEFORE = "efdda46"
"""The commit that speed is compared with, unless another checkout is named."""

BESIDE = f"measure the tree of before as well, in turns: the checkout named, or {BEFORE}"

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ratio:
    """`now` over `before`, run by run in the order of the runs."""

    before: Sequence[float]
    now: Sequence[float]

    def line(self, form: str = ",.1f") -> str:
        """Medians with their ranges, and the ratio of the medians with that of the runs."""
        ratios = [now / before for before, now in zip(self.before, self.now, strict=True)]
        ratio = statistics.median(self.now) / statistics.median(self.before)
        return (
            f"before {median_and_range(self.before, form)}  now {median_and_range(self.now, form)}  "
            f"ratio {ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        )


def median_and_range(values: Sequence[float], form: str = ",.1f") -> str:
    """`median (least to most)`."""
    return f"{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def checkout(given: str | None = None) -> Path:
    """The tree of before: the one given, else `BEFORE` unpacked under .cache, where it stays for the next time."""
    if given:
        return Path(given).resolve()
    folder = in_tree.HERE / ".cache" / BEFORE
    if not folder.exists():
        with tempfile.TemporaryFile() as packed:
            subprocess.run(["git", "archive", BEFORE], cwd=in_tree.HERE, stdout=packed, check=True)
            packed.seek(0)
            with tarfile.open(fileobj=packed) as archive:
                extract(archive, folder)
    return folder


def in_turns(before: Path, runs: int, measure: Callable[[Path, int], Figures]) -> dict[str, list[Figures]]:
    """`measure` gets a tree and the number of the run; what it gives for `before` and `now`, run by run."""
    found: dict[str, list[Figures]] = {"before": [], "now": []}
    for run in range(runs):
        trees = [("before", before), ("now", in_tree.HERE)]
        for name, tree in trees if run % 2 == 0 else reversed(trees):
            found[name].append(measure(tree, run))
    return found


def ratio(found: dict[str, list[Figures]], name: str) -> Ratio:
    """That of one figure."""
    return Ratio(*([float(figures[name]) for figures in found[side]] for side in ("before", "now")))


def alerts(found: dict[str, list[Figures]]) -> str:
    """How many were raised, which is to be the same everywhere."""
    counts = {side: sorted({int(figures["alerts"]) for figures in runs}) for side, runs in found.items()}
    told = " or ".join(f"{count:,}" for count in counts["now"])
    if counts["before"] == counts["now"] and len(counts["now"]) == 1:
        return f"alerts: {told} in both trees"
    return f"alerts DIFFER: before {' or '.join(f'{count:,}' for count in counts['before'])}, now {told}"


def tell_beside(
    module: str,
    options: Sequence[object],
    subject: str,
    figures: Sequence[tuple[str, str, str]],
    before: Path,
    runs: int,
) -> None:
    """Run `module` in both trees and print its figures side by side. `figures`: name, title and form of each."""
    found = in_turns(before, runs, lambda tree, _: run_in(tree, module, *options))
    print(f"{subject}; median (range) of {runs} runs of each tree")
    for name, title, form in figures:
        print(f"  {title:34} {ratio(found, name).line(form)}")
    print(f"  {alerts(found)}")


def run_in(tree: Path, module: str, *arguments: object) -> Figures:
    """The JSON on the last line that `module` of this tree's tests writes when it runs over the `agent` of `tree`."""
    command = [sys.executable, in_tree.__file__, str(tree), module, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment, cwd=tree)
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures

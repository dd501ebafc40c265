"""The samples of many rules, tried by several processes at once."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from agent.detection.authoring.samples import Prepare, as_they_are, orphans, pairs, try_pair
from agent.model import Finding

WORTH_IT = 40
"""Files of rules for which another process pays for its start, which takes as long as some thirty files."""

Share = list[tuple[Path, Path]]


def try_rules(
    places: Sequence[Path],
    samples: Path | None = None,
    processes: int | None = None,
    prepare: Prepare = as_they_are,
) -> Iterator[Finding]:
    """As `samples.try_rules`, in the same order. `processes`: at most so many; as many as there are CPUs unless given;
    `prepare` can be pickled.
    """
    paired = list(pairs(places, samples))
    wanted = min(processes or len(os.sched_getaffinity(0)), len(paired) // WORTH_IT)
    if wanted < 2:
        yield from _try_share(paired, places, prepare)
        yield from orphans(places, samples)
        return
    size = -(-len(paired) // (wanted * 4))
    shares = [paired[start : start + size] for start in range(0, len(paired), size)]
    # Spawned, not forked: Polars has threads, which a fork would leave behind with their locks held.
    with ProcessPoolExecutor(wanted, multiprocessing.get_context("spawn")) as pool:
        for found in pool.map(_try_share, shares, [places] * len(shares), [prepare] * len(shares)):
            yield from found
    yield from orphans(places, samples)


def _try_share(share: Share, places: Sequence[Path], prepare: Prepare) -> list[Finding]:
    return [finding for path, file in share for finding in try_pair(path, file, places, prepare)]

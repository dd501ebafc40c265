"""The samples of many rules, tried by several processes at once."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from agent.detection.authoring import samples as sampling
from agent.detection.authoring.samples import Prepare, as_they_are
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
    pairs = list(sampling.pairs(places, samples))
    wanted = min(processes or len(os.sched_getaffinity(0)), len(pairs) // WORTH_IT)
    if wanted < 2:
        yield from _try_share(pairs, places, prepare)
        yield from sampling.orphans(places, samples)
        return
    size = -(-len(pairs) // (wanted * 4))
    shares = [pairs[start : start + size] for start in range(0, len(pairs), size)]
    # Spawned, not forked: Polars has threads, which a fork would leave behind with their locks held.
    with ProcessPoolExecutor(wanted, multiprocessing.get_context("spawn")) as pool:
        for found in pool.map(_try_share, shares, [places] * len(shares), [prepare] * len(shares)):
            yield from found
    yield from sampling.orphans(places, samples)


def _try_share(pairs: Share, places: Sequence[Path], prepare: Prepare) -> list[Finding]:
    return [finding for path, file in pairs for finding in sampling.try_pair(path, file, places, prepare)]

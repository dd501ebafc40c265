"""The benchmarks run, this tree beside itself; their figures are for `make bench` and its like."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from tests.bench import __main__ as whole
from tests.bench import baselines, correlations, normalize
from tests.bench.batches import __main__ as batches
from tests.bench.beside import __main__ as beside
from tests.bench.beside.in_tree import HERE
from tests.bench.inbound import __main__ as inbound
from tests.bench.incidents import __main__ as incidents
from tests.bench.latency import __main__ as latency

ITSELF = ("--beside", str(HERE))

SHORT: dict[str, tuple[Callable[[Sequence[str]], None], Sequence[str], Sequence[str]]] = {
    "bench": (whole.main, ["--rows", "500", "--runs", "1", "--without-sigma"], ["times the plain loop", "times one's"]),
    "batches": (
        batches.main,
        [*ITSELF, "--size", "1", "--event-type", "Login", "--batches", "3", "--runs", "1"],
        ["alone", "a commit", "ratio"],
    ),
    "beside": (beside.main, [str(HERE), "--rows", "500", "--runs", "1"], ["core-µs a row", "peak memory", "ratio"]),
    "correlations": (
        correlations.main,
        [*ITSELF, "--events", "20000", "--users", "50"],
        ["last tenth", "in both trees"],
    ),
    "baselines": (baselines.main, [*ITSELF, "--users", "50", "--days", "1"], ["state MB", "in both trees"]),
    "latency": (
        latency.main,
        ["--only", "streamed", "--rate", "20", "--seconds", "1"],
        ["core-ms an event", "HTTPS"],
    ),
    "latency of changes": (
        latency.main,
        ["--only", "setup", "--every", "5", "--changes", "1"],
        ["most - every", "CreatedDate", "HTTPS"],
    ),
    "latency of reports": (
        latency.main,
        ["--only", "inbound", "--rate", "20", "--seconds", "1"],
        ["core-ms a report", "answered", "HTTPS"],
    ),
    "inbound": (inbound.main, ["--rate", "100", "--seconds", "1"], ["to bare", "0 of them are missing", "half of it"]),
    "incidents": (
        incidents.main,
        ["--size", "100", "--rows", "200", "--rounds", "1", "--open", "20", "--without-shipped"],
        ["with delivery", "records of the trail", "of memory"],
    ),
    "normalize": (normalize.main, [*ITSELF, "--megabytes", "1", "--runs", "1"], ["times the loop"]),
}
"""Name to the benchmark, options that make it short, and words that it prints."""


@pytest.mark.timeout(1200)  # each starts processes by the half-dozen, which a busy machine takes its time for
@pytest.mark.parametrize("name", SHORT)
def test_a_benchmark_prints_its_figures(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    """In processes of their own, as its command runs them."""
    run, options, words = SHORT[name]
    run(options)
    printed = capfd.readouterr().out
    assert all(word in printed for word in words), printed

"""No settings that are accepted are weaker than the law, however they are written.

`LEAKLINE_FUZZ=10000 pytest -q -s -n0 tests/notice/floors -k seeds` tries as many; a seed that finds something goes into `found.txt`, where
it stays.
"""

import os
from pathlib import Path

import pytest

from agent.notice.floors import spans
from agent.notice.floors.spans import SpanFloors
from agent.notice.floors.terms import shortest, strict_terms
from tests.notice.floors.documents import document
from tests.notice.floors.weak_settings import Verdict, judged

CASES = int(os.environ.get("LEAKLINE_FUZZ", "1000"))
FOUND = Path(__file__).with_name("found.txt")
LEAST_ACCEPTED = 0.25
"""Of all cases: a fuzz whose documents are all refused finds nothing."""


def kept_seeds() -> list[int]:
    """Those that once found something, with what it was behind them."""
    lines = FOUND.read_text(encoding="utf-8").splitlines()
    return [int(line.split()[0]) for line in lines if line and not line.startswith("#")]


def told(verdict: Verdict) -> str:
    lines = [f"seed {verdict.seed} is accepted, and weaker than the law:", *verdict.faults, document(verdict.seed)]
    return "\n".join(lines)


def test_no_accepted_settings_are_weaker_than_the_law_of_any_seeds(tmp_path: Path) -> None:
    """Each obligation has a clock that ends when the law says or before, and people who are named are told in time."""
    verdicts = [judged(seed, tmp_path) for seed in range(CASES)]
    weak = [verdict for verdict in verdicts if verdict.faults]
    taken = sum(not verdict.refused for verdict in verdicts)
    print(f"{len(verdicts):,} settings: {taken:,} accepted, {len(weak):,} of them weaker than the law")
    assert not weak, told(weak[0])
    assert taken >= LEAST_ACCEPTED * CASES


@pytest.mark.parametrize("seed", kept_seeds())
def test_what_was_found_once_is_not_found_again(seed: int, tmp_path: Path) -> None:
    """Seeds that found something."""
    assert not judged(seed, tmp_path).faults


def test_the_fuzz_finds_a_floor_that_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the floor of `presume_aware_after`, among as many cases as always."""
    monkeypatch.setattr(
        SpanFloors, "of", lambda settings, pack: SpanFloors(None, shortest(strict_terms(pack, settings)))
    )
    first = next((found for seed in range(1_000) if (found := judged(seed, tmp_path)).faults), None)
    assert first is not None
    assert "awareness is presumed" in first.faults[0]
    assert spans.AWARENESS in document(first.seed)

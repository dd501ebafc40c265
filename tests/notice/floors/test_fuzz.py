"""No settings that are accepted are weaker than the law, however they are written.

`LEAKLINE_FUZZ=10000 pytest -q -s -n0 tests/notice/floors -k seeds` tries as many; a seed that finds something goes into `found.txt`, where
it stays.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType

import pytest

import agent.notice.settings as notice_settings
from agent.notice.arrangements import known_names, policies
from agent.notice.clocks import dates
from agent.notice.deadlines import Reckoning
from agent.notice.floors import floors
from agent.notice.floors.spans import SpanFloors
from agent.notice.floors.terms import shortest, strict_terms
from agent.notice.settings import NoticeSettings
from tests.notice.floors import weak_settings
from tests.notice.floors.documents import document
from tests.notice.floors.lived import untold
from tests.notice.floors.weak_settings import Verdict, detection, judged

ALWAYS = 1_000
CASES = int(os.environ.get("LEAKLINE_FUZZ", str(ALWAYS)))
FOUND = Path(__file__).with_name("found.txt")
ONE_IN = 50
LEAST_ACCEPTED = 0.25
"""Of all cases: a fuzz whose documents are all refused finds nothing."""


def kept_seeds() -> list[int]:
    """Those that once found something, with what it was behind them."""
    lines = FOUND.read_text(encoding="utf-8").splitlines()
    return sorted({int(line.split()[0]) for line in lines if line and not line.startswith("#")})


def told(verdict: Verdict) -> str:
    lines = [f"seed {verdict.seed} is accepted, and weaker than the law:", *verdict.faults, document(verdict.seed)]
    return "\n".join(lines)


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> list[Verdict]:
    folder = tmp_path_factory.mktemp("settings")
    return [judged(seed, folder) for seed in range(CASES)]


def test_no_accepted_settings_are_weaker_than_the_law_of_any_seeds(verdicts: list[Verdict]) -> None:
    """Each obligation has a clock that ends when the law says or before, and people who are named are told in time."""
    weak = [verdict for verdict in verdicts if verdict.faults]
    taken = sum(not verdict.refused for verdict in verdicts)
    print(f"{len(verdicts):,} settings: {taken:,} accepted, {len(weak):,} of them weaker than the law")
    assert not weak, told(weak[0])
    assert taken >= LEAST_ACCEPTED * CASES


@pytest.mark.parametrize("seed", kept_seeds())
def test_what_was_found_once_is_not_found_again(seed: int, tmp_path: Path) -> None:
    """Seeds that found something."""
    assert not judged(seed, tmp_path).faults


def test_accepted_settings_are_the_same_once_they_were_written_out(verdicts: list[Verdict]) -> None:
    """As plain values, in which approved settings are kept."""
    for verdict in verdicts:
        if verdict.works is not None:
            plain = verdict.works.model_dump(mode="json", by_alias=True)
            assert NoticeSettings.model_validate(plain) == verdict.works


def test_people_are_told_in_time_by_what_the_daemon_runs(verdicts: list[Verdict], tmp_path: Path) -> None:
    """Of the accepted settings with people one in fifty lives through its incident in a real state."""
    with_people = [verdict for verdict in verdicts if verdict.works is not None and verdict.works.people]
    for verdict in with_people[::ONE_IN]:
        assert verdict.works is not None
        folder = tmp_path / f"state-{verdict.seed}"
        assert list(untold(verdict.works, detection(verdict.seed), folder)) == [], told(verdict)


def no_zone_of_regimes(patch: pytest.MonkeyPatch) -> None:
    """Days end in the west of the world, unless the settings have a zone."""
    patch.setattr(dates, "Reckoning", lambda pack, zone: Reckoning(pack, zone or "Etc/GMT+12"))


def no_presumption(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SpanFloors, "of", lambda settings, pack: SpanFloors(None, shortest(strict_terms(pack, settings))))


def nothing_of(module: ModuleType, name: str) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda patch: patch.setattr(module, name, lambda *_: iter(()))


MISSING: Mapping[str, tuple[Callable[[pytest.MonkeyPatch], None], str]] = {
    "presume_aware_after": (no_presumption, "awareness is presumed"),
    "zone": (no_zone_of_regimes, "and the law's"),
    "names, roles and sectors": (nothing_of(floors, "premises_left_out"), "there is no clock"),
    "levels": (nothing_of(floors, "untold"), "has no clock"),
    "spans": (nothing_of(floors, "spans_below"), "after the detection"),
    "defaults": (
        lambda patch: patch.setattr(weak_settings, "notice_at_floors", lambda settings, _: settings.notice),
        "a law gives",
    ),
    "the first alarm": (lambda patch: patch.setattr(policies, "LATEST_FIRST", 1.0), "its first alarm"),
    "orgs without a policy": (lambda patch: patch.setattr(notice_settings, "with_others", list), "no policy fits"),
    "empty steps": (nothing_of(known_names, "_nobody"), "empty all week"),
}
"""By what is taken away: how, and what the first fault then says."""


@pytest.mark.parametrize("floor", MISSING)
def test_the_fuzz_finds_each_floor_that_is_missing(floor: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Among as many cases as are always tried."""
    remove, fault = MISSING[floor]
    remove(monkeypatch)
    first = next((found for seed in range(ALWAYS) if (found := judged(seed, tmp_path)).faults), None)
    assert first is not None
    assert fault in first.faults[0]

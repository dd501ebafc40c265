"""One daemon over many orgs, which fail in every way that an org can; those that are well do not notice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.orgs.failing_ways import FAILING_WAYS
from tests.bench.orgs.lag import NOWHERE, LagRun, lag_run

WELL = 3
"""Orgs that never fail."""
ENDLESS = (
    "takes connections and says nothing",
    "drips below TLS",
    "hangs in mid-answer",
    "drips its listing",
    "drips its tokens",
    "log file drips",
)
"""Ways that last for as long as we wait."""
NEVER = {"timeout": "1h", "deadline": "1h"}
"""Settings of an org that is never given up."""
SOON = {"timeout": "5s", "deadline": "10s"}
"""Settings of an org that is given up soon."""
SLOW = "log file drips"
"""A download has eight minutes; until then it only takes long."""
TURNS = ("refuses connections", "500", "403 REQUEST_LIMIT_EXCEEDED", "answers with 200 MB in gzip")
TRIES = 5
"""Rounds of which one must be quick: a machine that is busy with something else is so now and then, a daemon that waits
for a failing org always."""


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[LagRun]:
    """Orgs for `ENDLESS`, that are never given up, and some that are well."""
    changes = dict.fromkeys(range(len(ENDLESS)), NEVER)
    with lag_run(tmp_path / "run", len(ENDLESS) + WELL, "1s", changes=changes, rules=False) as run:
        yield run


@pytest.mark.timeout(1200)  # starts two processes, which a busy machine takes its time for
def test_orgs_that_never_answer_hold_up_no_other(endless: LagRun) -> None:
    """Rows of the other orgs come while all of them hang, though nobody gives them up."""
    failing, well = range(len(ENDLESS)), range(len(ENDLESS), len(ENDLESS) + WELL)
    endless.begin(dict(enumerate(ENDLESS)))
    endless.round(well, failing)
    since = [endless.source(number)["last_success"] for number in failing]
    endless.round(well, failing)
    assert [endless.source(number)["last_success"] for number in failing] == since


@pytest.mark.timeout(1200)
def test_all_ways_of_failing_at_once_are_told_of_their_orgs_alone(tmp_path: Path) -> None:
    """Each failing org has its own open problem, those that are well have none and get through, and accounts add up."""
    ways = [*(way for way in FAILING_WAYS if way != SLOW), "its name does not resolve", SLOW]
    nowhere, slow = len(ways) - 2, len(ways) - 1
    failing, well = range(len(ways)), range(len(ways), len(ways) + WELL)
    changes: dict[int, dict[str, str]] = {**dict.fromkeys(failing, SOON), nowhere: {"url": NOWHERE}}
    with lag_run(tmp_path / "run", well.stop, "5s", changes=changes, rules=False) as run:
        run.agent.wait_for(lambda: all(run.source(org)["last_success"] for org in failing if org != nowhere))
        run.round(well, failing)
        run.begin({number: way for number, way in enumerate(ways) if number != nowhere})
        run.round(well, failing)
        run.agent.wait_for(lambda: _in_trouble(run) >= set(failing) - {slow})
        run.round(well)
        assert _in_trouble(run).isdisjoint(well)
        assert run.agent.status()["balanced"]


@pytest.mark.timeout(1200)
def test_an_org_that_fails_does_not_slow_the_others_down(tmp_path: Path) -> None:
    """Rows of the others come about as soon as they did before, whichever way it fails."""
    orgs = len(TURNS) + WELL
    with lag_run(tmp_path / "run", orgs, "1s", rules=False) as run:
        before = max(run.round(range(len(TURNS), orgs)).most for _ in range(TRIES))
        for number, way in enumerate(TURNS):
            run.begin({number: way})
            rounds = (run.round(range(len(TURNS), orgs), [number]).most for _ in range(TRIES))
            assert any(most <= before + 1.0 for most in rounds), way
            run.served.heal(number)


def _in_trouble(run: LagRun) -> set[int]:
    """The numbers of the orgs that `status` says something of."""
    orgs = run.agent.status()["orgs"]
    named = [org for org in orgs if org["name"]]
    return {number for number, org in enumerate(named) if org["problem"]}

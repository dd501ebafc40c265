"""The published campaigns, played on what an agent has learnt: which rules find them, and what is too little to find.

Each is played by itself: its rows alone, after the learnt weeks, once with what was published and in disguise, with
addresses and programs that are on no list; then with half of the volume, and half of that, and at half of the pace,
until no rule finds it by what it does.
"""

from __future__ import annotations

import tempfile
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Self

import polars as pl
import structlog

from agent.detection.sigma.rule import Rule
from agent.simulator.scenarios import play
from agent.simulator.scenarios.campaigns import CAMPAIGNS
from agent.simulator.world.sessions import HOUR, Timetable
from agent.simulator.world.staff import Staff
from tests.assess.agent_under_test import Agent, Memory
from tests.assess.calendar import FIRST, Assessment
from tests.assess.log_file_texts import Span, planted_files
from tests.assess.tally import Tally

SHARES = tuple(2.0**-halved for halved in range(6))
"""Volumes and paces that are tried, one after the other, until one is lost."""
LONGEST = timedelta(days=45)
"""A slower play would take longer than what was learnt is good for."""
SETTLING = 48
"""Hours after the last file in which detection may still speak."""
LOUD = ("medium", "high", "critical")
WHEREABOUTS = ("campaign_", "integration_new_", "person_new_", "script_with_")
"""Beginnings of names of rules that are tagged with what such an address or program is used for."""


@dataclass(frozen=True, slots=True)
class Finder:
    """A rule that found a campaign. `deed`: whether it is of medium level at least and speaks of what was done, not of
    where it came from or with which program.
    """

    name: str
    after: timedelta
    deed: bool


@dataclass(frozen=True, slots=True)
class CampaignPlay:
    """One play of a campaign, and the rules that found it, the quickest first."""

    name: str
    volume: float
    pace: float
    disguised: bool
    rows: int
    finders: tuple[Finder, ...]

    @property
    def by_deed(self) -> tuple[Finder, ...]:
        """The rules that speak of what was done."""
        return tuple(finder for finder in self.finders if finder.deed)


@dataclass(frozen=True, slots=True)
class LearntMemory:
    """What the weeks before have left: the memory, and the day after them."""

    assessment: Assessment
    memory: Memory = field(repr=False)
    today: date


def quiet() -> None:
    """Let the agent say errors alone."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))


class Sweep:
    """Plays campaigns in processes of their own, while its maker does something else; a context manager."""

    def __init__(self, names: tuple[str, ...], shares: tuple[float, ...] = SHARES, workers: int = 2) -> None:
        self._names = names
        self._shares = shares
        self._pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=quiet)
        self._plays: list[Future[list[CampaignPlay]]] = []

    def start(self, learnt: LearntMemory) -> None:
        self._plays = [self._pool.submit(play_campaign, learnt, self._shares, name) for name in self._names]

    def plays(self) -> list[CampaignPlay]:
        """Every play, in the order of the names; waits for them."""
        return [play for plays in self._plays for play in plays.result()]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)


def play_campaign(learnt: LearntMemory, shares: tuple[float, ...], name: str) -> list[CampaignPlay]:
    """With the first share, published and disguised; then smaller and slower ones, disguised, until it is lost."""
    plays = [run(learnt, name, volume=shares[0], disguised=False)]
    for volume in shares:
        plays.append(run(learnt, name, volume=volume, disguised=True))
        if not plays[-1].by_deed:
            break
    for pace in shares[1:]:
        if not plays[1].by_deed or CAMPAIGNS[name].span / pace > LONGEST:
            break
        plays.append(run(learnt, name, pace=pace, disguised=True))
        if not plays[-1].by_deed:
            break
    return plays


def run(
    learnt: LearntMemory, name: str, *, volume: float = 1.0, pace: float = 1.0, disguised: bool = False
) -> CampaignPlay:
    """One play, on a copy of what was learnt."""
    assessment, length = learnt.assessment, CAMPAIGNS[name].span / pace
    staff = Staff(assessment.seed, assessment.people)
    days, hours = length.days + 2, 6 if length > timedelta(days=1) else 1
    span = Span(assessment.seed, staff, assessment.rows, learnt.today, days, hours)
    timetable = Timetable(assessment.seed, staff)
    planted_events, _ = play(
        [name], assessment.seed, staff, timetable, span.window, volume=volume, pace=pace, disguised=disguised
    )
    with tempfile.TemporaryDirectory() as folder:
        agent = Agent(span.org, staff, Path(folder), FIRST, assessment.rules, learnt.memory)
        rules = {rule.id: rule for rule in agent.rules.alerting}
        tally = Tally({rule.id: rule.level for rule in rules.values()}, FIRST, FIRST)
        _watch(agent, tally, replace(span, planted_events=tuple(planted_events)))
    found = tally.found().get(name, ())
    finders = tuple(
        Finder(rules[finding.rule].name, finding.after, _of_deeds(rules[finding.rule])) for finding in found
    )
    return CampaignPlay(name, volume, pace, disguised, len(planted_events), finders)


def _watch(agent: Agent, tally: Tally, span: Span) -> None:
    """The files as they are made, then hour after hour without any."""
    last, nothing = 0, pl.DataFrame(schema={"event.id": pl.String, "scenario": pl.String, "time": pl.Datetime})
    for file in planted_files(span):
        tally.take(*agent.take(file))
        last = file.created
    for hour in range(1, SETTLING + 1):
        tally.take(agent.tick(last + hour * HOUR), nothing)


def _of_deeds(rule: Rule) -> bool:
    """Whether a rule speaks of what was done: not of an indicator, a new network or a new program."""
    about = (
        rule.family == "exfiltration" or {"collection", "discovery"} & set(rule.tactics) or "T1119" in rule.techniques
    )
    where = rule.name.startswith(WHEREABOUTS) or "anonymizer" in rule.name
    return bool(about) and rule.level in LOUD and not where

"""Weeks to learn from, an innocent month, and a week in which every leak is planted, through one agent."""

from __future__ import annotations

import heapq
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import polars as pl

from agent.simulator.world.sessions import day_of, midnight
from tests.assess.agent_under_test import Agent
from tests.assess.calendar import FIRST, Assessment, spans
from tests.assess.campaigns import LearntMemory
from tests.assess.incidents.tally import JUDGED_DAYS, IncidentSummary, IncidentTally
from tests.assess.log_file_texts import LogFileText, log_files
from tests.assess.object_batches import ObjectBatch, object_batches
from tests.assess.tally import LeakFinding, Tally

RESTART_DAYS = 7

LAST_DAYS = 7
"""Before the end of the innocent days at which what was learnt is enough: others can go on with it meanwhile."""


Reading = LogFileText | ObjectBatch
"""What is read at once."""


@dataclass(frozen=True, slots=True)
class Result:
    assessment: Assessment
    rules: int
    names: dict[str, str]
    """Rule id to its short name."""
    levels: dict[str, str]
    rows: int
    innocent: dict[str, int]
    """Rule id to alerts on the innocent days."""
    by_level: dict[str, int]
    found: dict[str, list[LeakFinding]]
    """Scenario to the rules that found it."""
    samples: dict[str, list[str]]
    remembered: int
    """Bytes that detection remembers at the end."""
    core_seconds: float
    incidents: IncidentSummary
    judged: IncidentSummary
    """Where a person has ended all of the first week's as not a breach."""


def learn(assessment: Assessment, tell: Callable[[str], None] = lambda _: None) -> LearntMemory:
    """What an agent remembers after the days to learn from."""
    kept: list[LearntMemory] = []
    assess(replace(assessment, scenarios=()), tell, kept.append)
    return kept[0]


def assess(
    assessment: Assessment,
    tell: Callable[[str], None] = lambda _: None,
    learnt: Callable[[LearntMemory], None] = lambda _: None,
    alerts: Callable[[pl.DataFrame, pl.DataFrame], None] = lambda _alerts, _planted: None,
) -> Result:
    """`tell`: hears how far it is; `learnt`: gets what is remembered a week before the innocent days are over; `alerts`:
    gets those of each file, a shaped frame, without columns if there are none, and the file's events of planted leaks as
    `Tally.take` has them.
    """
    began, planned = time.process_time(), list(spans(assessment))
    with tempfile.TemporaryDirectory() as folder:
        agent = Agent(planned[0].org, planned[0].staff, Path(folder), FIRST, assessment.rules)
        alerting = agent.rules.alerting
        until = FIRST + timedelta(days=assessment.days)
        tally = Tally({rule.id: rule.level for rule in alerting}, FIRST, until)
        incidents, judged = IncidentTally(FIRST, until), IncidentTally(FIRST, until, JUDGED_DAYS)

        def take(read: Reading) -> None:
            raised, planted = agent.take_object(read) if isinstance(read, ObjectBatch) else agent.take(read)
            alerts(raised, planted)
            for taking in (tally, incidents, judged):
                taking.take(raised, planted)

        files: Iterator[Reading] = iter(log_files(planned) if assessment.log_files else ())
        read = heapq.merge(files, object_batches(planned), key=lambda reading: reading.created)
        _watch(agent, tally, read, tell, _when_over(assessment, agent, learnt), take)
        return Result(
            assessment, len(alerting), {rule.id: rule.name or rule.title for rule in alerting}, dict(tally.levels), agent.rows,
            dict(tally.innocent), tally.by_level(), tally.found(), tally.samples,
            sum(map(len, agent.memory.values())), time.process_time() - began,
            incidents.summary(), judged.summary(),
        )  # fmt: skip


def _when_over(
    assessment: Assessment, agent: Agent, learnt: Callable[[LearntMemory], None]
) -> Callable[[Reading], None]:
    """Calls `learnt` at the first file that is made in the last innocent week, or after fewer days than a week."""
    day = FIRST + timedelta(days=max(assessment.days - LAST_DAYS, 0))
    called: list[Reading] = []

    def see(file: Reading) -> None:
        if not called and file.created >= midnight(day):
            called.append(file)
            learnt(LearntMemory(assessment, dict(agent.memory), day))

    return see


def _watch(
    agent: Agent,
    tally: Tally,
    files: Iterable[Reading],
    tell: Callable[[str], None],
    see: Callable[[Reading], None],
    take: Callable[[Reading], None],
) -> None:
    told = last = 0
    for file in files:
        see(file)
        day = day_of(file.created)
        if day.toordinal() != told:
            told = day.toordinal()
            last = last or told
            tell(f"{day}: {agent.rows:,} rows, {sum(tally.innocent.values()):,} alerts")
            if told - last >= RESTART_DAYS:
                last = told
                agent.restart()
        take(file)

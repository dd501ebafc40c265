"""Silence as it is told: in the status, as a problem with its event, and in the metric."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from agent import metrics
from agent.status.silence import SilenceKind
from agent.store import keys
from agent.store.accounts import Accounts, IngestAccount
from agent.store.problems import Problems
from agent.store.silence import silence_report
from agent.store.silence.heard_hours import LEAST, WEEK, HeardHours
from agent.store.silence.silence_report import SilenceReport
from agent.store.silence.silences import silences
from tests.pipeline.fakes import Clock, Loops
from tests.store.one_shard import OneShard

SOURCE = "acme/event_log_object"


class SilentOrg:
    """A shard whose accounts grow as a test says, looked at once an hour."""

    def __init__(self, directory: Path) -> None:
        self.clock = Clock()
        self.loops = Loops(OneShard(directory))
        self.state = self.loops.state
        self.loops.problems = self.problems = Problems(self.state, self.clock)
        self.report = SilenceReport(self.state, self.problems)

    def hour(self, *feeds: str, well: bool = True) -> None:
        """An hour in which these feeds speak."""
        with self.state.transact() as transaction:
            for feed in feeds:
                Accounts(self.state).add_ingest(transaction, SOURCE, feed, IngestAccount(read=1, spooled=1))
        self.report.tick(self.clock(), {SOURCE: well}, "00D")
        self.clock.now += timedelta(hours=1)

    def weeks(self, *feeds: str) -> None:
        """Two weeks in which these feeds speak each hour, as they are remembered."""
        for feed in feeds:
            self.hour(feed)
        hours = (1 << 2 * WEEK) - 1
        for feed in ("", *feeds):
            key = keys.HEARD.key(SOURCE, feed)
            heard = replace(HeardHours.decode(self.state.data(key) or b""), heard=hours, watched=hours)
            with self.state.transact() as transaction:
                transaction.set(key, heard.encode())

    def kept(self) -> dict[str, SilenceKind]:
        return {silent.feed: silent.silence for silent in silences(self.state, self.problems.known(), "acme")}

    def shown(self) -> set[tuple[str, str]]:
        """Feed and kind, of what the metric shows."""
        samples = next(iter(metrics.FEED_SILENT.collect())).samples
        found = [sample.labels for sample in samples if sample.labels["source"] == SOURCE]
        return {(labels["feed"], labels["silence"]) for labels in found}


@pytest.fixture
def org(tmp_path: Path) -> Iterator[SilentOrg]:
    org = SilentOrg(tmp_path / "state")
    yield org
    org.report.tick(org.clock() + timedelta(days=1), {}, "00D")  # nothing is shown of a source that is gone
    assert org.shown() == set()
    org.state.close()


def test_a_source_that_has_not_spoken_yet_is_no_problem(org: SilentOrg) -> None:
    """`status` and the metric say so, until its first row."""
    org.hour()
    assert org.kept() == {"": SilenceKind.NO_FILES_YET}
    assert org.shown() == {("", "no_files_yet")}
    assert org.problems.open() == []
    org.hour("LoginEventLog")
    assert org.kept() == {}
    assert org.shown() == set()


def test_an_absent_feed_is_told_once_until_somebody_acknowledges_it(org: SilentOrg) -> None:
    """Another feed of the source goes on; the event says since when and for how long, and what it was used to."""
    org.weeks("LoginEventLog", "ReportEventLog")
    for _ in range(LEAST + 3):
        org.hour("LoginEventLog")
    (problem,) = org.problems.open()
    assert (problem.kind, problem.subject) == ("feed-silent", f"{SOURCE} ReportEventLog")
    assert "hours in which it usually does" in problem.message
    assert problem.id in problem.advice
    assert org.kept() == {"ReportEventLog": SilenceKind.ABSENT}
    assert org.shown() == {("ReportEventLog", "absent")}
    org.problems.acknowledge(problem.id, "ann")
    org.hour("LoginEventLog")
    assert org.problems.open() == []
    assert org.loops.event_actions() == ["feed-silent", "problem-acknowledged"]


def test_the_return_of_an_absent_feed_is_told(org: SilentOrg) -> None:
    """The problem ends with the first row."""
    org.weeks("LoginEventLog", "ReportEventLog")
    for _ in range(LEAST + 3):
        org.hour("LoginEventLog")
    org.hour("LoginEventLog", "ReportEventLog")
    assert org.problems.open() == []
    assert org.loops.event_actions() == ["feed-silent", "feed-heard"]


def test_a_source_that_fails_is_told_by_what_it_says_and_not_by_its_habit(org: SilentOrg) -> None:
    """While it is refused nobody listens, so nothing is missed; what was lost is a permission, for it had spoken."""
    org.weeks("LoginEventLog")
    org.problems.report("source-failed", SOURCE, f"{SOURCE} could not be read: HTTP 403 INSUFFICIENT_ACCESS")
    for _ in range(3 * LEAST):
        org.hour(well=False)
    assert org.kept() == {"": SilenceKind.PERMISSION_LOST}
    assert [problem.kind for problem in org.problems.open()] == ["source-failed"]
    org.problems.over("source-failed", SOURCE)
    org.hour()
    assert org.kept() == {}


def test_of_one_object_that_is_refused_the_others_are_not_silent(org: SilentOrg) -> None:
    """It never spoke: the org has none of it for this user."""
    org.hour("LoginEventLog")
    org.problems.report("object-not-read", f"{SOURCE} ApiEventLog", "ApiEventLog is not read: HTTP 400 INVALID_TYPE")
    org.hour("LoginEventLog")
    assert org.kept() == {"ApiEventLog": SilenceKind.NO_LICENCE}


def test_invented_feeds_do_not_grow_the_state(org: SilentOrg, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of event types come from outside."""
    monkeypatch.setattr(silence_report, "MOST_FEEDS", 3)
    org.hour(*(f"Type{number}" for number in range(9)))
    remembered = list(org.state.keys("silence/"))
    assert len(remembered) == 4  # and the whole source


def test_it_looks_every_five_minutes(org: SilentOrg) -> None:
    """The tick of a minute costs nothing in between, and a look writes only what is new."""
    org.report.tick(org.clock(), {SOURCE: True}, "00D")
    org.clock.now += timedelta(minutes=1)
    org.report.tick(org.clock(), {"acme/login_history": True}, "00D")
    assert org.kept().keys() == {""}
    assert next(silences(org.state, [], "acme")).source == SOURCE

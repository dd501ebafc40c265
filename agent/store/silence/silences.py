"""What the state alone says of sources and feeds that are silent, for `leakline status` and the metric."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from agent.problem import Problem
from agent.status.silence import ADVICE, FeedSilence, SilenceKind
from agent.store import keys
from agent.store.silence.evidence import STOPPED, FeedEvidence, about, silence_of
from agent.store.silence.heard_hours import HeardHours
from agent.store.state import State


def silences(state: State, problems: Sequence[Problem], org: str) -> Iterator[FeedSilence]:
    """Of a shard's sources, by name, and of each the whole before its feeds. `org`: the shard's name."""
    for source, feeds in sorted(_known(state).items()):
        wrong = _gravest(problems, source)
        for feed in sorted(feeds.keys() | wrong.keys()):
            heard = feeds.get(feed) or feeds.get(feed.removesuffix("Stream"))  # channels bring events
            problem = wrong.get(feed)
            evidence = FeedEvidence(heard is not None and heard.rows > 0, problem)
            silence = silence_of(evidence)
            if silence is not None and (problem is not None or heard is not None):
                yield _told(source, feed, silence, problem, heard, org)


def _told(
    source: str, feed: str, silence: SilenceKind, problem: Problem | None, heard: HeardHours | None, org: str
) -> FeedSilence:
    if problem is None:
        began = _moment(heard.began) if heard is not None else None
        return FeedSilence(source, feed, silence, began, "nothing has come yet", ADVICE[silence], org)
    since = problem.since
    if silence is SilenceKind.ABSENT and heard is not None and heard.silent_for is not None:
        since = _moment(heard.hour - heard.silent_for)
    fix = problem.advice if silence in (SilenceKind.SOURCE_STOPPED, SilenceKind.ABSENT) else ADVICE[silence]
    return FeedSilence(source, feed, silence, since, problem.message, fix, org)


def _known(state: State) -> dict[str, dict[str, HeardHours]]:
    """Of each source that was ever looked at, what is remembered of it (the empty name) and of its feeds."""
    found: dict[str, dict[str, HeardHours]] = {}
    for key in state.keys(keys.HEARD.prefix):
        source, feed = keys.HEARD.rest(key).rsplit("/", 1)
        try:
            found.setdefault(source, {})[feed] = HeardHours.decode(state.data(key) or b"{}")
        except (ValueError, KeyError, TypeError):
            continue  # the next look writes it anew
    return found


def _gravest(problems: Sequence[Problem], source: str) -> Mapping[str, Problem]:
    """By feed. What was stopped goes before what is refused, and both before what lacks a field or is missed."""
    found: dict[str, Problem] = {}
    for feed, problem in about(problems, source):
        if feed not in found or _rank(problem) < _rank(found[feed]):
            found[feed] = problem
    return found


def _rank(problem: Problem) -> int:
    if problem.kind in STOPPED:
        return 0
    return {"feed-silent": 3, "fields-hidden": 2, "event-unnamed": 2}.get(problem.kind, 1)


def _moment(hour: int) -> datetime:
    return datetime.fromtimestamp(hour * 3_600, UTC)

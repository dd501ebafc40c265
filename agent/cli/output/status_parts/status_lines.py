"""Lines and cells of what `leakline status` shows to people; each of a length that a terminal can bear."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from rich.text import Text

from agent.cli.output.status_parts.backfill_progress import line
from agent.status.silence import FeedSilence, SilenceKind
from agent.status_document import ProblemStatus, SourceStatus, StatusDocument
from agent.terminal import words
from agent.wording.number import counted
from agent.wording.phrase import listed, shortened

MOST_FEEDS = 6
"""Named in a line about silence; `--json` has all."""
MOST_ORGS = 5
"""Named in the line about the clock; `--json` has all."""
LONGEST_REASON, LONGEST_CELL = 600, 120
"""Characters of a problem's sentence and of a table's cell; `--json` has all of it."""


def rules_left_out(status: StatusDocument) -> Iterator[Text]:
    """A line for each file that did not load, unless it is among the problems."""
    if status.rules is None or any(problem.kind == "file-not-loaded" for problem in status.problems):
        return
    for reason in status.rules.problems:
        yield words(f"left out: {shortened(reason, LONGEST_REASON)}", "yellow")


def source_lines(sources: Sequence[SourceStatus], *, explained: Collection[str]) -> Iterator[Text]:
    """A line for each source that is not read now: since when or until when, and why. `explained`: names of sources whose
    problem is among the first lines of the status already.
    """
    for source in sources:
        if source.paused:
            since = time(source.paused.since)
            until = f", until about {time(source.resumes_at)}" if source.resumes_at else ""
            yield words(f"{source.name} has been paused since {since}{until}: {source.paused.message}", "yellow")
        elif source.problem and source.resumes_at:
            why = "" if source.name in explained else f": {shortened(source.problem, LONGEST_REASON)}"
            yield words(f"{source.name} waits until {time(source.resumes_at)}{why}", "red")
        elif source.problem and source.name not in explained:
            yield words(f"{source.name}: {shortened(source.problem, LONGEST_REASON)}", "red")


def flagged_lines(status: StatusDocument) -> Iterator[Text]:
    """A line for each source that brought rows with remarkable times."""
    sources: dict[str, list[str]] = {}
    for flagged in status.rows_flagged:
        sources.setdefault(flagged.source, []).append(f"{flagged.rows:,} {flagged.flag}")
    for source, counts in sources.items():
        yield words(f"{source} brought rows whose time is remarkable (leakline.time.flags): {', '.join(counts)}")


def clock_lines(status: StatusDocument) -> Iterator[Text]:
    """One line about the clock of a machine on which a daemon runs."""
    if status.clock is None:
        return
    kept = {
        "synchronised": f"a time service keeps it (wrong by at most {status.clock.max_error_seconds or 0.0:.2f} s)",
        "unsynchronised": "no time service keeps it",
        "may_not_ask": "the kernel may not be asked whether a time service keeps it",
        "not_there": "the kernel does not say whether a time service keeps it",
    }
    apart = [
        f"{org.clock_ahead_seconds:+.1f} s (± {org.clock_error_seconds or 0.0:.1f} s) from {org.name}"
        for org in status.orgs
        if org.clock_ahead_seconds is not None
    ]
    style = "yellow" if status.clock.state == "unsynchronised" else ""
    yield words(f"this machine's clock: {', '.join([kept[status.clock.state], *apart[:MOST_ORGS]])}", style)


def feed_lines(sources: Sequence[SourceStatus]) -> Iterator[Text]:
    """For each source that streams: how many channels it receives, and a line for each that it does not."""
    for source in sources:
        if source.feeds:
            received = sum(feed.state == "streaming" for feed in source.feeds)
            expected = sum(feed.state != "withdrawn" for feed in source.feeds)
            style = "" if received == expected else "yellow"
            noun = "sender" if source.name.endswith("/inbound") else "channel"
            yield words(f"{source.name} receives {received} of {counted(expected, noun)}", style)
        for feed in source.feeds:
            if feed.state in ("waiting", "refused"):
                yield words(f"  {feed.name} is {feed.state}: {shortened(feed.problem, LONGEST_REASON)}", "red")
            elif feed.state == "withdrawn":
                yield words(f"  {feed.name} is not streamed any more")


def source_state(name: str, source: SourceStatus | None, problems: Sequence[ProblemStatus] = ()) -> Text:
    """In a word or two; None where no daemon runs. `problems`: all that are open; some are with an object or an event that the
    source reads, while it reads others. `source_lines` has the rest.
    """
    if source is not None and source.paused:
        return words("paused", "yellow")
    if source is not None and source.problem:
        return trouble("waiting" if source.resumes_at else "not read")
    return trouble(", ".join(sorted({problem.kind for problem in problems if problem.subject.startswith(f"{name} ")})))


def time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def trouble(problem: str | None) -> Text:
    return words(shortened(problem, LONGEST_CELL), "red") if problem else Text("ok", style="green")


def compared_days(status: StatusDocument) -> Iterator[Text]:
    """Of each source the newest day that was compared, in a line; days that are not complete are among the problems."""
    newest = {day.source: day for day in status.completeness if day.state != "waiting"}
    for name, day in sorted(newest.items()):
        text = f"{name} on {day.day}: {day.in_time:,} of {counted(day.expected, 'row')} came in time, {day.late:,} late"
        yield words(text + (f", {day.never:,} never" if day.never else ""), "" if day.state == "complete" else "red")


def silence_lines(status: StatusDocument) -> Iterator[Text]:
    """A line for each kind of silence of each source: which feeds keep it, since when, and what to do."""
    kept: dict[tuple[str, SilenceKind], list[FeedSilence]] = {}
    for silent in status.silences:
        kept.setdefault((silent.source, silent.silence), []).append(silent)
    for (source, silence), feeds in kept.items():
        names = [silent.feed for silent in feeds if silent.feed]
        named = [*names[:MOST_FEEDS], *([f"{len(names) - MOST_FEEDS} more"] if len(names) > MOST_FEEDS else [])]
        of = f" of {listed(named, 'and')}" if names else ""
        since = min((silent.since for silent in feeds if silent.since), default=None)
        begun = f" since {time(since)}" if since else ""
        kind = "nothing has come yet" if silence is SilenceKind.NO_FILES_YET else silence.value.replace("_", " ")
        text = f"{source}{of}: {kind}{begun} -> {feeds[0].fix}"
        yield words(shortened(text, LONGEST_REASON), "" if silence is SilenceKind.NO_FILES_YET else "yellow")


def backfill_lines(status: StatusDocument) -> Iterator[Text]:
    """The last backfill of each org that ever had one."""
    for known in status.backfills:
        style = {"failing": "red", "paused": "yellow", "stopped": "yellow"}.get(known.state, "")
        yield words(f"backfill of {line(known)}", style)

"""Lines and cells of what `leakline status` shows to people; each of a length that a terminal can bear."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from rich.text import Text

from agent.status_document import SourceStatus, StatusDocument
from agent.terminal import words

LONGEST_REASON, LONGEST_CELL = 600, 120
"""Characters of a problem's sentence and of a table's cell; `--json` has all of it."""


def rules_left_out(status: StatusDocument) -> Iterator[Text]:
    """A line for each file that did not load, unless it is among the problems."""
    if status.rules is None or any(problem.kind == "file-not-loaded" for problem in status.problems):
        return
    for reason in status.rules.problems:
        yield words(f"left out: {cut(reason, LONGEST_REASON)}", "yellow")


def pauses(status: StatusDocument) -> Iterator[Text]:
    """A line for each source that waits on purpose."""
    for source in status.sources:
        pause = source.paused
        if pause:
            yield words(f"{source.name} is paused since {time(pause.since)}: {pause.message}", "yellow")


def source_state(source: SourceStatus | None, *, explained: bool = False) -> Text:
    """`source`: None where no daemon runs; `explained`: its problem is among the first lines, with all its words: here is no
    room for them.
    """
    if source is None:
        return trouble(None)
    if source.paused:
        return words(f"paused ({source.paused.by} full)", "yellow")  # since when is in a line of its own, see `pauses`
    problem = "not read" if source.problem and explained else source.problem
    if problem and source.resumes_at:
        return trouble(f"rests until {time(source.resumes_at)}: {problem}")
    return trouble(problem)


def time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def cut(text: str, longest: int) -> str:
    """At most so many characters; what is cut off is shown to be."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def trouble(problem: str | None) -> Text:
    return words(cut(problem, LONGEST_CELL), "red") if problem else Text("ok", style="green")

"""Lines and cells of what `leakline status` shows to people; each of a length that a terminal can bear."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.text import Text

from agent.terminal import words

LONGEST_REASON, LONGEST_CELL = 600, 120
"""Characters of a problem's sentence and of a table's cell; `--json` has all of it."""


def rules_left_out(status: Mapping[str, Any]) -> Iterator[Text]:
    """A line for each file that did not load, unless it is among the problems."""
    if any(problem["kind"] == "file-not-loaded" for problem in status["problems"]):
        return
    for reason in status.get("rules", {}).get("problems", ()):
        yield words(f"left out: {cut(reason, LONGEST_REASON)}", "yellow")


def pauses(status: Mapping[str, Any]) -> Iterator[Text]:
    """A line for each source that waits on purpose."""
    for source in status.get("sources", ()):
        pause = source.get("paused")
        if pause:
            yield words(f"{source['name']} is paused since {time(pause['since'])}: {pause['message']}", "yellow")


def source_state(source: Mapping[str, Any], *, explained: bool = False) -> Text:
    """`explained`: its problem is among the first lines, with all its words: here is no room for them."""
    pause, resumes = source.get("paused"), source.get("resumes_at")
    if pause:
        return words(f"paused ({pause['by']} full)", "yellow")  # since when is in a line of its own, see `pauses`
    problem = "not read" if source.get("problem") and explained else source.get("problem")
    if problem and resumes:
        return trouble(f"rests until {time(resumes)}: {problem}")
    return trouble(problem)


def time(written: str) -> str:
    return f"{written[:19].replace('T', ' ')} UTC"


def cut(text: str, longest: int) -> str:
    """At most so many characters; what is cut off is shown to be."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def trouble(problem: str | None) -> Text:
    return words(cut(problem, LONGEST_CELL), "red") if problem else Text("ok", style="green")

"""The one place that decides which kind of silence a source or a feed keeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.problem import Problem
from agent.status.silence import SilenceKind

ABSENT = "feed-silent"
"""The kind of problem of a feed that is missed by its own history."""
STOPPED = ("source-stopped", "pass-failed")
"""Kinds of problems: no refusal of the org's."""
HELD = "source-held-back"
"""The kind of problem of a source that waits for more important ones."""
REFUSED = (
    HELD,
    *("source-failed", "object-not-read", "event-not-read", "stream-failed", "stream-missing"),
    *("snapshot-failed", "snapshot-doubtful", "fields-hidden", "event-unnamed"),
)

_LIMIT = ("REQUEST_LIMIT_EXCEEDED", "API calls of the day are used")
_FIELD = ("is hidden from the user", "INVALID_FIELD", "hidden from the user or not in this org")
_SIGN_IN = ("refused the sign-in", "INVALID_SESSION_ID", "even a new session was refused")
_UNSEEN = (
    *("INVALID_TYPE", "INSUFFICIENT_ACCESS", "API_DISABLED", "API_CURRENTLY_DISABLED", "NOT_FOUND"),
    *("that this user can see", "that this user can query", "does not store it", "does not stream it", "Event Manager"),
    *("PERMISSION_DENIED", "permission"),
)
"""What an org says, and we of it, where the user sees nothing of a thing: it tells a missing licence by the same codes."""


@dataclass(frozen=True, slots=True)
class FeedEvidence:
    """What is known of a source, or of a feed of it."""

    spoke: bool
    """Whether anything ever came."""
    problem: Problem | None = None
    """The gravest open one about it."""
    is_missed: bool = False
    """Whether it is silent for much longer than ever."""


def silence_of(evidence: FeedEvidence) -> SilenceKind | None:
    """None where it speaks, or may be quiet."""
    problem = evidence.problem
    if problem is not None:
        return silence_of_problem(problem.kind, problem.message, spoke=evidence.spoke)
    if evidence.is_missed:
        return SilenceKind.ABSENT
    return None if evidence.spoke else SilenceKind.NO_FILES_YET


def silence_of_problem(kind: str, message: str, *, spoke: bool) -> SilenceKind:
    """`message`: what the org said, with our words around it."""
    if kind in ("fields-hidden", "event-unnamed"):
        return SilenceKind.FIELD_HIDDEN
    if kind == "snapshot-doubtful":
        return SilenceKind.PERMISSION_LOST
    if kind == HELD:
        return SilenceKind.LIMIT_REACHED
    if kind == ABSENT:
        return SilenceKind.ABSENT
    if kind in STOPPED:
        return SilenceKind.SOURCE_STOPPED
    return silence_of_refusal(message, spoke=spoke)


def silence_of_refusal(message: str, *, spoke: bool) -> SilenceKind:
    """What a refusal means: the same one is a licence that never was, or a permission that is gone, as history has it."""
    if _says(message, _LIMIT):
        return SilenceKind.LIMIT_REACHED
    if _says(message, _FIELD):
        return SilenceKind.FIELD_HIDDEN
    if _says(message, _SIGN_IN):
        return SilenceKind.PERMISSION_LOST
    if _says(message, _UNSEEN):
        return SilenceKind.PERMISSION_LOST if spoke else SilenceKind.NO_LICENCE
    return SilenceKind.SOURCE_STOPPED


def about(problems: Sequence[Problem], source: str) -> Iterator[tuple[str, Problem]]:
    """Of each feed that a problem of this source names, the problem; the empty name is the whole source."""
    for problem in problems:
        if problem.kind in (*STOPPED, *REFUSED, ABSENT):
            whole, _, feed = problem.subject.partition(" ")
            if whole == source:
                yield feed, problem


def _says(message: str, words: Sequence[str]) -> bool:
    return any(word in message for word in words)

"""Lines of `leakline status` about the trail: its newest checkpoint, and which destinations hold one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from agent.cli.output.status_parts.status_lines import LONGEST_REASON
from agent.status.trail import CheckpointStatus, MirrorStatus
from agent.status_document import StatusDocument
from agent.terminal import words
from agent.wording.number import counted
from agent.wording.phrase import listed, shortened

MOST_NAMED = 6
"""Destinations in a line; `--json` has all."""


def trail_lines(status: StatusDocument) -> Iterator[Text]:
    """One line for the newest checkpoint and who accepted one, and one for each destination that could not be asked for its own."""
    if status.trail is None:
        return
    newest, mirrors = status.trail.newest, status.trail.mirrors
    if newest is None:
        yield words("the trail has no checkpoint yet")
        return
    begin = f"the trail's newest checkpoint covers {counted(newest.size, 'record')}, from {_age(newest)}"
    yield words(f"{begin}; {_accepted(mirrors)}", "" if any(mirror.accepted for mirror in mirrors) else "yellow")
    for mirror in mirrors:
        if mirror.inquiry in ("refused", "unavailable"):
            text = f"the trail was not compared with what {mirror.name} holds: {mirror.reason}"
            yield words(shortened(text, LONGEST_REASON), "yellow")


def _accepted(mirrors: Sequence[MirrorStatus]) -> str:
    """By whom which age was accepted, who has accepted none yet, and who never gets any."""
    accepted = [f"{mirror.name} one from {_age(mirror.accepted)}" for mirror in mirrors if mirror.accepted]
    waiting = [mirror.name for mirror in mirrors if mirror.mirrors and not mirror.accepted]
    without = [mirror.name for mirror in mirrors if not mirror.mirrors]
    said = [f"accepted: {_named(accepted)}"] if accepted else ["no destination has accepted one"]
    said += [f"none yet: {_named(waiting)}"] if accepted and waiting else []
    return "; ".join([*said, *([f"not sent to {_named(without)}"] if without else [])])


def _named(names: Sequence[str]) -> str:
    rest = [f"{len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []
    return listed([*names[:MOST_NAMED], *rest], "and")


def _age(checkpoint: CheckpointStatus) -> str:
    """Ahead of the clock: it was taken before the clock was set back."""
    seconds = abs(checkpoint.age_seconds)
    span = (
        f"{seconds / 3600:.1f} h"
        if seconds >= 3600
        else f"{seconds / 60:.0f} min"
        if seconds >= 90
        else f"{seconds:.0f} s"
    )
    return f"{span} ago" if checkpoint.age_seconds >= 0 else f"{span} ahead of the clock"

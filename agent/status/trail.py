"""What the status document says of the trail: its newest checkpoint, and who else holds one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from agent.status.times import UtcTime

Inquiry = Literal["asked", "not_askable", "refused", "unavailable"]
"""Whether a destination was asked at the start for the newest checkpoint that it holds. `not_askable`: its protocol only takes
events, or it gets no checkpoints; `refused`: its credentials may not search; `unavailable`: no usable answer in time."""


@dataclass(frozen=True, slots=True)
class CheckpointStatus:
    """One checkpoint."""

    size: int
    """Records of Leakline's own chain that it covers."""
    time: UtcTime
    """When it was taken."""
    age_seconds: float


@dataclass(frozen=True, slots=True)
class MirrorStatus:
    """One destination, as a place where checkpoints are kept."""

    name: str
    mirrors: bool
    """Whether it gets checkpoints: it takes the lane `alerts`, and is not limited to some orgs."""
    accepted: CheckpointStatus | None = None
    """The newest that it accepted since it was added; None before the first."""
    inquiry: Inquiry | None = None
    """None before it was asked, and where no daemon runs."""
    reason: str = ""
    """Why it could not be asked."""
    held_size: int | None = None
    """Of the newest checkpoint that it said it holds; None where it holds none."""


@dataclass(frozen=True, slots=True)
class TrailStatus:
    """The trail as a whole."""

    newest: CheckpointStatus | None
    """The newest that was taken; None before the first."""
    mirrors: Sequence[MirrorStatus]

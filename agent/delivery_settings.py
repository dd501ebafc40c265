"""What every destination can be set to about waiting, about keeping rows for it, and about refusals."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from agent.duration import PositiveDuration
from agent.model import Limits, TooLong
from agent.name import DRILLS, OrgName


class RefusalSettings(BaseModel):
    """When a destination that refuses rows for good is stopped, so that no day of events turns into dead letters."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    share: float = Field(default=0.5, gt=0, le=1)
    """Delivery of a lane stops when the destination refused more than this share of the last `rows` rows for good."""
    rows: int = Field(default=1_000, ge=1)
    """The number of rows of a lane of which the share is taken."""


class DeliverySettings(BaseModel):
    """The settings that all destinations have in common."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    orgs: list[OrgName] | None = Field(default=None, min_length=1)
    """Names of the orgs whose events and alerts this destination gets. Unless set it gets those of all orgs, and the events
    about Leakline itself, which no destination with `orgs` gets."""
    when_full: Literal["pause", "set_aside"] | None = None
    """What happens when more than `quota_mb` waits for this destination: `pause` stops reading until it catches up,
    `set_aside` takes its oldest batches out of the spool, to be sent after the newer ones. By default a single
    destination pauses, and several set aside, so that none stops the others."""
    quota_mb: int | None = Field(default=None, ge=1)
    """How much of one org's spool may wait for this destination, in MB; by default half of what the org may have of
    `state.spool_limit_mb`, and all of it where `when_full` is `pause`."""
    aside_quota_mb: int | None = Field(default=None, ge=1)
    """How much of one org's events may be set aside for it, in MB; by default a quarter of what the org may have of
    `state.spool_limit_mb`."""
    when_aside_full: Literal["pause", "drop"] = "pause"
    """What happens when `aside_quota_mb` is full too: `pause` stops reading the org, `drop` lets go of the oldest rows for
    good."""
    longest_pause: PositiveDuration = timedelta(minutes=15)
    """The longest wait between two attempts, whatever the other side asks for (`Retry-After`)."""
    refusals: RefusalSettings = RefusalSettings()
    """When delivery to a destination that refuses nearly everything is stopped."""

    def takes(self, shard: str) -> bool:
        """Whether it gets what is of an org (its name), or of none (an empty name). Drills try every destination."""
        return self.orgs is None or shard in self.orgs or shard == DRILLS


class LimitSettings(Protocol):
    """Settings that bound chunks. Each destination has these fields, with bounds and defaults of its own."""

    @property
    def max_bytes(self) -> int: ...

    @property
    def max_rows(self) -> int: ...

    @property
    def max_row_bytes(self) -> int: ...

    @property
    def too_long(self) -> TooLong: ...


def limits_of(settings: LimitSettings) -> Limits:
    """The limits as the settings have them, before a destination learns smaller ones."""
    return Limits(settings.max_bytes, settings.max_rows, settings.max_row_bytes, settings.too_long)

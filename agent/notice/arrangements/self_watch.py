"""Settings of what proves from outside that messages would arrive."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from agent.destinations.exchange import Endpoint
from agent.duration import PositiveDuration
from agent.network.proxy import ProxySettings
from agent.network.tls import TlsSettings

MOST_OFTEN = timedelta(seconds=1)
"""Between two canaries."""


class HeartbeatSettings(BaseModel):
    """A request to a monitor outside, which calls a person when none comes."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    url: Endpoint
    """The monitor's address, such as https://monitor.example.com/ping."""
    every: PositiveDuration = timedelta(seconds=60)
    """How often; only while every open incident and every clock has a next step that is not overdue."""
    method: Literal["GET", "POST", "HEAD"] = "GET"
    """How it is asked."""
    tls: TlsSettings = Field(default_factory=TlsSettings)
    """Whom to trust."""
    proxy: ProxySettings | None = None
    """The way out, where there is no direct one."""


class CanarySettings(BaseModel):
    """A message without content at set times: whether it arrives shows whether real ones would."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    every: PositiveDuration = timedelta(minutes=15)
    """How often."""
    channels: list[str] = Field(min_length=1)
    """Over which channels, each at its own place: the same canary over all of them."""

    @field_validator("every")
    @classmethod
    def _seldom_enough(cls, every: timedelta) -> timedelta:
        if every < MOST_OFTEN:  # each is stored and sent: they would keep other messages waiting
            raise ValueError("canaries are at least a second apart; write such as 15m")
        return every

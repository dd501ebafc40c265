"""The settings `notice`: which laws and contracts bind, and from when on their clocks run."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from agent.detection.sigma.rule import Level
from agent.duration import PositiveDuration
from agent.notice.declared import EVENT, OCCURRED
from agent.notice.regimes.model import Zone

Name = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]


class ContractSettings(BaseModel):
    """A contract that asks for a notice within a number of hours."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: Name
    """What it is called here: its regime is `contract:` and this name."""
    anchor: Annotated[str, AfterValidator(lambda name: EVENT if name == OCCURRED else name)] = "aware"
    """From what the hours count: a name of the pack's anchors, such as suspected, detected or aware."""
    hours: float = Field(gt=0, le=8_784)
    """Hours until the notice."""
    recipient: str = Field(min_length=1, max_length=200)
    """Who is to be told."""


class NoticeSettings(BaseModel):
    """Which notice regimes bind, and when an incident's clocks begin."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    zone: Zone | None = None
    """Where days end for recipients of which the pack does not say it: a name such as Europe/Berlin."""
    jurisdictions: list[Name] = Field(default_factory=list)
    """Whose law binds, by the pack's names: eu, uk, us-ca, … That of a part (us-ca) brings the whole's (us)."""
    roles: list[Name] = Field(default_factory=lambda: ["controller"])
    """What the organisation is to the data: controller, processor, or a law's own word, such as business_associate."""
    sectors: list[Name] = Field(default_factory=list)
    """In which regulated sectors it is: financial, health, listed_us, …"""
    contracts: list[ContractSettings] = Field(default_factory=list)
    """Contracts that ask for a notice."""
    clocks_from: Level = "high"
    """Level of an alert from which the clocks of its incident start at once; below it, when a person says so."""
    presume_aware_after: PositiveDuration = timedelta(hours=24)
    """Where no person decides whether an incident is a breach, awareness is presumed so long after its detection."""
    group_within: PositiveDuration = timedelta(hours=24)
    """Alerts about the same user, session or app within this time belong to one incident."""
    close_candidates_after: PositiveDuration = timedelta(days=30)
    """A candidate without any decision is closed, with this as its reason, so long after its last alert."""
    longest_snooze: PositiveDuration = timedelta(hours=24)
    """How long an incident can be put aside at most. It stops no clock."""
    pack: Path | None = None
    """A newer signed pack of regimes than the one that came with Leakline. Refused, what is in force stays."""

    @field_validator("contracts")
    @classmethod
    def _one_of_a_name(cls, contracts: list[ContractSettings]) -> list[ContractSettings]:
        names = [contract.name for contract in contracts]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two contracts are called {twice[0]}; give each a name of its own")
        return contracts

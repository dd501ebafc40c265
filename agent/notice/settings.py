"""The settings `notice`: which laws and contracts bind, from when on their clocks run, and who is told over what."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from agent.detection.sigma.rule import Level
from agent.duration import PositiveDuration, at_most, written
from agent.notice.arrangements.channels import ChannelSettings
from agent.notice.arrangements.known_names import wrong_names
from agent.notice.arrangements.organisation import OrganisationSettings
from agent.notice.arrangements.people import OnCallSettings, PersonSettings
from agent.notice.arrangements.policies import DEFAULT, SHORTEST_LEASE, AlarmSettings, PolicySettings, with_others
from agent.notice.arrangements.self_watch import CanarySettings, HeartbeatSettings
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
    """Which notice regimes bind, when an incident's clocks begin, and who is notified."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    zone: Zone | None = None
    """Where days end for recipients of which the pack does not say it: a name such as Europe/Berlin. In the place of the law they end
    as well: of the two the earlier end counts."""
    jurisdictions: list[Name] = Field(default_factory=list)
    """Whose law binds, by the pack's names: eu, uk, us-ca, … That of a part (us-ca) brings the whole's (us)."""
    roles: list[Name] = Field(default_factory=lambda: ["controller"])
    """What the organisation is to the data: controller, processor, or a law's own word, such as business_associate."""
    sectors: list[Name] = Field(default_factory=list)
    """In which regulated sectors it is: financial, health, listed_us, …"""
    contracts: list[ContractSettings] = Field(default_factory=list)
    """Contracts that ask for a notice."""
    clocks_from: Level = "high"
    """Level of an alert from which the clocks of its incident start at once; below it, when a person says so. Where a law binds, high
    or lower."""
    presume_aware_after: PositiveDuration = timedelta(hours=24)
    """Where no person decides whether an incident is a breach, awareness is presumed so long after its detection: at most the shortest
    term that counts from awareness."""
    group_within: Annotated[PositiveDuration, at_most(timedelta(days=7))] = timedelta(hours=24)
    """Alerts about the same user, session or app within this time belong to one incident."""
    close_candidates_after: PositiveDuration = timedelta(days=30)
    """A candidate without any decision is closed, with this as its reason, so long after its last alert; not before `group_within`."""
    longest_snooze: PositiveDuration = timedelta(hours=24)
    """How long an incident can be put aside at most: no longer than the shortest term of a law. It stops no clock."""
    pack: Path | None = None
    """A newer signed pack of regimes than the one that came with Leakline. Refused, what is in force stays."""

    policies: list[PolicySettings] = Field(default_factory=list)
    """Who is notified of incidents. Where there are people and no policy, who is on call is notified, then everyone; so too of orgs
    that no policy names. Where a law binds, policies have the levels high and critical."""
    alarms: AlarmSettings = Field(default_factory=AlarmSettings)
    """When people are notified of deadlines that come near. No acknowledgement, snooze or maintenance keeps them."""
    on_call: OnCallSettings = Field(default_factory=OnCallSettings)
    """Who is on call when."""
    people: list[PersonSettings] = Field(default_factory=list)
    """Who can be told."""
    channels: list[ChannelSettings] = Field(default_factory=list)
    """Over what."""
    heartbeat: HeartbeatSettings | None = None
    """What a monitor outside hears while all of this works."""
    canary: CanarySettings | None = None
    """Messages without content, to see whether they arrive."""
    links_expire_after: Annotated[PositiveDuration, at_most(timedelta(days=7))] = timedelta(hours=24)
    """How long a link in a message can be used to acknowledge, from when the message was made."""
    longest_maintenance: PositiveDuration = timedelta(hours=4)
    """How long a maintenance window can be at most: no longer than the shortest term of a law. It holds back no critical incident and
    no alarm of a deadline."""
    organisation: OrganisationSettings = Field(default_factory=OrganisationSettings)
    """What notices say of you."""

    @property
    def policies_in_force(self) -> list[PolicySettings]:
        """Those of the settings, with one for orgs that they leave out, or the default where people are named; empty where nobody is
        told.
        """
        return with_others(self.policies) or ([DEFAULT] if self.people else [])

    @model_validator(mode="after")
    def _names_are_known(self) -> NoticeSettings:
        parts = self.policies, self.on_call, self.people, self.channels, self.canary
        if wrong := next(wrong_names(*parts), None):
            raise ValueError(wrong)
        return self

    @field_validator("policies")
    @classmethod
    def _leave_time_to_act(cls, policies: list[PolicySettings]) -> list[PolicySettings]:
        for policy in policies:
            if policy.acknowledgement < SHORTEST_LEASE:
                said = f"the acknowledgement {written(policy.acknowledgement)} is too short for a person to act; write {written(SHORTEST_LEASE)} or more"
                raise ValueError(f"{policy.name}: {said}")
        return policies

    @model_validator(mode="after")
    def _candidates_wait_for_more(self) -> NoticeSettings:
        # One that is closed takes its detection with it: what comes next would count from a later one.
        if self.close_candidates_after < self.group_within:
            least = written(self.group_within)
            message = f"{written(self.close_candidates_after)} is less than `group_within`; write {least} or more"
            raise ValueError(f"close_candidates_after: {message}")
        return self

    @field_validator("contracts")
    @classmethod
    def _one_of_a_name(cls, contracts: list[ContractSettings]) -> list[ContractSettings]:
        names = [contract.name for contract in contracts]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two contracts are called {twice[0]}; give each a name of its own")
        return contracts

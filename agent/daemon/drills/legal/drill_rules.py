"""By what a legal drill lives: settings under which one regime binds, and people who are called."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from agent.notice.arrangements.channels import ChannelSettings, WebhookSettings
from agent.notice.arrangements.people import OnCallSettings, PersonSettings, RotationSettings
from agent.notice.clocks.shelf import CurrentBasis
from agent.notice.floors.floors import at_floors
from agent.notice.regimes.model import Regime, RegimePack
from agent.notice.regimes.pack import SignedPack
from agent.notice.settings import NoticeSettings
from agent.secret import SecretReference

CHANNELS: list[ChannelSettings] = [
    WebhookSettings(name="drill", type="webhook", url="https://drill.invalid", secret=SecretReference(env="NONE"))
]
PEOPLE = [
    PersonSettings(name="first", channels=["drill"], addresses={"drill": "first"}),
    PersonSettings(name="second", channels=["drill"], addresses={"drill": "second"}),
]
ROTATION = RotationSettings(name="drill", people=["first"], every=timedelta(days=7), handover="Mon 00:00 UTC")


@dataclass(frozen=True, slots=True)
class DrillRules:
    """Of one drill."""

    settings: NoticeSettings
    pack: RegimePack
    stands_in: bool = False
    """Whether the settings in force name no person, so that others are called in the drill."""

    @property
    def basis(self) -> CurrentBasis:
        """As the daemon has it; that somebody signed the pack was seen when it came into force."""
        raw = json.dumps(self.pack.model_dump(mode="json", by_alias=True, exclude_none=True)).encode()
        signed = SignedPack(self.pack, Path("drill"), sha256(raw).hexdigest(), "", raw, "")
        return CurrentBasis.of(self.settings, signed)


def rules_for(settings: NoticeSettings | None, pack: RegimePack, regime: Regime | None = None) -> DrillRules:
    """`settings`: those in force, of which who is called, when, and what notices say is taken; contracts bind in no drill, nor does
    the zone of the settings, for the table counts in those of the regimes. `regime`: the one that binds, in all of its roles.
    """
    given = settings or NoticeSettings()
    whose = arranged(given) if given.people else stand_in(given)
    scope = {
        "zone": None,
        "contracts": [],
        "clocks_from": "high",
        "heartbeat": None,
        "canary": None,
        "pack": None,
        "jurisdictions": list(regime.jurisdictions) if regime else [],
        "roles": list(regime.all_roles) if regime else ["controller"],
        "sectors": list(regime.sectors) if regime else [],
    }
    only = pack.model_copy(update={"regimes": (regime,)}) if regime else pack
    return DrillRules(at_floors(whose.model_copy(update=scope), only), only, stands_in=not given.people)


def arranged(settings: NoticeSettings) -> NoticeSettings:
    """Each rotation has a person at any hour, and policies are for this org too: who has a holiday is not what is tried."""
    always: dict[str, object] = {"hours": [], "holidays": None, "begins": None}
    rotations = [rotation.model_copy(update=always) for rotation in settings.on_call.rotations]
    if not rotations:
        rotations = [ROTATION.model_copy(update={"people": [settings.people[0].name]})]
    policies = [policy.model_copy(update={"orgs": []}) for policy in settings.policies]
    return settings.model_copy(update={"on_call": OnCallSettings(rotations=rotations), "policies": policies})


def stand_in(settings: NoticeSettings) -> NoticeSettings:
    """Two people where the settings name none: what is tried is that there would be messages."""
    people = {"people": PEOPLE, "channels": CHANNELS, "on_call": OnCallSettings(rotations=[ROTATION]), "policies": []}
    return settings.model_copy(update=people)

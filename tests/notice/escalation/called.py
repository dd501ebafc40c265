"""People who are called about incidents of a real state, on a clock that the test moves, with a restart whenever it wants one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import orjson

from agent.notice.arrangements.channels import ChannelSettings, WebhookSettings
from agent.notice.arrangements.people import OnCallSettings, PersonSettings, RotationSettings
from agent.notice.arrangements.policies import EVERYONE, ON_CALL, PolicySettings, StepSettings
from agent.notice.escalation.escalation import ESCALATION, Escalation, decode
from agent.notice.escalation.keeper import Surroundings
from agent.notice.escalation.shard_escalations import ShardEscalations
from agent.notice.messages import outbox
from agent.notice.messages.message import Message
from agent.notice.settings import NoticeSettings
from agent.secret import SecretReference
from agent.store import keys
from agent.store.state import StateRecall
from agent.trail.shard_trail import ShardTrail
from tests.notice.clocks.life import BEGIN, Life

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

POLICY = PolicySettings(
    name="default",
    levels=["high", "critical"],
    steps=[
        StepSettings(notify=[ON_CALL]),
        StepSettings(notify=[ON_CALL, "lead"], after=15 * MINUTE),
        StepSettings(notify=[EVERYONE], after=45 * MINUTE),
    ],
    repeat=1,
    repeat_after=15 * MINUTE,
    acknowledgement=4 * HOUR,
)
PEOPLE = [
    PersonSettings(name="ana", channels=["mail", "hook"]),
    PersonSettings(name="ben", channels=["mail"], roles=["lead"], addresses={"mail": "ben"}),
    PersonSettings(name="cleo", channels=["hook"], addresses={"hook": "cleo"}),
]
CHANNELS: list[ChannelSettings] = [
    WebhookSettings(name=name, type="webhook", url="https://hooks.example.com", secret=SecretReference(env="HOOK"))
    for name in ("mail", "hook")
]

ON_CALL_SETTINGS = OnCallSettings(
    rotations=[RotationSettings(name="primary", people=["ana"], every=7 * 24 * HOUR, handover="Mon 09:00 UTC")]
)
"""So that steps may say `on_call`; whom it means here says `FixedRoster`."""


def arranged(*policies: PolicySettings, jurisdictions: Sequence[str] = ()) -> NoticeSettings:
    return NoticeSettings(
        policies=list(policies or [POLICY]),
        on_call=ON_CALL_SETTINGS,
        people=PEOPLE,
        channels=CHANNELS,
        jurisdictions=list(jurisdictions),
    )


class FixedRoster:
    """Ana is on call, or whom the test says."""

    def __init__(self) -> None:
        self.on_call = ["ana"]
        self.there = [person.name for person in PEOPLE]

    def people(self, notify: Sequence[str], at: datetime) -> list[PersonSettings]:
        wanted = set(notify)
        if ON_CALL in wanted:
            wanted |= set(self.on_call)
        found = [
            person for person in PEOPLE if person.name in wanted or EVERYONE in wanted or wanted & set(person.roles)
        ]
        return [person for person in found if person.name in self.there]


class CalledLife(Life):
    """See the page."""

    def __init__(self, folder: Path, settings: NoticeSettings, now: datetime = BEGIN) -> None:
        self.roster = FixedRoster()
        self.window: datetime | None = None
        """Until when a maintenance window is open."""
        super().__init__(folder, settings, now)

    def start(self) -> None:
        super().start()
        assert self.settings is not None
        with_ = Surroundings(self.settings, self.roster, self.lateness, lambda _: self.window)
        self.escalations = ShardEscalations(self.desk, self.book, with_)

    def look(self) -> None:
        super().look()
        for _ in range(6):
            if not self.escalations.is_due(self.now):
                return
            self.escalations.turn(self.now)
            super().look()
        raise AssertionError("there is always somebody to be told")

    def pass_by(self, span: timedelta, step: timedelta = MINUTE) -> None:
        """Time goes on, and the loop looks."""
        end = self.now + span
        while self.now < end:
            self.pass_to(min(self.now + step, end))

    @property
    def recall(self) -> StateRecall:
        return StateRecall(self.state, keys.RESPONSE.prefix)

    def messages(self, kind: str = "", number: str = "inc-1") -> list[Message]:
        """In the order in which they were made."""
        found = [
            outbox.message(self.recall, key.removeprefix(outbox.MESSAGE)) for key in self.recall.keys(outbox.MESSAGE)
        ]
        about = [message for message in found if message is not None and message.incident == number]
        return sorted(
            (found for found in about if not kind or found.kind == kind), key=lambda found: (found.created_at, found.id)
        )

    def tiers(self, kind: str = "escalation") -> list[tuple[int, int]]:
        """Minutes since the begin, and the tier, of each occasion on which people were told."""
        told = {(message.created_at, message.tier) for message in self.messages(kind)}
        return [(int((at - BEGIN) / MINUTE), tier) for at, tier in sorted(told)]

    def recorded(self, action: str) -> int:
        """How many records the trail has of it."""
        return sum(orjson.loads(line)["type"] == action for line in ShardTrail(self.state).lines())

    def escalation(self, number: str = "inc-1") -> Escalation:
        data = self.recall(ESCALATION + number)
        assert data is not None
        return decode(data)

    def deliver(self, *, accepted: bool, channels: Sequence[str] = ("mail", "hook"), for_good: bool = False) -> int:
        """What the senders would do with all that waits; how many there were."""
        waiting = [
            message for message in self.messages() if not message.has_ended and message.target.channel in channels
        ]
        with self.desk.changing() as change:
            for message in waiting:
                after = replace(message, attempts=message.attempts + 1)
                if accepted:
                    after = replace(after, state="accepted", next_at=None, ended_at=self.now)
                elif for_good:
                    after = replace(after, state="given-up", next_at=None, ended_at=self.now)
                else:
                    after = replace(after, next_at=self.now + MINUTE)
                outbox.keep(change, message, after)
                change.apply({f"escalate/{message.incident}": b""})
        self.look()
        return len(waiting)

    def acknowledge(self, by: str = "ana") -> None:
        self.change("inc-1", lambda found: replace(found, acknowledged_by=by, acknowledged_at=self.now))

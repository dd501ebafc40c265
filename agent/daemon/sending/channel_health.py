"""Whether a channel works: told as a problem when it fails, and to people over their other channels, at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent import metrics
from agent.notice.arrangements.channels import ChannelSettings
from agent.notice.arrangements.policies import EVERYONE
from agent.notice.channels.channel import NotAccepted
from agent.notice.incidents.desk import IncidentDesk
from agent.notice.incidents.incident import LEVELS
from agent.notice.messages import outbox
from agent.notice.messages.message import Message, Target, message_id
from agent.notice.messages.targets import targets
from agent.notice.on_call.roster import Roster
from agent.notice.settings import NoticeSettings
from agent.store.problems import Problems

PROBLEM = "channel-failed"

TELL_EVERY = timedelta(hours=1)
"""Between two messages about one channel, however often it fails."""


TOLD = "channel-told/"
"""Keys under `keys.RESPONSE`: when people were told of a channel last, by its name."""


@dataclass(frozen=True, slots=True)
class ChannelState:
    """What is known of a channel since the start."""

    accepted_at: datetime | None = None
    failing_since: datetime | None = None
    reason: str = ""


class ChannelHealth:
    """Of one channel; `note` is for its sender's thread, `state` for any."""

    def __init__(
        self,
        name: str,
        settings: NoticeSettings,
        roster: Roster,
        desk: Callable[[], IncidentDesk],
        problems: Problems,
        now: Callable[[], datetime],
    ) -> None:
        """`desk`: of the process's shard: what is told of a channel is of no org; `problems`: its register."""
        self.name = name
        self._settings = settings
        self._roster = roster
        self._desk = desk
        self._problems = problems
        self._now = now
        self._state = ChannelState()
        self._is_over = False
        """Whether it is stored that it works; at the start an earlier process may have said that it fails."""

    @property
    def state(self) -> ChannelState:
        return self._state

    def note(self, failure: NotAccepted | None) -> None:
        """After each attempt. Raises StateError, DiskFull: then it is said after the next one."""
        before, now = self._state, self._now()
        metrics.CHANNEL_WORKS.labels(self.name).set(failure is None)
        if failure is None:
            self._state = ChannelState(accepted_at=now)
            if not self._is_over:
                self._problems.over(PROBLEM, self.name, f"the channel {self.name} accepts messages")
                self._is_over = True
            return
        self._is_over = False
        self._state = ChannelState(before.accepted_at, before.failing_since or now, str(failure))
        self._problems.report(PROBLEM, self.name, f"the channel {self.name} does not accept messages: {failure}")
        told = self._desk().recall(TOLD + self.name)
        # A time to come is one of before the machine's clock was set back.
        if told is None or not timedelta(0) <= now - datetime.fromisoformat(told.decode()) < TELL_EVERY:
            self._tell(str(failure), now)

    def _tell(self, reason: str, now: datetime) -> None:
        """Whoever is called first, over whatever else they have; everyone, where those have nothing else."""
        channels = {channel.name: channel for channel in self._settings.channels}
        policies = self._settings.policies_in_force
        words = policies[0].steps[0].notify if policies else []
        places = self._places(words, channels, now) or self._places([EVERYONE], channels, now)
        summary = f"the channel {self.name} of Leakline does not accept messages"
        messages = [
            Message(
                message_id("trouble", self.name, now.isoformat(), target.channel, target.address),
                "trouble",
                target,
                LEVELS[-2],
                summary,
                now,
                now,
                now,
                (reason, "`leakline status` says more; `leakline check --send-test-notice` tries it"),
            )
            for target in places
        ]
        if messages:
            desk = self._desk()
            with desk.changing() as change:
                outbox.put(change, desk.recall, messages)
                change.apply({TOLD + self.name: now.isoformat().encode()})

    def _places(self, words: Sequence[str], channels: dict[str, ChannelSettings], now: datetime) -> list[Target]:
        people = self._roster.people(words, now)
        return [target for target in targets(people, channels) if target.channel != self.name]


def deaf(health: Sequence[ChannelHealth]) -> Iterator[str]:
    """A sentence where every channel fails. Their messages are not behind while they are tried, but nobody is told anything."""
    if health and all(known.state.failing_since is not None for known in health):
        yield "no channel accepts messages"


def end_of_unknown(problems: Problems, channels: Collection[str]) -> None:
    """What is said of channels that are not in the settings any more is over: nobody could find them to work again. `channels`: names
    of those that there are. Raises StateError, DiskFull.
    """
    for problem in problems.open():
        if problem.kind == PROBLEM and problem.subject not in channels:
            problems.over(PROBLEM, problem.subject, f"there is no channel {problem.subject} in the settings any more")

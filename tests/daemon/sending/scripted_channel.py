"""A channel whose other side does what a test says, and a life with a sender for it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Event

from agent.daemon.sending.channel_health import ChannelHealth
from agent.daemon.sending.channel_sender import ChannelSender
from agent.daemon.turns.incident_loop import LoopParts
from agent.notice.channels.channel import NotAccepted, Receipt
from agent.notice.incidents.book import IncidentBook
from agent.notice.incidents.desk import IncidentDesk
from agent.notice.messages.message import Message
from agent.notice.settings import NoticeSettings
from tests.notice.clocks.life import BEGIN
from tests.notice.escalation.called import CalledLife


@dataclass
class ScriptedChannel:
    """Keeps what it was given, in order, and answers what `answers` says; a receipt where it says nothing."""

    name: str
    answers: list[NotAccepted | Exception] = field(default_factory=list)
    sent: list[tuple[Message, str]] = field(default_factory=list)
    before: Callable[[Message], None] = lambda _: None
    """Called while a message is on its way."""

    def send(self, message: Message, link: str, /) -> Receipt:
        self.sent.append((message, link))
        self.before(message)
        if self.answers:
            raise self.answers.pop(0)
        return Receipt("250 ok", f"receipt-{len(self.sent)}")

    def prepare(self) -> None: ...

    def close(self) -> None: ...

    @property
    def ids(self) -> list[str]:
        return [message.id for message, _ in self.sent]


@dataclass
class OneShard:
    incidents: IncidentBook
    desk: IncidentDesk


class SendingLife(CalledLife):
    """A life whose messages are sent over two channels, `mail` and `hook`."""

    def __init__(self, folder: Path, settings: NoticeSettings, now: datetime = BEGIN) -> None:
        self.channels = {name: ScriptedChannel(name) for name in ("mail", "hook")}
        self.entered: Callable[[str], AbstractContextManager[bool]] = lambda _: nullcontext(True)
        self.steady = 0.0
        super().__init__(folder, settings, now)

    def start(self) -> None:
        super().start()
        assert self.settings is not None
        settings = self.settings
        self.health = {
            name: ChannelHealth(name, settings, self.roster, lambda: self.desk, self.problems, lambda: self.now)
            for name in self.channels
        }
        parts = LoopParts(
            self.directory,
            lambda: {"acme": OneShard(self.book, self.desk)},
            lambda shard: self.entered(shard),
            Event(),
            lambda: self.now,
            lambda: self.steady,
        )
        self.senders = {
            name: ChannelSender(
                channel, parts, self.health[name], lambda message: f"https://leakline.example.com/{message.id}"
            )
            for name, channel in self.channels.items()
        }

    def send_all(self, *names: str) -> None:
        """As the threads of the channels do, until nothing is due."""
        for _ in range(20):
            if not sum(self.senders[name].turn() for name in names or self.senders):
                return
            self.look()

    def all_messages(self) -> Iterator[Message]:
        """Those about no incident too."""
        yield from (message for number in ("", "inc-1", *self.book.ids()) for message in self.messages(number=number))

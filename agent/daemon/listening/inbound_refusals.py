"""What is told of senders whose requests are refused for their credentials, or whose secrets cannot be read.

The listener only counts; this looks at the counts about once a second, on a thread that may wait for the state. So whoever
tries keys costs a few numbers, and one problem for each sender of the settings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from agent.network.server_tls import ServerTls
from agent.sources.inbound.serving.senders import Sender, Senders
from agent.sources.inbound.source import SERVICE, InboundReports
from agent.sources.source_name import source_name
from agent.store.keys import PROCESS
from agent.store.problems import Problems
from agent.wording.number import counted

log = structlog.get_logger()

KIND = "inbound-refused"
CERTIFICATE_KIND = "listener-failed"

TELL_EVERY = timedelta(minutes=1)
"""Between two reports of one problem, however often somebody tries."""
OVER_AFTER = timedelta(minutes=10)
"""Without such a request. One that is right does not end it: somebody else may be trying."""
HOMELESS_FOR = timedelta(minutes=1)
"""Before it is told: at a reload an org may be away for seconds."""
HOMELESS_FIX = "correct the file of that org, or remove the sender; `leakline reload` says what does not load"


class _Told:
    """What is known to have been told of one sender."""

    def __init__(self, begun: datetime) -> None:
        self.unproven = 0
        self.refused = self.refused_at_home = 0
        """Requests refused for whatever reason: when it was last told, and while its org was read."""
        self.homeless_since: datetime | None = begun
        """Since when its org is not read, so that what is told is told at the process."""
        self.at: datetime | None = None
        self.last = begun
        self.may_be_open = True
        """Also of an earlier process."""


class InboundRefusals:
    """`look` is for the watch."""

    def __init__(
        self,
        senders: Senders,
        sources: Callable[[], Mapping[str, InboundReports]],
        registers: Callable[[], Mapping[str, Problems]],
        tls: ServerTls | None,
        now: Callable[[], datetime],
    ) -> None:
        """`sources` and `registers`: by the org's name, asked for each look, for orgs may come and go; the register under
        the empty name is the process's own.
        """
        self._senders = senders
        self._sources = sources
        self._registers = registers
        self._tls = tls
        self._now = now
        self._told = {name: _Told(now()) for name in senders.known}
        self._strangers = 0
        self._strangers_at: datetime | None = None
        self._certificate_told: str | None = None
        """None: an earlier process may have told something."""

    def look(self) -> None:
        """Secrets that changed, then what is to be told. Raises StateError."""
        self._senders.read_secrets()
        for org, source in self._sources().items():
            source.sender_feeds = lambda org=org: self._senders.feeds(org)  # type: ignore[misc]
        registers = self._registers()
        for name, sender in self._senders.known.items():
            told, register = self._told[name], registers.get(sender.settings.org)
            if register is None:
                told.homeless_since = told.homeless_since or self._now()
            elif told.homeless_since is not None:
                registers[PROCESS].over(KIND, _subject(sender), f"the org {sender.settings.org} is read")
                told.homeless_since = None
            self._look_at(sender, told, register or registers[PROCESS])
        self._log_strangers()
        self._look_at_certificate(registers[PROCESS])

    def _look_at(self, sender: Sender, told: _Told, problems: Problems) -> None:
        now, record, unusable = self._now(), sender.record, sender.proof.problem
        subject, is_tried = _subject(sender), record.unproven > told.unproven
        if told.homeless_since is None:
            told.refused = told.refused_at_home = record.refused
        is_homeless = told.homeless_since is not None and abs(now - told.homeless_since) >= HOMELESS_FOR
        if is_tried or unusable or (is_homeless and record.refused > told.refused):
            told.last = now
            if told.at is None or abs(now - told.at) >= TELL_EVERY:
                told.at, told.may_be_open = now, True
                count = record.unproven
                tried = f"{counted(count, 'request')} in the name of {sender.settings.name} refused: {record.unproven_reason}"
                message = f"the secrets of {sender.settings.name} cannot be used: {unusable}" if unusable else tried
                fix = ""
                if not (unusable or is_tried):
                    refused = counted(record.refused - told.refused_at_home, "request")
                    message = f"{refused} of {sender.settings.name} refused: its org {sender.settings.org} is not read"
                    fix = HOMELESS_FIX
                problems.report(KIND, subject, message, fix=fix)
            told.unproven, told.refused = record.unproven, record.refused
        elif told.may_be_open and abs(now - told.last) >= OVER_AFTER:
            told.may_be_open, told.at = False, None
            problems.over(KIND, subject, f"for {OVER_AFTER.seconds // 60} minutes no request in its name was refused")

    def _log_strangers(self) -> None:
        """Of those who name nobody in the settings; a line a minute at most."""
        now, count = self._now(), self._senders.strangers
        if count > self._strangers and (self._strangers_at is None or abs(now - self._strangers_at) >= TELL_EVERY):
            log.warning("requests of unknown senders were refused", count=count - self._strangers)
            self._strangers, self._strangers_at = count, now

    def _look_at_certificate(self, register: Problems) -> None:
        problem = self._tls.problem if self._tls is not None else ""
        if problem == self._certificate_told:
            return
        if problem:
            fix = "correct the file; it is read again when it changes"
            register.report(CERTIFICATE_KIND, "inbound.tls", f"{problem}; the previous one stays in use", fix=fix)
        else:
            register.over(CERTIFICATE_KIND, "inbound.tls", "the certificate of inbound is read")
        self._certificate_told = problem


def _subject(sender: Sender) -> str:
    return f"{source_name(sender.settings.org, SERVICE)}/{sender.settings.name}"

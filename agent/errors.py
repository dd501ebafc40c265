"""Every failure Leakline raises on purpose.

LeaklineError
├── SettingsError          the settings file is wrong; exit status 78
├── RuleError              a rule does not load (file, line, what to change)
├── MappingError           a mapping does not load (file, line, what to change)
├── SourceError            the other side of a source failed
│   ├── NotReady           our own secret or certificate for it cannot be read
│   ├── Unauthorized       credentials refused; a human has to act
│   ├── Forbidden          a permission, licence or entitlement is missing
│   ├── Gone               an input that was read before is not there any more, or has other rows now
│   ├── LimitExceeded      the org's API allowance is used up: pause the whole org
│   │   └── HeldBack       others of the org may ask, this caller comes after them
│   └── TransportError     the answer did not arrive whole, or was no answer; try again
├── PushError              a batch that was handed in is not committed: its sender sends it again
│   ├── NoRoom             there is no room for it now
│   └── Shutdown           Leakline is about to end
├── BadDeployment          most rows of a source break a step: not the rows are bad, but what was changed last
├── Unavailable            a destination accepted nothing that we know of; try again
├── Misconfigured          a destination refuses us for good until a setting changes
└── StateError             the state directory cannot be used (locked, not writable)
    ├── StateDamaged       its database is gone, cut or damaged; exit status 78: only a person can go on
    ├── UnknownVersion     another Leakline wrote it, older or newer than this one can read; exit status 78 as well
    ├── Busy               another thread holds the state for too long
    ├── Damaged            a batch file is gone or its checksum does not hold
    └── DiskFull           the state directory has no room: ingest pauses, delivery goes on

What a person reads is `str(error)`; it says what, where and what to do. Secrets that the other side repeats are
redacted here, whatever raises.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from agent.redaction.redaction import redact


class LeaklineError(Exception):
    """The root of the tree above. `hint` tells the reader what to do about it."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(redact(message))
        self.hint = redact(hint)

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message}: {self.hint}" if self.hint else message


class SettingsError(LeaklineError):
    """A wrong setting; the message begins with its key path, such as `orgs[0].auth.client_id`."""


class FileError(LeaklineError):
    """Something wrong at a line of a file we were given (`path:line: message`)."""

    def __init__(self, path: Path | str, line: int, message: str, *, hint: str = "") -> None:
        super().__init__(f"{path}:{line}: {message}", hint=hint)
        self.path = Path(path)
        self.line = line
        self.reason = redact(message)


class RuleError(FileError):
    """A Sigma rule that does not load; the other rules run without it."""


class MappingError(FileError):
    """A mapping that does not load; the other mappings are used without it."""


class SourceError(LeaklineError):
    """Reading from a source failed; nothing was lost, the cursor stands where it stood."""


class NotReady(SourceError):
    """A secret, certificate or proxy that the settings name for this org cannot be used now: the others go on."""


class Unauthorized(SourceError):
    """The org refused our credentials."""


class Forbidden(SourceError):
    """The org knows us but a permission, licence or feature is missing."""


class Gone(SourceError):
    """An input that was read before is not there any more, or has other rows now: asking again does not help."""


class LimitExceeded(SourceError):
    """HTTP 403 REQUEST_LIMIT_EXCEEDED: every source of this org pauses (the org sends no Retry-After)."""


class HeldBack(LimitExceeded):
    """There are API calls left, and those are for callers that matter more: ask again at about `until`. The org goes on."""

    def __init__(self, message: str, *, until: datetime, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.until = until


class TransportError(SourceError):
    """A broken, cut or foreign answer (HTML instead of CSV, a body without its end). Safe to repeat."""


class PushError(LeaklineError):
    """Nothing of a batch that somebody pushed is committed, after a fault of ours: its sender sends it again.

    `retry_after` is in seconds; None where nobody can say.
    """

    def __init__(self, message: str, *, retry_after: float | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class NoRoom(PushError):
    """The spool or the disk is full: it drains at the pace of the destinations."""


class Shutdown(PushError):
    """Leakline is about to end, and takes nothing new."""


class BadDeployment(LeaklineError):
    """Most of what a source brings breaks a step, so a rule, a mapping or this version does: its reading stops."""


class Unavailable(LeaklineError):
    """Nothing can be said to have been accepted: the same chunk is sent again.

    `retry_after` is in seconds, where the other side named a time; otherwise the loop backs off by itself.
    """

    def __init__(self, message: str, *, retry_after: float | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class Misconfigured(Unavailable):
    """As Unavailable, but only a changed setting will help (token refused, index not allowed, unknown CA)."""


class StateError(LeaklineError):
    """The state directory cannot be used."""


class StateDamaged(StateError):
    """The database is gone beside what belongs to it, is cut, or has damaged pages."""


class UnknownVersion(StateError):
    """The state was written by a Leakline from before versions, or by a newer one; nothing in it was touched."""


class Busy(StateError):
    """Another thread holds the state, and whoever wants it does not wait any longer."""


class Damaged(StateError):
    """A batch file is gone or its checksum does not hold."""


class DiskFull(StateError):
    """The state directory has no room left."""

"""A notice of one obligation of one incident, as it is stored: versions, sign-offs and submissions. Nothing of it is ever deleted.

A version is stored by itself and never changed; the notice has the digests of all its versions, so that a version that was changed in
the state is not taken for the one that was signed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import orjson
from pydantic import TypeAdapter

from agent.notice.incidents.book import Stored

NOTICE, VERSION = "notice/", "notice-version/"
"""Keys under `keys.RESPONSE`: `notice/INCIDENT/REGIME/OBLIGATION`, and of each version that with its number behind."""

NoticeKind = Literal["new", "follow-up"]
Completeness = Literal["complete", "incomplete", "withdraw"]
"""As the draft form of the EDPB has both."""

EntrySource = Literal["setting", "anchor", "fact", "incident", "clock", "person"]

MOST_BYTES = 100_000
"""Of a version."""
DIGITS = 6
"""Of the number of a version in its key: so they are in order."""


@dataclass(frozen=True, slots=True)
class NoticeEntry:
    """A field of a version. It has its title, so that it can be read when the catalogue is another one."""

    id: str
    section: str
    title: str
    text: str = ""
    """Empty while nothing is known."""
    source: EntrySource = "person"
    by: str = ""
    """Who wrote it, where a person did."""
    estimated: bool = False
    """Whether it was counted from events, or presumed."""
    needed: bool = False

    @property
    def is_missing(self) -> bool:
        return self.needed and not self.text


@dataclass(frozen=True, slots=True)
class NoticeVersion:
    incident: str
    obligation: str
    """`regime/obligation`."""
    number: int
    """From 1 on; 0 for one that is not stored."""
    at: datetime
    by: str
    kind: NoticeKind
    completeness: Completeness
    entries: Sequence[NoticeEntry]
    follows: int = 0
    """The submitted version that a follow-up is about."""
    promised: Sequence[str] = ()
    """Ids of what that one was missing."""

    @property
    def missing(self) -> list[NoticeEntry]:
        return [entry for entry in self.entries if entry.is_missing]

    @property
    def digest(self) -> str:
        """SHA-256 of the version as JSON with sorted names, in hexadecimal digits."""
        text = orjson.dumps(_VERSION.dump_python(self, mode="json"), option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(text).hexdigest()


@dataclass(frozen=True, slots=True)
class SignOff:
    """Somebody stands by a version as it is."""

    version: int
    digest: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Submission:
    """A version was sent, by a person: Leakline sends none."""

    version: int
    digest: str
    at: datetime
    by: str
    recorded_at: datetime
    receipt: str
    channel: str = ""
    """Over what it was sent, in words."""
    reason: str = ""
    """Why it is recorded once more, or corrects what was recorded."""


@dataclass(frozen=True, slots=True)
class Notice:
    incident: str
    obligation: str
    digests: Sequence[str] = ()
    """Of its versions, the first one first."""
    sign_offs: Sequence[SignOff] = field(default_factory=tuple)
    submissions: Sequence[Submission] = field(default_factory=tuple)

    @property
    def latest(self) -> int:
        return len(self.digests)

    @property
    def key(self) -> str:
        return f"{self.incident}/{self.obligation}"

    @property
    def submitted(self) -> Submission | None:
        """The last one."""
        return self.submissions[-1] if self.submissions else None

    def signed(self, number: int) -> list[SignOff]:
        """Sign-offs of a version: those of its digest alone."""
        return [sign for sign in self.sign_offs if sign.version == number and sign.digest == self.digests[number - 1]]

    @property
    def state(self) -> str:
        """Of its latest version: `draft`, `signed` or `sent`; `none` without one."""
        if not self.digests:
            return "none"
        if any(sent.version == self.latest for sent in self.submissions):
            return "sent"
        return "signed" if self.signed(self.latest) else "draft"


class DamagedNotice(ValueError):
    """What is stored of a notice is not what was stored."""


_NOTICE, _VERSION = TypeAdapter(Notice), TypeAdapter(NoticeVersion)


def stored_notice(recall: Stored, incident: str, obligation: str) -> Notice:
    """An empty one where nobody has drafted it. Raises DamagedNotice."""
    data = recall(f"{NOTICE}{incident}/{obligation}")
    if data is None:
        return Notice(incident, obligation)
    try:
        return _NOTICE.validate_json(data)
    except ValueError as error:
        raise DamagedNotice(f"the notice {incident} {obligation} cannot be read") from error


def stored_version(recall: Stored, notice: Notice, number: int) -> NoticeVersion:
    """One of its versions, from 1 on. Raises DamagedNotice for one that is missing or is not the one that was stored."""
    data = recall(version_key(notice, number))
    try:
        found = _VERSION.validate_json(data or b"")
    except ValueError as error:
        raise DamagedNotice(f"version {number} of {notice.key} cannot be read") from error
    if found.digest != notice.digests[number - 1]:
        raise DamagedNotice(f"version {number} of {notice.key} is not the one that was stored: its digest differs")
    return found


def version_key(notice: Notice, number: int) -> str:
    return f"{VERSION}{notice.key}/{number:0{DIGITS}}"


def encode(notice: Notice) -> bytes:
    return _NOTICE.dump_json(notice)


def encode_version(version: NoticeVersion) -> bytes:
    return _VERSION.dump_json(version)

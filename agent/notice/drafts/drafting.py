"""Versions of a notice: pre-filled from what is known, with what people wrote; and what people may do with them."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from agent.notice.drafts.catalogue import REASONS, RECEIPTS, WITHDRAWN, NoticeForm
from agent.notice.drafts.known import MOST_TEXT, KnownValue, NoticeSubject, known_values
from agent.notice.drafts.notice import (
    MOST_BYTES,
    Completeness,
    Notice,
    NoticeEntry,
    NoticeVersion,
    SignOff,
    Submission,
    encode_version,
)
from agent.notice.incidents.changes import free_text
from agent.notice.incidents.changes.refusal import NotAllowed

BY = "leakline"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants of a new version."""

    values: Mapping[str, str]
    """By the id of a field; an empty text takes back what was written, and what is known is there again."""
    follow_up: bool = False
    withdraw: bool = False


NOTHING = Wish({})


def drafted(
    form: NoticeForm,
    subject: NoticeSubject,
    before: NoticeVersion | None,
    now: datetime,
    *,
    by: str = BY,
    wish: Wish = NOTHING,
    number: int = 0,
) -> NoticeVersion:
    """A version as it would be now. `before`: the latest one; `number`: 0 for what is not stored.

    Raises NotAllowed for a field that it does not have, a text that is too long, and one to be stored that is longer than a notice
    can be.
    """
    written = {entry.id: entry for entry in before.entries if entry.source == "person"} if before else {}
    written = {**written, **_written(form, wish.values, by)}
    known = known_values(form.fields, subject)
    withdraw = wish.withdraw or (_is_withdrawal(before, subject) and not wish.follow_up)
    needed = _needed(form, subject, now, withdraw=withdraw)
    found = [_entry(field.id, form, known, written, needed) for field in form.fields]
    entries = [entry for entry in found if entry.text or entry.id in needed or entry.id not in form.hidden]
    follows, promised = _followed(subject, before)
    version = NoticeVersion(
        subject.incident.id,
        subject.clock.id,
        number,
        now,
        by,
        "follow-up" if follows else "new",
        _completeness(entries, withdraw=withdraw),
        entries,
        follows,
        promised,
    )
    if number and (size := len(encode_version(version))) > MOST_BYTES:
        raise NotAllowed(f"the notice would have {size:,} bytes, at most are {MOST_BYTES:,}", hint="shorten its texts")
    return version


def check_wish(notice: Notice, latest: NoticeVersion | None, wish: Wish) -> None:
    """Raises NotAllowed for what the stage of the notice does not allow."""
    if (wish.follow_up or wish.withdraw) and notice.submitted is None:
        what = "withdrawn" if wish.withdraw else "followed up"
        hint = "record what was sent with `leakline notices sent`, or that it need not be with `leakline notices not-applicable`"
        raise NotAllowed(f"{notice.key} is not recorded as sent, so it cannot be {what}", hint=hint)
    if latest is not None and notice.state == "sent" and not (wish.follow_up or wish.withdraw):
        hint = "begin a follow-up with --follow-up, or withdraw it with --withdraw"
        raise NotAllowed(f"version {latest.number} of {notice.key} was sent and stays as it is", hint=hint)


def signed(notice: Notice, version: NoticeVersion, by: str, now: datetime) -> Notice:
    """Raises NotAllowed for another version than the latest, and for who has signed it before."""
    if version.number != notice.latest:
        hint = f"read it with `leakline notices show`, and sign version {notice.latest}"
        raise NotAllowed(f"version {version.number} is not the latest", hint=hint)
    if any(sign.by == by for sign in notice.signed(version.number)):
        raise NotAllowed(f"{by} has signed version {version.number} before", hint="nothing is to be done")
    return replace(notice, sign_offs=(*notice.sign_offs, SignOff(version.number, version.digest, by, now)))


def submitted(notice: Notice, submission: Submission) -> Notice:
    """Raises NotAllowed for a version that is recorded as sent, where no reason is given to record it once more."""
    known = [sent for sent in notice.submissions if sent.version == submission.version]
    if known and not submission.reason:
        message = f"version {submission.version} is recorded as sent at {known[-1].at.isoformat()}"
        raise NotAllowed(
            message, hint="to correct that, say why with --reason; a later notice is a `draft --follow-up`"
        )
    return replace(notice, submissions=(*notice.submissions, submission))


def changed_since(version: NoticeVersion, now: NoticeVersion) -> list[tuple[NoticeEntry | None, NoticeEntry | None]]:
    """Entries that are known differently by now, as they were and as they are; what people wrote is no such."""
    then, today = ({entry.id: entry for entry in found.entries} for found in (version, now))
    pairs = [(then.get(id_), today.get(id_)) for id_ in dict.fromkeys([*then, *today]) if id_ != RECEIPTS]
    return [(old, new) for old, new in pairs if _shown(old) != _shown(new)]


def _shown(entry: NoticeEntry | None) -> tuple[str, bool]:
    return (entry.text, entry.estimated) if entry is not None else ("", False)


def _written(form: NoticeForm, values: Mapping[str, str], by: str) -> dict[str, NoticeEntry]:
    ids = {field.id: field for field in form.fields}
    found: dict[str, NoticeEntry] = {}
    for id_, value in values.items():
        if id_ not in ids:
            near = difflib.get_close_matches(id_, ids, n=3) or sorted(form.needed)
            raise NotAllowed(f"{id_[:60]!r} is not a field of it", hint=f"write one of {', '.join(near)}")
        text = free_text.text(value, id_, needed=False, longest=MOST_TEXT)
        found[id_] = NoticeEntry(id_, ids[id_].section, ids[id_].title, text, "person", by)
    return found


def _entry(
    id_: str,
    form: NoticeForm,
    known: Mapping[str, KnownValue],
    written: Mapping[str, NoticeEntry],
    needed: frozenset[str],
) -> NoticeEntry:
    field = next(field for field in form.fields if field.id == id_)
    own, value = written.get(id_), known.get(id_)
    if own is not None and own.text:
        return replace(own, section=field.section, title=field.title, needed=id_ in needed)
    if value is None:
        return NoticeEntry(id_, field.section, field.title, needed=id_ in needed)
    return NoticeEntry(
        id_, field.section, field.title, value.text, value.source, estimated=value.estimated, needed=id_ in needed
    )


def _needed(form: NoticeForm, subject: NoticeSubject, now: datetime, *, withdraw: bool) -> frozenset[str]:
    """A late notice says why (GDPR Art. 33(1)), unless the date is our own target."""
    first = subject.notice.submissions[0].at if subject.notice.submissions else now
    due = subject.clock.due
    late = due is not None and first >= due and not subject.clock.policy and form.gives_reasons
    if withdraw:
        return frozenset({"organisation_name", WITHDRAWN})
    return form.needed | ({REASONS} if late else frozenset())


def _is_withdrawal(before: NoticeVersion | None, subject: NoticeSubject) -> bool:
    """Of this notice: what was merged into its incident withdraws nothing here."""
    return before is not None and before.incident == subject.incident.id and before.completeness == "withdraw"


def _completeness(entries: Sequence[NoticeEntry], *, withdraw: bool) -> Completeness:
    if withdraw:
        return "withdraw"
    return "incomplete" if any(entry.is_missing for entry in entries) else "complete"


def _followed(subject: NoticeSubject, before: NoticeVersion | None) -> tuple[int, Sequence[str]]:
    """The submitted version that a follow-up is about, and what it was missing."""
    sent = subject.notice.submitted
    if before is None or sent is None:
        return 0, ()
    if before.number == sent.version:
        return sent.version, tuple(entry.id for entry in before.missing)
    return before.follows, before.promised

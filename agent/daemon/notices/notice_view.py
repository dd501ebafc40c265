"""A notice as requests answer it, in what JSON can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from agent.daemon.notices.notice_desk import FoundNotice
from agent.notice.drafts.drafting import changed_since
from agent.notice.drafts.missing import missing_entries, to_confirm
from agent.notice.drafts.notice import NoticeEntry, NoticeVersion, SignOff, Submission

STATEMENT = "Prepared by Leakline, not filed: Leakline sends nothing to authorities. This is not legal advice."

_VERSION = TypeAdapter(NoticeVersion)
_SIGNED, _SENT = TypeAdapter(list[SignOff]), TypeAdapter(list[Submission])


def notice_view(org: str, found: FoundNotice, version: NoticeVersion, now: datetime) -> dict[str, Any]:
    """`version`: a stored one, or as it would be now, with 0 as its number; `changes`: what is known differently by now;
    `follow_up`: of what the submitted version was missing, what is given now and what is not.
    """
    notice, clock = found.notice, found.subject.clock
    entries = {entry.id: entry for entry in version.entries}
    changes = changed_since(version, found_now(found, version, now)) if version.number else []
    return {
        "org": org,
        "incident": notice.incident,
        "obligation": notice.obligation,
        "recipient": clock.recipient,
        "stage": clock.stage,
        "clock_state": clock.state,
        "due": clock.due.isoformat() if clock.due else None,
        "shadow_due": clock.shadow_due.isoformat() if clock.shadow_due else None,
        "zone": clock.zone,
        "state": notice.state,
        "versions": notice.latest,
        "sections": dict(found.form.sections),
        "version": _VERSION.dump_python(version, mode="json"),
        "digest": version.digest if version.number else "",
        "missing": [asdict(missing) for missing in missing_entries(version, found.form, found.subject.incident)],
        "to_confirm": [{"id": entry.id, "title": entry.title} for entry in to_confirm(version)],
        "changes": [_change(*change) for change in changes],
        "follow_up": {
            "given": [id_ for id_ in version.promised if id_ in entries and entries[id_].text],
            "open": [id_ for id_ in version.promised if id_ in entries and entries[id_].is_missing],
        },
        "sign_offs": _SIGNED.dump_python(list(notice.sign_offs), mode="json"),
        "submissions": _SENT.dump_python(list(notice.submissions), mode="json"),
        "statement": STATEMENT,
    }


def found_now(found: FoundNotice, version: NoticeVersion, now: datetime) -> NoticeVersion:
    """As a version would be now, with what people wrote in this one."""
    return FoundNotice(found.form, found.subject, version, None).now(now)


def event_fields(version: NoticeVersion, state: str) -> Mapping[str, str | int]:
    """What an event says of a version; nothing of it is personal data."""
    return {
        "leakline.notice.obligation": version.obligation,
        "leakline.notice.version": version.number,
        "leakline.notice.state": state,
        "leakline.notice.missing": len(version.missing),
        "leakline.notice.digest": version.digest,
    }


def _change(then: NoticeEntry | None, now: NoticeEntry | None) -> dict[str, str]:
    entry = now or then
    return {
        "id": entry.id if entry else "",
        "title": entry.title if entry else "",
        "then": then.text if then else "",
        "now": now.text if now else "",
    }

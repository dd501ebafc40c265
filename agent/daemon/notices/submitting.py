"""A notice that was sent: its submission, and the end of its clock, by the same rules as a decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent.daemon.incidents.incident_edit import Editing, moment
from agent.daemon.incidents.settling_edit import require_recipient, settling_edit
from agent.daemon.notices.notice_desk import FoundNotice
from agent.notice.drafts.drafting import submitted
from agent.notice.drafts.notice import Notice, NoticeVersion, Submission
from agent.notice.incidents.changes import free_text
from agent.notice.incidents.changes.anchoring import CLOCKS_APART
from agent.notice.incidents.changes.refusal import NotAllowed, require_whole
from agent.notice.incidents.changes.settling import Statement
from agent.notice.incidents.incident import Incident
from agent.notice.regimes.model import RegimePack


@dataclass(frozen=True, slots=True)
class Sending:
    """What is to be recorded."""

    notice: Notice
    incident: Incident
    """As it is from now on."""
    said: str
    data: Mapping[str, Any]
    personal: Mapping[str, Any]


def submit(
    editing: Editing,
    incident: Incident,
    found: FoundNotice,
    version: NoticeVersion,
    *,
    receipt: str,
    at: str,
    zone: str,
    channel: str,
    reason: str,
    pack: RegimePack,
) -> Sending:
    """The clock ends by the first submission, and moves by a correction of it; a follow-up leaves it as it is. Raises NotAllowed."""
    require_whole(incident)
    require_recipient(editing, incident)
    when = moment("--at", at, zone, editing.desk) if at else editing.now
    if when > editing.now + CLOCKS_APART:
        raise NotAllowed(f"{when.isoformat()} is in the future", hint="record what was sent, once it was")
    known = incident.settlements.get(version.obligation)
    is_sent = known is not None and known.end == "sent"
    if is_sent and known is not None and not at and not found.notice.submissions:
        when = known.at  # decided before: the record of it stays the same
    submission = Submission(
        version.number,
        version.digest,
        when,
        editing.by,
        editing.now,
        free_text.name(receipt, "a receipt", option="--receipt"),
        free_text.name(channel, "the way over which it was sent", needed=False),
        free_text.text(reason, "a reason", needed=False),
    )
    notice, said = submitted(found.notice, submission), ""
    corrects = known is not None and (known.at != when or known.receipt != submission.receipt)
    # A follow-up changes nothing that was decided: also not that the first notice need not have been sent.
    if known is None or (version.kind == "new" and (not is_sent or corrects)):
        statement = Statement("sent", when, submission.receipt, submission.reason)
        incident = editing.put(incident, settling_edit(editing, incident, version.obligation, statement, pack))
        said = "; its clock ends by that"
    signers = [sign.by for sign in notice.signed(version.number)]
    said += "" if signers else "; this version has no sign-off"
    data = {
        "obligation": version.obligation,
        "version": version.number,
        "kind": version.kind,
        "completeness": version.completeness,
        "digest": version.digest,
        "at": when.isoformat(),
        "receipt": submission.receipt,
        "signed_by": signers,
    }
    return Sending(notice, incident, said, data, {"channel": submission.channel, "reason": submission.reason})

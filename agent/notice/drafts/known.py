"""What is known now of what a notice says: from the settings, the incident's anchors, facts and evidence, and its clocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.notice.arrangements.organisation import OrganisationSettings
from agent.notice.clock import Clock
from agent.notice.drafts.catalogue import NoticeField
from agent.notice.drafts.notice import EntrySource, Notice
from agent.notice.incidents.changes.fact_values import RESIDENTS
from agent.notice.incidents.incident import Incident
from agent.terminal import printable
from agent.wording.moment import utc
from agent.wording.number import number_text

MOST_RULES = 10
"""Names of rules that a notice mentions."""
MOST_TEXT = 5_000
"""Characters of a field."""


@dataclass(frozen=True, slots=True)
class KnownValue:
    text: str
    source: EntrySource
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class NoticeSubject:
    """What a notice is about."""

    incident: Incident
    clock: Clock
    """Of its obligation."""
    clocks: Sequence[Clock]
    """All clocks of the incident."""
    organisation: OrganisationSettings
    roles: Sequence[str]
    notice: Notice
    """As it is stored."""


def known_values(fields: Sequence[NoticeField], subject: NoticeSubject) -> Mapping[str, KnownValue]:
    """By the id of the field; only what is known."""
    found: dict[str, KnownValue] = {}
    for field in fields:
        value = _fact(field, subject) or _setting(field, subject) or _anchor(field, subject) or _other(field, subject)
        if value is not None and value.text:
            text = printable(value.text).strip()[:MOST_TEXT]
            found[field.id] = KnownValue(text, value.source, value.estimated)
    return found


def _fact(field: NoticeField, subject: NoticeSubject) -> KnownValue | None:
    fact = subject.incident.facts.get(field.fact) if field.fact else None
    return KnownValue(_text(fact.value), "fact", fact.estimated) if fact is not None else None


def _setting(field: NoticeField, subject: NoticeSubject) -> KnownValue | None:
    if not field.setting:
        return None
    return KnownValue(str(getattr(subject.organisation, field.setting) or ""), "setting")


def _anchor(field: NoticeField, subject: NoticeSubject) -> KnownValue | None:
    if not field.anchor:
        return None
    anchor, incident = subject.incident.anchors.get(field.anchor), subject.incident
    if anchor is not None:
        return KnownValue(utc(anchor.time), "anchor", anchor.presumed)
    guessed: Mapping[str, datetime] = {"first_event": incident.first_event, "last_event": incident.last_event}
    return KnownValue(utc(guessed[field.else_]), "incident", estimated=True) if field.else_ else None


def _other(field: NoticeField, subject: NoticeSubject) -> KnownValue | None:
    incident, clock = subject.incident, subject.clock
    match field.incident or field.clock:
        case "id":
            return KnownValue(incident.id, "incident")
        case "org":
            return KnownValue(f"Salesforce org {incident.org}" if incident.org else "", "incident", estimated=True)
        case "detected_at":
            return KnownValue(utc(incident.detected_at), "incident")
        case "roles":
            return KnownValue(", ".join(subject.roles), "setting")
        case "rules":
            names = [count.name for _, count in sorted(incident.rules.items())][:MOST_RULES]
            text = f"alerts of detection rules: {'; '.join(names)}" if names else ""
            return KnownValue(text, "incident", estimated=True)
        case "residents":
            return KnownValue(_residents(incident), "fact")
        case "due":
            return KnownValue(utc(clock.due) if clock.due is not None else "", "clock", clock.presumed)
        case "receipts":
            return KnownValue("; ".join(sent.receipt for sent in subject.notice.submissions), "clock")
        case "others":
            return KnownValue(_others(subject), "clock")
    return None


def _residents(incident: Incident) -> str:
    found = sorted((name, fact.value) for name, fact in incident.facts.items() if RESIDENTS.fullmatch(name))
    return "; ".join(f"{name.partition('_')[2].replace('_', '-').upper()}: {_text(value)}" for name, value in found)


def _others(subject: NoticeSubject) -> str:
    sent = subject.incident.settlements
    found = [
        f"{id_} sent at {utc(settlement.at)}"
        for id_, settlement in sorted(sent.items())
        if settlement.end == "sent" and id_ != subject.clock.id
    ]
    due = sorted(clock.id for clock in subject.clocks if not clock.has_ended and clock.id not in sent)
    found += [f"{id_} not sent yet" for id_ in due if id_ != subject.clock.id]
    return "; ".join(found)


def _text(value: float | bool | str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else number_text(value)

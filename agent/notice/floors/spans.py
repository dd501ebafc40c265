"""Spans of time that may not be longer than the shortest term of the laws that bind.

What equals its default was perhaps not written by anybody: it is lowered to the floor, and nobody is refused for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from agent.duration import written
from agent.notice.arrangements.policies import EVERYONE, PolicySettings, StepSettings
from agent.notice.floors.breach import FloorBreach
from agent.notice.floors.terms import Term, shortest, strict_terms, terms_from_awareness
from agent.notice.regimes.model import RegimePack
from agent.notice.settings import NoticeSettings

AWARENESS = "presume_aware_after"
HOLDS = ("longest_snooze", "longest_maintenance")
LEASE = "acknowledgement"


@dataclass(frozen=True, slots=True)
class SpanFloors:
    """The terms that spans of these settings are compared with; None where no law binds."""

    awareness: Term | None
    """The shortest that counts from awareness."""
    any_term: Term | None
    """The shortest that has a strict date at all."""

    @classmethod
    def of(cls, settings: NoticeSettings, pack: RegimePack) -> SpanFloors:
        return cls(shortest(terms_from_awareness(pack, settings)), shortest(strict_terms(pack, settings)))


def spans_below(settings: NoticeSettings, floors: SpanFloors) -> Iterator[FloorBreach]:
    """What is later than a law."""
    for name in (AWARENESS, *HOLDS):
        default = NoticeSettings.model_fields[name].default
        term = floors.awareness if name == AWARENESS else floors.any_term
        yield from _longer(f"notice.{name}", getattr(settings, name), default, term)
    lease = PolicySettings.model_fields[LEASE].default
    for number, policy in enumerate(settings.policies):
        key = f"notice.policies[{number}]"
        yield from _longer(f"{key}.{LEASE}", policy.acknowledgement, lease, floors.any_term)
        yield from _too_late(f"{key}.steps[0].after", policy.steps[0].after, floors.any_term)


def lowered(settings: NoticeSettings, floors: SpanFloors) -> NoticeSettings:
    """The same settings, each span at its floor where it would be longer."""
    least = _least(floors.any_term)
    changes: dict[str, object] = {name: min(getattr(settings, name), least) for name in HOLDS}
    changes[AWARENESS] = presumed_after(settings, floors)
    if any(policy.acknowledgement > least for policy in settings.policies_in_force):
        changes["policies"] = [_leased(policy, least, settings) for policy in settings.policies_in_force]
    return settings.model_copy(update=changes)


def presumed_after(settings: NoticeSettings, floors: SpanFloors) -> timedelta:
    """How long after the detection awareness is presumed.

    What counts from awareness has a strict date, as if somebody had been aware at the detection. A presumption later than the first
    of these dates would begin a law's own period only when its strict one was over.
    """
    return min(settings.presume_aware_after, _least(floors.awareness))


def _leased(policy: PolicySettings, least: timedelta, settings: NoticeSettings) -> PolicySettings:
    """With an acknowledgement that holds no longer. A policy that nobody wrote tells everyone where nobody can be on call, which is
    what its steps come to: so the settings are such as could be written.
    """
    leased = policy.model_copy(update={LEASE: min(policy.acknowledgement, least)})
    if policy in settings.policies or settings.on_call.rotations or settings.on_call.calendar is not None:
        return leased
    return leased.model_copy(update={"steps": [StepSettings(notify=[EVERYONE])]})


def _least(term: Term | None) -> timedelta:
    return term.span if term is not None else timedelta.max


def _longer(key: str, span: timedelta, default: timedelta, term: Term | None) -> Iterator[FloorBreach]:
    if term is None or span <= term.span or span == default:
        return
    most = written(term.span)
    message = f"{written(span)} is not within {most}, the term of {term.id} ({term.article})"
    yield _breach(key, span, most, message, f"write {most} or less", term)


def _too_late(key: str, after: timedelta, term: Term | None) -> Iterator[FloorBreach]:
    if term is None or after < term.span:
        return
    most = written(term.span)
    message = f"{written(after)} is not before {most}, the term of {term.id} ({term.article}): no person would be told in time"
    yield _breach(key, after, f"less than {most}", message, f"write less than {most}, such as 0m", term)


def _breach(key: str, span: timedelta, floor: str, message: str, fix: str, term: Term) -> FloorBreach:
    return FloorBreach(key, written(span), floor, message, fix, term.regime.id, term.duty.id, term.article)

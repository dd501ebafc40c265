"""The settings `notice`: which duties bind, when their clocks begin, and how long they can be put off."""

from __future__ import annotations

from collections.abc import Sequence

from agent.changes.classes.change_class import ChangeClass
from agent.changes.classes.containers import Group, Members, NamedList
from agent.changes.classes.directions import (
    Direction,
    ValueChange,
    addition_strengthens,
    any_weakens,
    fewer_weakens,
    larger_weakens,
    only_to,
    removal_weakens,
    smaller_weakens,
)
from agent.changes.classes.line import Line
from agent.changes.classes.magnitude import level, number, span
from agent.changes.classes.tables.connections import LEADS, proxy, tls

EARLIEST = "detected"
"""The anchor before which Leakline cannot know of a leak, and the one that needs no person."""


def short_clocks(change: ValueChange) -> ChangeClass:
    """More short clocks strengthen where the alarms of short clocks are at least those of all others."""
    alarms = change.beside_after
    short, long = alarms.get("short"), alarms.get("at")
    if not isinstance(short, list) or not isinstance(long, list) or any(part not in short for part in long):
        return "weaken"
    return smaller_weakens(span)(change)


def _texts(prefix: str, keys: Sequence[str], judge: Direction, reason: str) -> list[Line]:
    return [Line(f"{prefix}.{key}", judge, reason) for key in keys]


LINES: Sequence[Line] = (
    Line("notice", Group(removed="forbidden"), "Without it incidents have no clocks and no person is notified."),
    Line("notice.zone", any_weakens, "Where days end can move a date by a day."),
    Line("notice.jurisdictions", Members(), "Each one makes its laws bind."),
    Line("notice.roles", Members(), "Each one makes the duties of that role bind."),
    Line("notice.sectors", Members(), "Each one makes the rules of that sector bind."),
    Line("notice.contracts", NamedList(), "Each contract is a duty to notify."),
    Line("notice.contracts[].name", any_weakens, "By its name a contract is found in incidents that are open."),
    Line("notice.contracts[].anchor", only_to(EARLIEST), "Only the detection needs no person and cannot come later."),
    Line("notice.contracts[].hours", larger_weakens(number), "The more hours, the later the notice."),
    Line("notice.contracts[].recipient", any_weakens, "Another recipient is notified in place of the agreed one."),
    Line("notice.clocks_from", larger_weakens(level), "The clocks of incidents below this level wait for a person."),
    Line("notice.presume_aware_after", larger_weakens(span), "The longer it is, the later undecided clocks begin."),
    Line(
        "notice.group_within",
        any_weakens,
        "A longer time hides alerts in known incidents; a shorter one begins later clocks.",
    ),
    Line(
        "notice.close_candidates_after",
        smaller_weakens(span),
        "The shorter it is, the sooner undecided candidates close.",
    ),
    Line("notice.longest_snooze", larger_weakens(span), "The longer it is, the longer an incident can be put aside."),
    Line(
        "notice.pack", removal_weakens, "Only a newer signed pack is accepted, and what it changes is compared apart."
    ),
    Line("notice.alarms", Group(), "Alarms notify people before a deadline."),
    Line("notice.alarms.at", fewer_weakens, "Each part of the time is one alarm."),
    Line("notice.alarms.short", fewer_weakens, "Each part of the time is one alarm."),
    Line("notice.alarms.short_up_to", short_clocks, "It decides which of the two lists of alarms a clock has."),
    Line("notice.heartbeat", Group(), "A monitor outside notices by it that Leakline has stopped."),
    Line("notice.heartbeat.url", any_weakens, LEADS),
    Line("notice.heartbeat.every", larger_weakens(span), "The rarer it is, the later a stop is noticed."),
    Line("notice.heartbeat.method", any_weakens, "The monitor could refuse another method."),
    *tls("notice.heartbeat.tls"),
    *proxy("notice.heartbeat.proxy"),
    Line("notice.canary", Group(), "Canaries show that messages would arrive."),
    Line("notice.canary.every", larger_weakens(span), "The rarer they are, the later a dead channel is noticed."),
    Line("notice.canary.channels", Members(), "A channel without canaries can be dead without a sign."),
    Line(
        "notice.links_expire_after", larger_weakens(span), "The longer it is, the longer a stolen link can acknowledge."
    ),
    Line("notice.longest_maintenance", larger_weakens(span), "The longer it is, the longer messages can be held back."),
    Line("notice.organisation", Group(), "Notices say by it who gives them."),
    *_texts(
        "notice.organisation",
        ("name", "address", "registration", "contact", "contact_email", "contact_phone", "dpo", "dpo_email"),
        removal_weakens,
        "A person reads it in the draft; without it the draft is not complete.",
    ),
    Line("notice.organisation.authority", addition_strengthens, "It names the authority that is notified."),
)

"""The settings `notice`: who is notified, in what order, and who is on call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agent.changes.classes.change_class import ChangeClass, Difference
from agent.changes.classes.containers import Entries, Group, Members, NamedList
from agent.changes.classes.directions import (
    ValueChange,
    any_weakens,
    larger_weakens,
    removal_weakens,
    smaller_weakens,
)
from agent.changes.classes.line import Compare, Line, Place
from agent.changes.classes.magnitude import number, span
from agent.changes.classes.policies import Policies, Steps


def new_rotation(
    rotation: Mapping[str, Any],  # noqa: ARG001 - an Addition
    before: Sequence[Mapping[str, Any]],
    after: Sequence[Mapping[str, Any]],  # noqa: ARG001
) -> ChangeClass:
    """Where no rotation is always on call, a step that finds no person on call goes to the next tier at once, in the end to
    everyone. A new rotation would put its one person in the place of all of them.
    """
    always = any(not other.get("hours") and other.get("holidays") is None for other in before)
    return "strengthen" if always else "weaken"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a person gets messages, by the name of a channel.

    An address for a channel that the person had already takes the place of the channel's own; with a new channel it comes along.
    """

    def differences(self, place: Place, change: ValueChange, reason: str, compare: Compare) -> Iterator[Difference]:
        known = change.beside_before.get("channels") or ()
        for below in Entries().differences(place, change, reason, compare):
            is_new = below.before is None and below.path not in {place.key(name).path for name in known}
            yield replace(below, change_class="strengthen") if is_new else below


def handover(change: ValueChange) -> ChangeClass:
    """Hours of a rotation are by the zone of its handover."""
    parts = change.beside_before.get("hours") or change.beside_before.get("holidays")
    return "weaken" if parts else removal_weakens(change)


LINES: Sequence[Line] = (
    Line("notice.policies", Policies(), "Each policy notifies people of incidents."),
    Line("notice.policies[].name", any_weakens, "By its name a policy is found."),
    Line("notice.policies[].levels", Members(), "A policy notifies of incidents of these levels."),
    Line("notice.policies[].orgs", Members(empty_is_all="strengthen"), "A policy notifies of incidents of these orgs."),
    Line("notice.policies[].steps", Steps(), "Each step notifies people."),
    Line("notice.policies[].steps[].notify", Members(), "A step notifies all whom it names."),
    Line(
        "notice.policies[].steps[].after", larger_weakens(span), "The longer it is, the later the step's people know."
    ),
    Line("notice.policies[].repeat", smaller_weakens(number), "Each round notifies again who did not react."),
    Line("notice.policies[].repeat_after", larger_weakens(span), "The longer it is, the later the next round begins."),
    Line(
        "notice.policies[].acknowledgement",
        larger_weakens(span),
        "The longer it is, the longer an idle promise silences.",
    ),
    Line("notice.people", NamedList(emptied="forbidden"), "Only people in the list can be notified."),
    Line("notice.people[].name", any_weakens, "By this name steps and rotations find the person."),
    Line("notice.people[].channels", Members(), "Each one is another way to reach the person."),
    Line("notice.people[].addresses", Addresses(), "Messages go to this address."),
    Line("notice.people[].addresses.*", any_weakens, "Messages could lead to another place than the person's."),
    Line("notice.people[].roles", Members(), "Steps that name the role notify the person."),
    Line("notice.on_call", Group(), "It says who is notified first."),
    Line(
        "notice.on_call.rotations", NamedList(added=new_rotation), "While no person is on call, everyone is notified."
    ),
    Line("notice.on_call.rotations[].name", any_weakens, "By its name a step finds the rotation."),
    Line(
        "notice.on_call.rotations[].people", Members(added="neutral"), "A person who is left out is no longer on call."
    ),
    Line("notice.on_call.rotations[].every", removal_weakens, "Turns of another length have the same people."),
    Line("notice.on_call.rotations[].handover", handover, "The hours of a rotation are by the zone of its handover."),
    Line(
        "notice.on_call.rotations[].begins", removal_weakens, "Another first day shifts the turns of the same people."
    ),
    Line(
        "notice.on_call.rotations[].hours",
        Members(added="weaken", empty_is_all="neutral"),
        "Outside these hours the rotation has no person on call.",
    ),
    Line(
        "notice.on_call.rotations[].holidays",
        lambda change: "neutral" if change.after is None else "weaken",
        "On these days the rotation has no person on call.",
    ),
    Line("notice.on_call.calendar", any_weakens, "Another file names other people, and what it holds is not compared."),
)

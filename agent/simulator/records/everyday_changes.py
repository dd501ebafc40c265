"""What administrators change in Setup on a day, as far as it comes from nothing else here (`everyday.yaml`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from agent.simulator.records.permission_sets import PERMISSION_SETS
from agent.simulator.world.random_columns import roll, roll_between
from agent.simulator.world.sessions import HOUR, day_of, midnight
from agent.simulator.world.staff import Staff
from agent.simulator.world.stage import SetupChange
from agent.simulator.world.users import User

_WEEKEND = 0.08
"""The share of a working day's changes that a Saturday or Sunday has."""
_VISITS = 5
"""How often somebody opens Setup on a day: several changes fall into each time, some into one second."""
_DEPLOYED_ON = 3
"""Thursdays."""
_DEPLOYED = 14
"""Rows of a change set, all in one second: so many were seen in one of 95 captured records."""
_HOSTILE = 'Ref|ID=\\1 "x" cs1=forged\r\n<134>1 - - - second line'
"""A name of a field that breaks careless readers: separators of CEF, a quote, a line end with a syslog header."""
_AWKWARD = 64
"""One change in so many has it."""
_DELEGATED = 0.02
"""The share of changes that an administrator makes as somebody else."""


@dataclass(frozen=True, slots=True)
class ChangeTemplate:
    """`rate`: times on a working day."""

    action: str
    rate: float
    section: str
    display: str
    german: str = ""


def everyday_changes(seed: int, staff: Staff, day: date, *, awkward: bool = False) -> Iterator[SetupChange]:
    """The rows of the day, in no order; times in whole seconds. `awkward`: some name a field with a hostile text."""
    admins, share = staff.of("admin"), 1.0 if day.weekday() < 5 else _WEEKEND
    visits = [
        midnight(day) + int(roll_between(7, 18, seed, "setup visit", day, number) * HOUR) // 1000 * 1000
        for number in range(_VISITS)
    ]
    for template in _templates():
        count = int(template.rate * share + roll_between(0, 1, seed, "setup", template.action, day))
        for number in range(count):
            draw = roll(seed, "setup", template.action, day, number)
            visit = draw % _VISITS
            admin = admins[(day.toordinal() + visit) % len(admins)]
            # Changes of a visit come in clusters 20 s apart, those of a cluster within one second.
            time = visits[visit] + draw // 64 % 6 * 20_000
            yield _change(seed, staff, template, time, admin, draw, awkward and draw // 128 % _AWKWARD == 0)
    if day.weekday() == _DEPLOYED_ON:
        yield from _deployment(seed, staff, day, admins[day.toordinal() // 7 % len(admins)])


def _deployment(seed: int, staff: Staff, day: date, admin: User) -> Iterator[SetupChange]:
    """A change set: all of its rows have one second."""
    time = midnight(day) + 17 * HOUR + roll(seed, "deployment", day) % 3600 * 1000
    parts = _deployed()
    for number in range(_DEPLOYED):
        draw = roll(seed, "deployed", day, number)
        yield _change(seed, staff, parts[0] if number == 0 else parts[1 + draw % (len(parts) - 1)], time, admin, draw)


def _change(
    seed: int, staff: Staff, template: ChangeTemplate, time: int, admin: User, draw: int, hostile: bool = False
) -> SetupChange:
    people = staff.of("person")
    person = people[draw // 7 % len(people)]
    german = template.german and admin.country == "DE"
    words = _words(staff, person, admin, draw, time)
    words = {**words, "field": _HOSTILE} if hostile else words
    display = (template.german if german else template.display).format_map(words)
    section = template.section.format_map(words)
    if template.action.startswith("BlackTab"):  # Salesforce's own: nobody of the org made it
        return SetupChange(time, None, template.action, section, display)
    if template.action.startswith("einstein"):
        return SetupChange(time, admin, template.action, section, display, context="Einstein")
    if roll_between(0, 1, seed, "delegated", draw, time) < _DELEGATED:
        return SetupChange(time, person, template.action, section, display, delegate=admin.username)
    return SetupChange(time, admin, template.action, section, display)


def _words(staff: Staff, person: User, admin: User, draw: int, time: int) -> Mapping[str, str]:
    """What stands for the names in braces."""
    pools = {name: values[draw // 11 % len(values)] for name, values in _document()["words"].items()}
    profiles, apps = list(staff.profiles), list(staff.applications)
    return {
        **pools, "u": person.name, "un": person.username, "uid": person.id, "by": admin.name, "n": str(draw % 400 + 1),
        "p": profiles[draw // 13 % 6], "p2": profiles[(draw // 13 + 1) % 6], "a": apps[draw // 17 % len(apps)],
        "ps": PERMISSION_SETS[draw // 19 % len(PERMISSION_SETS)], "date": str(day_of(time) + timedelta(days=draw % 30)),
    }  # fmt: skip


@cache
def _document() -> Mapping[str, Any]:
    document: dict[str, Any] = yaml.load(
        Path(__file__).with_name("everyday.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader
    )
    return document


@cache
def _templates() -> tuple[ChangeTemplate, ...]:
    return tuple(
        ChangeTemplate(action, rate / 100, *texts) for action, (rate, *texts) in _document()["changes"].items()
    )


@cache
def _deployed() -> tuple[ChangeTemplate, ...]:
    """What says that there was a deployment, and then what it may bring."""
    return tuple(ChangeTemplate(action, 0.0, *texts) for action, texts in _document()["deployed"].items())

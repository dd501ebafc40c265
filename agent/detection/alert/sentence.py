"""The sentence of an alert (`message`): what happened, who did it, from where, with what and how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agent.detection.sigma.rule import Rule
from agent.wording.number import counted, number_text
from agent.wording.phrase import field_text, listed, shortened

SAID = ("user.full_name", "user.name", "user.email", "user.id", "leakline.alert.actor", "source.geo.country_iso_code",
        "source.as.organization.name", "source.ip", "source.address", "user_agent.name", "user_agent.original",
        "leakline.measure.value", "leakline.measure.field", "leakline.alert.count", "leakline.alert.folded")  # fmt: skip
"""Columns that the sentence of an alert is made of."""

LONGEST, LONGEST_VALUE, LONGEST_TOOL = 1000, 80, 60
"""Characters of the sentence, of a value that it groups by, and of a program: whoever makes values up makes no long line."""

_COUNTS = ("event_count", "count")
"""What correlations and baselines call a number of events that they measured: then it is in the sentence already."""

_USER = ("user.full_name", "user.name", "user.email", "user.id")


def sentence(rule: Rule, row: Mapping[str, object]) -> str:
    """Of matches of a rule. `row`: an alert, by dotted names (`SAID`)."""
    who, where = _first(row, *_USER, "leakline.alert.actor"), _first(row, "source.ip", "source.address")
    tool = _first(row, "user_agent.name", "user_agent.original")
    much = row.get("leakline.measure.value")
    count, folded = row["leakline.alert.count"], row["leakline.alert.folded"]
    since = "since the alert before" if count else "since the alert"
    return _said(
        rule,
        f"by {who}" if who and who != where else "",
        f"from {where}{_place(row)}" if where else "",
        f"with {tool[:LONGEST_TOOL]}" if tool else "",
        f"{field_text(str(row['leakline.measure.field']))} {number_text(much)}" if isinstance(much, float) else "",
        _events(count),
        f"{counted(folded, 'more event')} {since}" if isinstance(folded, int) and folded else "",
    )


def happened(rule: Rule, row: Mapping[str, object], what: str, group: Sequence[tuple[str, str]]) -> str:
    """Of many events together. `row`: an alert, by dotted names; `what`: what they come to, in words; `group`: the fields
    that they are grouped by, with their values.
    """
    who, where = _first(row, *_USER), _first(row, "source.ip", "source.address")
    about = [
        f"{field_text(name)} {shortened(value, LONGEST_VALUE)}"
        for name, value in group
        if value not in (who, where) and not (who and field_text(name) == "user")
    ]
    count = row["leakline.alert.count"]
    told = row.get("leakline.measure.field") in _COUNTS and row.get("leakline.measure.value") == count
    return _said(
        rule,
        what,
        f"for {listed(about, 'and')}" if about else "",
        f"by {who}" if who and who != where else "",
        f"from {where}{_place(row)}" if where else "",
        "" if told else _events(count),
    )


def _said(rule: Rule, *parts: str) -> str:
    said = ", ".join(filter(None, parts))
    return shortened(f"{rule.title}: {said}" if said else rule.title, LONGEST)


def _events(count: object) -> str:
    return counted(count, "event") if isinstance(count, int) and count > 1 else ""


def _place(row: Mapping[str, object]) -> str:
    known = [_first(row, name) for name in ("source.geo.country_iso_code", "source.as.organization.name")]
    place = ", ".join(filter(None, known))
    return f" ({place})" if place else ""


def _first(row: Mapping[str, object], *names: str) -> str:
    return next((str(row[name]) for name in names if row.get(name) is not None), "")

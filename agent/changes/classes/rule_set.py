"""What another set of rules does: which rules are missing, milder or other than before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from agent.changes.classes.change_class import Difference
from agent.changes.classes.directions import Direction, ValueChange, any_weakens, smaller_weakens
from agent.changes.classes.line import Place
from agent.changes.classes.magnitude import level, maturity


@dataclass(frozen=True, slots=True)
class RuleMark:
    """What is kept of a rule to see later whether it is the same."""

    name: str
    level: str
    """Sigma's: informational to critical."""
    status: str
    """Sigma's: stable to unsupported."""
    sha256: str
    """Of its whole text."""
    detection_sha256: str
    """Of all that decides what it matches, in whatever form: log source, detection, correlation, and the filters of other files
    that apply to it. A filter that is not in it can silence the rule unseen."""


MISSING = "A rule that is missing raises no alert."
TEXTS = "Only its texts differ, such as its description: it matches the same events."

KEYS: Mapping[str, tuple[Direction, str]] = {
    "name": (any_weakens, "By its name settings turn a rule off or adjust it."),
    "level": (smaller_weakens(level), "Alerts of a lower level notify fewer people."),
    "status": (smaller_weakens(maturity), "Rules of some statuses do not run."),
    "detection_sha256": (any_weakens, "The rule matches other events, and which is not compared."),
}


def rule_differences(before: Mapping[str, RuleMark], after: Mapping[str, RuleMark]) -> list[Difference]:
    """By the ids of rules: a missing, milder, less mature or other rule weakens, a new or graver one strengthens, and texts alone
    are neutral. Paths are such as `rule_set[ID].level`.
    """
    root, found = Place("rule_set", ""), list[Difference]()
    for rule_id in dict.fromkeys([*before, *after]):
        place, old, new = root.entry(rule_id), before.get(rule_id), after.get(rule_id)
        if old is None or new is None:
            change = ValueChange(old and asdict(old), new and asdict(new))
            found.append(place.difference(change, "strengthen" if old is None else "weaken", MISSING))
        elif old != new:
            found += _of_rule(place, asdict(old), asdict(new))
    return found


def _of_rule(place: Place, old: Mapping[str, str], new: Mapping[str, str]) -> list[Difference]:
    """Of a rule that is in both sets. The digest of its whole text says something only where no other key does."""
    found = []
    for key, (direction, why) in KEYS.items():
        if old[key] != new[key]:
            change = ValueChange(old[key], new[key], old, new)
            found.append(place.key(key).difference(change, direction(change), why))
    return found or [place.key("sha256").difference(ValueChange(old["sha256"], new["sha256"]), "neutral", TEXTS)]

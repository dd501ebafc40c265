"""The folded alerts of all rules, each org's by themselves: one org's alerts close none of another's.

Kept under `folding/ORG/RULE`; `folding/ORG` lists an org's rules, `folding/orgs` the orgs. Where the state still has
the open alerts of all orgs together, under `fold/RULE`, each is given to the org that it says it is about.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import timedelta

import orjson

from agent.detection.alert.fold import AlertFold, OpenAlert
from agent.detection.memory.undo import Undo, replace_values

ORGS = "folding/orgs"
BEFORE = "fold/"

Key = tuple[str, str]
"""Org id (empty: Leakline itself) and rule id."""


class FoldMemory:
    """What counts of the open alerts. A batch works on copies (`FoldChanges`), which count from `advance` on."""

    def __init__(self, span: timedelta, rules: Collection[str], recall: Callable[[str], bytes | None]) -> None:
        """`span`: the time in which repeats become one alert; `rules`: their ids."""
        self.span = span
        self._listed: dict[str, list[str]] = {
            org: orjson.loads(recall(_list_of(org)) or b"[]") for org in orjson.loads(recall(ORGS) or b"[]")
        }
        """By org, every rule that has alerts stored, also rules that do not run now."""
        self._foldings: dict[Key, AlertFold] = {
            (org, rule): AlertFold.decode(span, recall(_key_of(org, rule)))
            for org, listed in self._listed.items()
            for rule in listed
            if rule in rules
        }
        self._adopted: dict[str, bytes | None] = {}
        for rule in rules:
            self._adopt(rule, recall(BEFORE + rule))

    def changes(self) -> FoldChanges:
        """To be filled by one batch."""
        return FoldChanges(self)

    def of(self, org: str) -> Iterator[tuple[str, AlertFold]]:
        """Rule id and open alerts of one org."""
        yield from ((rule, folding) for (owner, rule), folding in self._foldings.items() if owner == org)

    def get(self, key: Key) -> AlertFold:
        return self._foldings.get(key) or AlertFold(self.span)

    @property
    def orgs(self) -> list[str]:
        return list(self._listed)

    def remembered(self, changed: Mapping[Key, AlertFold]) -> dict[str, bytes | None]:
        """What must be stored for these to count after a restart."""
        stored = {**self._adopted, **{_key_of(*key): folding.encode() for key, folding in changed.items()}}
        listed = self._with(changed)
        if listed != self._listed:
            stored |= {_list_of(org): orjson.dumps(rules) for org, rules in listed.items()}
            stored[ORGS] = orjson.dumps(list(listed))
        return stored

    def advance(self, changed: Mapping[Key, AlertFold]) -> Undo:
        """These count from now on; returns what takes that back."""
        listed, adopted = self._listed, self._adopted
        replaced = replace_values(self._foldings, changed)
        self._listed, self._adopted = self._with(changed), {}

        def take_back() -> None:
            replaced()
            self._listed, self._adopted = listed, adopted

        return take_back

    def _with(self, changed: Collection[Key]) -> dict[str, list[str]]:
        """The rules by org, with those that are new."""
        unlisted = [key for key in changed if key[1] not in self._listed.get(key[0], ())]
        if not unlisted:
            return self._listed
        listed = {org: list(rules) for org, rules in self._listed.items()}
        for org, rule in unlisted:
            listed.setdefault(org, []).append(rule)
        return listed

    def _adopt(self, rule: str, before: bytes | None) -> None:
        """Take over what an older version stored of all orgs together; the next commit deletes it there."""
        if before is None:
            return
        by_org: dict[str, dict[str, list[OpenAlert]]] = {}
        for actor, alerts in AlertFold.decode(self.span, before).alerts.items():
            for alert in alerts:
                org = alert.about.get("organization.id", "")
                by_org.setdefault(org, {}).setdefault(actor, []).append(alert)
        changed = {(org, rule): AlertFold(self.span, alerts) for org, alerts in by_org.items()}
        self._adopted |= {**self.remembered(changed), BEFORE + rule: None}
        self._listed = self._with(changed)
        self._foldings.update(changed)


class FoldChanges:
    """Copies of the open alerts that one batch looks at."""

    def __init__(self, memory: FoldMemory) -> None:
        self._memory = memory
        self.changed: dict[Key, AlertFold] = {}

    def folding(self, org: str, rule: str) -> AlertFold:
        """The rule's open alerts of this org, to be changed."""
        key = org, rule
        if key not in self.changed:
            self.changed[key] = AlertFold(self._memory.span, self._memory.get(key).alerts)
        return self.changed[key]


def _key_of(org: str, rule: str) -> str:
    return f"folding/{org}/{rule}"


def _list_of(org: str) -> str:
    return f"folding/{org}"

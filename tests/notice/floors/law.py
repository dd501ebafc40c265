"""What the law asks of whom some settings describe: read apart from the code that binds regimes and counts periods.

Whom a regime is for stands in the pack; how long it gives stands in `terms.yaml`. Names are read as a person would, whatever the case
and however they are written: who writes EU means eu.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import yaml

from agent.notice.regimes.model import Obligation, Regime, RegimePack
from agent.notice.regimes.pack import SHIPPED
from tests.notice.clocks.naive import end

TERMS = Path(__file__).with_name("terms.yaml")
LIKE_LATIN = str.maketrans("еаорсхս", "eaopcxu")


def read_law() -> RegimePack:
    """The text of the pack with the terms of the file beside this one."""
    document = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    terms = yaml.safe_load(TERMS.read_text(encoding="utf-8"))
    document["regimes"] = [regime for regime in document["regimes"] if not regime.get("template")]
    for regime in document["regimes"]:
        for duty in regime["obligations"]:
            duty["deadline"] = terms.pop(f"{regime['id']}/{duty['id']}")
    assert not terms, f"the pack has lost obligations: {sorted(terms)}"
    return RegimePack.model_validate(document)


LAW = read_law()


@dataclass(frozen=True)
class Demand:
    """Somebody must be told."""

    regime: Regime
    duty: Obligation

    @property
    def id(self) -> str:
        return f"{self.regime.id}/{self.duty.id}"

    @property
    def is_chained(self) -> bool:
        return self.duty.anchor.startswith("prior_stage:")

    @property
    def anchors(self) -> list[str]:
        several = getattr(self.duty.deadline, "of", ())
        return [part.anchor for part in several] or [self.duty.anchor]

    @property
    def is_strict(self) -> bool:
        """Whether the detection stands for what it counts from."""
        return not self.is_chained and not set(LAW.no_shadow).issuperset(self.anchors)

    def end(self, **anchors: datetime) -> datetime | None:
        return end(self.duty, self.regime, anchors)

    def span(self, anchor: str) -> timedelta:
        """How long it gives from an anchor, at the least; for spans in the settings."""
        deadline = self.duty.deadline
        for part in getattr(deadline, "of", ()):
            if part.anchor == anchor:
                return timedelta(hours=part.value)
        hours = getattr(deadline, "policy_target_hours", None) or (deadline.value if deadline.mode == "hours" else None)
        if hours is not None:
            return timedelta(hours=hours)
        return timedelta(days=deadline.value * (28 if deadline.mode == "months" else 1))  # type: ignore[union-attr]


def meant(name: str) -> str:
    """As a person reads it."""
    visible = "".join(letter for letter in unicodedata.normalize("NFKC", name) if unicodedata.category(letter) != "Cf")
    return visible.casefold().translate(LIKE_LATIN).strip()


def demands(jurisdictions: Sequence[str], roles: Sequence[str], sectors: Sequence[str], day: date) -> list[Demand]:
    """All that binds on a day."""
    reading = _Reading(
        [meant(name) for name in jurisdictions], {meant(name) for name in roles}, {meant(name) for name in sectors}, day
    )
    return list(dict.fromkeys(reading.all()).keys())


@dataclass(frozen=True)
class _Reading:
    where: Sequence[str]
    roles: set[str]
    sectors: set[str]
    day: date

    def all(self) -> Iterator[Demand]:
        found = [demand for regime in self.there(self.where) for demand in self.of(regime, self.roles, self.sectors)]
        named = {role for demand in found for role in demand.regime.all_roles}
        yield from found
        # A place whose general law would bind nobody: whoever is there is what the roles stand for, or one of the two.
        for name in self.where:
            general = [regime for regime in self.there([name]) if name in regime.jurisdictions and not regime.sectors]
            if general and not any(demand.regime in general for demand in found):
                stand_for = {role for role, words in LAW.role_aliases.items() if self.roles & {role, *words}}
                for regime in general:
                    yield from self.of(regime, stand_for or {"controller"}, self.sectors)
        # A role that only some sector has says that one is in it.
        for role in self.roles - named - set(LAW.role_aliases):
            for regime in self.there(self.where):
                if regime.sectors and role in regime.all_roles:
                    yield from self.of(regime, {role}, set(regime.sectors))

    def there(self, names: Sequence[str]) -> list[Regime]:
        places = {name[: len(part)] for name in names for part in _parts(name)} | {"contract"}
        return [
            regime
            for regime in LAW.regimes
            if places & set(regime.jurisdictions)
            and regime.status not in ("proposed", "pending")
            and (regime.effective_from is None or regime.effective_from <= self.day)
        ]

    def of(self, regime: Regime, roles: set[str], sectors: set[str]) -> Iterator[Demand]:
        if regime.sectors and not sectors & set(regime.sectors):
            return
        words = roles | {word for role in roles for word in LAW.role_aliases.get(role, ())}
        aliases = {word for known in LAW.role_aliases.values() for word in known}
        helpers = {duty.role for duty in regime.obligations if duty.role in aliases}
        own = bool(roles - helpers) if regime.sectors else bool(words & set(regime.roles))
        for duty in regime.obligations:
            if own if duty.role is None else duty.role in words:
                yield Demand(regime, duty)


def _parts(name: str) -> Iterator[str]:
    """`us-ca`: us, us-ca."""
    for number, letter in enumerate(name):
        if letter == "-":
            yield name[:number]
    yield name

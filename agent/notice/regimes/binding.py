"""Which regimes of a pack bind whom the settings describe, and which contracts of the settings do.

What more is said never unbinds: another jurisdiction, role or sector only adds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from agent.notice.regimes.model import Hours, Obligation, Regime, RegimePack
from agent.notice.regimes.scope import Contract, Scope

CONTRACT = "contract"
"""The jurisdiction of what was signed rather than enacted: everybody's."""

EARLIEST = "detected"
"""From what a contract counts whose own anchor is not one of the pack's: nobody can know of a leak
earlier."""

Roles = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Binding:
    """A regime, and whether it binds."""

    regime: Regime
    roles: Roles
    """In which roles it binds: None for its own duties, else those that are a single role's. Empty: it does not bind."""
    why: str
    """Why it does, or does not, in a few words."""

    @property
    def binds(self) -> bool:
        return bool(self.roles)

    @property
    def duties(self) -> list[Obligation]:
        """Of the regime, those that bind."""
        return [duty for duty in self.regime.obligations if duty.role in self.roles]


def bindings(pack: RegimePack, settings: Scope, day: date) -> list[Binding]:
    """Those that bind on this day, in the order of the pack; then the contracts."""
    return [outcome for outcome in outcomes(pack, settings, day) if outcome.binds]


def outcomes(pack: RegimePack, settings: Scope, day: date) -> list[Binding]:
    """The same of every regime, those that do not bind among them."""
    contracts = [_of_contract(contract, pack, settings) for contract in settings.contracts]
    return [*(_outcome(regime, pack, settings, day) for regime in pack.regimes), *contracts]


def reach(jurisdictions: Iterable[str]) -> set[str]:
    """With the whole of each part: `us-ca` brings `us`."""
    parts = [name.split("-") for name in jurisdictions]
    return {"-".join(part[:length]) for part in parts for length in range(1, len(part) + 1)}


def _outcome(regime: Regime, pack: RegimePack, settings: Scope, day: date) -> Binding:
    if regime.template:
        return Binding(regime, (), "a template: what you signed goes into `contracts` of the settings")
    where = [name for name in regime.jurisdictions if name == CONTRACT or name in reach(settings.jurisdictions)]
    if not where:
        return Binding(regime, (), f"of {_listed(regime.jurisdictions)}, which is not among your jurisdictions")
    if not regime.in_force(day):
        begins = f"in force from {regime.effective_from}" if regime.effective_from else "not in force"
        return Binding(regime, (), begins if regime.status == "future" else f"{regime.status}, {begins}")
    sectors = [name for name in regime.sectors if name in settings.sectors]
    if regime.sectors and not sectors:
        return Binding(regime, (), f"only for those in the sector {_listed(regime.sectors, 'or')}")
    words = _words(pack, settings.roles)
    own = _binds_by_sector(regime, pack, settings) if sectors else not words.keys().isdisjoint(regime.roles)
    single = [duty.role for duty in regime.obligations if duty.role in words]
    roles: Roles = (*([None] if own else []), *dict.fromkeys(single))
    if not roles:
        return Binding(regime, (), f"only for a {_listed(regime.all_roles, 'or')}")
    fitting = [word for word in (*regime.roles, *roles) if word in words]
    parts = [_listed(where), f"sector {_listed(sectors)}" if sectors else "", _as(fitting, words)]
    return Binding(regime, roles, ", ".join(part for part in parts if part))


def _binds_by_sector(regime: Regime, pack: RegimePack, settings: Scope) -> bool:
    """Whoever is in the sector has its own duties, whatever the settings call the role; but not by that law's own word for
    somebody who only works for those (a business associate under HIPAA), where no other role is named.
    """
    aliases = {word for words in pack.role_aliases.values() for word in words}
    helpers = {duty.role for duty in regime.obligations if duty.role in aliases}
    return any(role not in helpers for role in settings.roles)


def _words(pack: RegimePack, roles: Sequence[str]) -> dict[str, str]:
    """The laws' words for these roles, each with the role of the settings that it stands for."""
    found = {role: role for role in roles}
    for role in roles:
        for word in pack.role_aliases.get(role, ()):
            found.setdefault(word, role)
    return found


def _of_contract(contract: Contract, pack: RegimePack, settings: Scope) -> Binding:
    known = contract.anchor in pack.anchors
    duty = Obligation(
        id="customer",
        stage="notification",
        recipient="customer",
        recipient_name=contract.recipient,
        anchor=contract.anchor if known else EARLIEST,
        deadline=Hours(mode="hours", value=contract.hours),
    )
    regime = Regime(
        id=f"contract:{contract.name}",
        name=f"Contract {contract.name}",
        jurisdictions=(CONTRACT,),
        zone=settings.zone or "UTC",
        instrument=f"contract {contract.name}",
        article="-",
        status="contractual",
        roles=(),
        confidence="high",
        obligations=(duty,),
    )
    why = "a contract of your settings"
    return Binding(regime, (None,), why if known else f"{why}; {contract.anchor!r} is not an anchor, so {EARLIEST} is")


def _as(fitting: Iterable[str | None], words: Mapping[str, str]) -> str:
    """In which roles of the settings, and by which of the law's own words; such as `as controller (owner and licensee)`."""
    called: dict[str, list[str]] = {}
    for word in dict.fromkeys(filter(None, fitting)):
        called.setdefault(words[word], []).extend([word] if word != words[word] else [])
    shown = [f"{role} ({_listed(own)})" if own else role for role, own in called.items()]
    return f"as {_listed(shown)}" if shown else ""


def _listed(names: Sequence[str], last: str = "and") -> str:
    return f" {last} ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))

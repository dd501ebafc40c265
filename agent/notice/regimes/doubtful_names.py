"""Names of the settings that the pack does not know, and those that bring nothing."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from agent.notice.regimes.binding import bindings, outcomes, reach
from agent.notice.regimes.model import Regime, RegimePack
from agent.notice.regimes.scope import Scope

NEAR = 4
"""As many names are shown of those that are like one."""


@dataclass(frozen=True, slots=True)
class DoubtfulName:
    """What is wrong with a name, and what to write."""

    setting: str
    """Its key, such as `notice.jurisdictions`."""
    message: str
    fix: str


def unknown_names(pack: RegimePack, settings: Scope) -> Iterator[DoubtfulName]:
    """Names that no regime of the pack has: nothing binds because of them."""
    for key, what, names, known in (
        ("jurisdictions", "jurisdiction", settings.jurisdictions, pack.jurisdictions),
        ("roles", "role", settings.roles, pack.roles),
        ("sectors", "sector", settings.sectors, pack.sectors),
    ):
        for name in names:
            if name not in known:
                yield _unknown(f"notice.{key}", name, f"is not a {what} of any regime", known)
    for contract in settings.contracts:
        if contract.anchor not in pack.anchors:
            setting = f"notice.contracts, {contract.name}, anchor"
            yield _unknown(setting, contract.anchor, "is not an anchor of the pack", pack.anchors.keys())


def idle_names(pack: RegimePack, settings: Scope, day: date) -> Iterator[DoubtfulName]:
    """Names that the pack knows, and by which nothing binds. Roles that many laws have under another name are left out."""
    bound = [binding.regime for binding in bindings(pack, settings, day)]
    where = {name for regime in bound for name in regime.jurisdictions}
    for name in settings.jurisdictions:
        if name in pack.jurisdictions and where.isdisjoint(reach([name])) and name not in reach(where):
            yield _idle("jurisdictions", name, pack, settings, day)
    for name in settings.sectors:
        if name in pack.sectors and not any(name in regime.sectors for regime in bound):
            yield _idle("sectors", name, pack, settings, day)
    if settings.jurisdictions and not settings.roles:
        yield DoubtfulName(
            "notice.roles", "it is an empty list: no law binds by a role", f"write {' or '.join(pack.role_aliases)}"
        )
    for name in settings.roles:
        known = name in pack.roles and name not in pack.role_aliases
        if known and not any(name in regime.all_roles for regime in bound):
            yield _idle("roles", name, pack, settings, day)


def _unknown(setting: str, name: str, is_not: str, known: Collection[str]) -> DoubtfulName:
    wanted = name.casefold().replace(" ", "_").replace("-", "_")
    alike = {key.replace("-", "_"): key for key in known}
    near = [alike[key] for key in difflib.get_close_matches(wanted, alike, n=NEAR)]
    return DoubtfulName(setting, f"{name!r} {is_not}", f"write {_one_of(near or sorted(known))}")


def _idle(key: str, name: str, pack: RegimePack, settings: Scope, day: date) -> DoubtfulName:
    """With why those regimes do not bind that have the name."""
    reasons = [
        f"{outcome.regime.id} is {outcome.why}"
        for outcome in outcomes(pack, settings, day)
        if name in _names(outcome.regime, key)
    ]
    fix = "add the jurisdictions, roles and sectors that are yours, or leave it as it is if none is"
    return DoubtfulName(f"notice.{key}", f"nothing binds by {name!r}: {'; '.join(reasons)}", fix)


def _names(regime: Regime, key: str) -> Collection[str]:
    return {"jurisdictions": regime.jurisdictions, "sectors": regime.sectors, "roles": regime.all_roles}[key]


def _one_of(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"one of {', '.join(names)}"

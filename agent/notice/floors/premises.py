"""Names by which a law would be left out although its premise is stated: names that no regime has, and premises without the rest.

Where somebody is decides which laws there are. A law that asks for no sector binds everybody there in one role or the other, so roles
that leave out all of them are refused. So is a role that only regimes of a sector have, without that sector.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from agent.notice.floors.breach import FloorBreach
from agent.notice.floors.terms import article_of, laws
from agent.notice.regimes.binding import CONTRACT, reach
from agent.notice.regimes.doubtful_names import unknown_names
from agent.notice.regimes.model import Regime, RegimePack
from agent.notice.regimes.scope import Contract, Scope
from agent.notice.settings import NoticeSettings


@dataclass(frozen=True, slots=True)
class _Premises:
    """A `Scope` that can be asked what would bind if more were said."""

    jurisdictions: Sequence[str]
    roles: Sequence[str]
    sectors: Sequence[str]
    zone: None = None
    contracts: Sequence[Contract] = ()
    pack: None = None


def premises_left_out(settings: NoticeSettings, pack: RegimePack) -> Iterator[FloorBreach]:
    """What removes a regime whose premise the settings state."""
    doubts = list(unknown_names(pack, _without_contracts(settings)))
    for doubt in doubts:
        written, _, message = doubt.message.partition(" ")
        yield FloorBreach(doubt.setting, written.strip("'"), "a name of the pack", f"{written} {message}", doubt.fix)
    if doubts:
        return  # what the names were meant to say is not known
    said = _Premises(settings.jurisdictions, settings.roles, settings.sectors)
    bound = {binding.regime.id for binding in laws(pack, said)}
    for name in settings.jurisdictions:
        yield from _without_role(name, said, pack, bound)
    for role in settings.roles:
        yield from _without_sector(role, said, pack, bound)


def _without_contracts(settings: NoticeSettings) -> Scope:
    """Without contracts: one whose anchor is unknown counts from the detection, which is earlier than any other."""
    return settings.model_copy(update={"contracts": []})


def _without_role(name: str, said: _Premises, pack: RegimePack, bound: Collection[str]) -> Iterator[FloorBreach]:
    """A jurisdiction whose general laws bind in none of the roles that are written, and would in those that they stand for."""
    general = [regime for regime in _there(pack, [name]) if not regime.sectors and name in regime.jurisdictions]
    if not general or any(regime.id in bound for regime in general):
        return
    roles = _meant(said.roles, pack)
    wider = replace(said, roles=(*said.roles, *roles))
    missed = [binding.regime for binding in laws(pack, wider) if binding.regime in general]
    if missed:
        first, written = missed[0], ", ".join(said.roles) or "an empty list"
        yield FloorBreach(
            "notice.roles",
            written,
            " or ".join(roles),
            f"{written} is not a role by which any law of {name} binds, such as {first.id} ({article_of(first)})",
            f"write {' or '.join(roles)} besides",
            first.id,
            article=article_of(first),
        )


def _meant(roles: Sequence[str], pack: RegimePack) -> list[str]:
    """The settings' words for what laws call these roles; all of them where no law calls anybody so."""
    meant = [generic for generic, words in pack.role_aliases.items() if {generic, *words} & set(roles)]
    return meant or list(pack.role_aliases)


def _without_sector(role: str, said: _Premises, pack: RegimePack, bound: Collection[str]) -> Iterator[FloorBreach]:
    """A role that only laws of a sector have, of which none binds because the sector is not written."""
    having = [regime for regime in pack.regimes if role in regime.all_roles]
    if role in pack.role_aliases or any(regime.id in bound for regime in having):
        return
    there = {regime.id for regime in _there(pack, said.jurisdictions)}
    missed = [regime for regime in having if regime.id in there and regime.sectors]
    if missed:
        first, sectors = missed[0], " or ".join(dict.fromkeys(name for regime in missed for name in regime.sectors))
        yield FloorBreach(
            "notice.sectors",
            ", ".join(said.sectors) or "an empty list",
            sectors,
            f"{role} is not a role outside of the sector {sectors}, and {first.id} ({article_of(first)}) is left out",
            f"write the sector {sectors}, or another role",
            first.id,
            article=article_of(first),
        )


def _there(pack: RegimePack, jurisdictions: Sequence[str]) -> list[Regime]:
    """Regimes that are or will be law in these places, for whomever."""
    places = {*reach(jurisdictions), CONTRACT}
    return [
        regime
        for regime in pack.regimes
        if not regime.template
        and regime.status not in ("proposed", "pending")
        and not places.isdisjoint(regime.jurisdictions)
    ]

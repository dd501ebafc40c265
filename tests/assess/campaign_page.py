"""The table of the published campaigns: what finds them, and when it is too little or too slow to be found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from agent.simulator.scenarios.campaigns import CAMPAIGNS
from tests.assess.campaigns import CampaignPlay, Finder
from tests.assess.markdown_table import span, table

HEADINGS = ("campaign", "published behaviour", "scenario", "found in disguise by, after", "else by", "lost at")


def campaign_lines(plays: Sequence[CampaignPlay]) -> Iterator[str]:
    """The section of the page, a row for each campaign that was played."""
    yield "## Published campaigns"
    yield ""
    yield "Each campaign is played by itself after the learnt weeks: at the pace and over the span that was published, once with"
    yield "the published addresses and programs and once in disguise, from ordinary networks that are on no list and with the"
    yield "victim's own program. *Found in disguise by* names the rules of at least medium level that speak of what was done, at the"
    yield "published volume; *else by* the rules that speak of where it came from and with what, those of the undisguised play"
    yield "included. Then the volume is halved again and again, and the pace, in disguise: *lost at* is the first that no such rule finds."
    yield ""
    names = dict.fromkeys(play.name for play in plays)
    yield from table(HEADINGS, (_row(name, [play for play in plays if play.name == name]) for name in names))


def lost(plays: Sequence[CampaignPlay]) -> list[str]:
    """The campaigns that, in disguise and at the published volume and pace, no rule finds by what was done."""
    return [play.name for play in plays if play.disguised and play.volume == play.pace == 1 and not play.by_deed]


def _row(name: str, plays: Sequence[CampaignPlay]) -> list[str]:
    scenario = CAMPAIGNS[name]
    sources = ", ".join(f"[{date}]({address})" for address, date in scenario.sources)
    full = next(play for play in plays if play.disguised)
    deeds = {finder.name for finder in full.by_deed}
    by_origin = {finder.name: finder for play in plays[:2] for finder in play.finders if finder.name not in deeds}
    found = _finders(full.by_deed) or "**nothing**"
    return [
        scenario.campaign,
        f"{scenario.published} {sources}",
        f"`{name}`",
        found,
        _finders(by_origin.values()),
        _lost(plays),
    ]


def _finders(finders: Iterable[Finder]) -> str:
    return ", ".join(f"`{finder.name}` {span(finder.after)}" for finder in sorted(finders, key=lambda f: f.after))


def _lost(plays: Sequence[CampaignPlay]) -> str:
    tried = [play for play in plays if play.disguised]
    return "; ".join(
        _fate(kind, [getattr(play, kind) for play in disguised], [bool(play.by_deed) for play in disguised])
        for kind, disguised in (
            ("volume", [play for play in tried if play.pace == 1]),
            ("pace", [play for play in tried if play.pace != 1]),
        )
        if disguised
    )


def _fate(kind: str, shares: Sequence[float], found: Sequence[bool]) -> str:
    return f"not at {kind} {_share(shares[-1])}" if found[-1] else f"**{kind} {_share(shares[-1])}**"


def _share(number: float) -> str:
    return "1" if number == 1 else f"1/{1 / number:g}"

"""What was measured as Markdown, the same text for the terminal and for the documentation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent.simulator.scenarios import PLAYABLE
from tests.assess.campaign_page import campaign_lines
from tests.assess.campaigns import CampaignPlay
from tests.assess.incidents.page import incident_lines
from tests.assess.markdown_table import span, table
from tests.assess.run import Result
from tests.assess.tally import LEVELS, LeakFinding

MOST = 6.0
"""Alerts a day above low on innocent days; more are too many."""


def page(results: Sequence[Result], plays: Sequence[CampaignPlay] = ()) -> str:
    """One run for each seed; `plays`: of the published campaigns."""
    lines = [*_lines(results), "", *incident_lines(results), *(["", *campaign_lines(plays)] if plays else [])]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def above_low(result: Result) -> float:
    """Alerts a day above low on the innocent days."""
    return sum(result.by_level[level] for level in ("critical", "high", "medium")) / max(result.assessment.days, 1)


def _lines(results: Sequence[Result]) -> Iterator[str]:
    assessment = results[0].assessment
    seeds = ", ".join(str(result.assessment.seed) for result in results)
    yield "# The rules, measured"
    yield ""
    yield "Written by `make assess`; do not edit. It sends the simulated org's log files, and the rows of its objects (audit"
    yield "trail, logins, provisioning, snapshots of grants, tokens and policies), through the real mapping, enrichment"
    yield f"and detection: {assessment.login_days} days of logins and {assessment.learning_days} of everything to learn from, {assessment.days} innocent days of {assessment.people} people and"
    yield f"their integrations, about {assessment.rows:,} rows a weekday, and a week in which every leak of the simulator is planted; the"
    yield "daemon is restarted every week. Its settings are those of an administrator who has named"
    yield "integrations, networks, approved apps, anonymizers and leavers; no threshold is changed."
    yield f"{results[0].rules} rules; seed{'s' if len(results) > 1 else ''} {seeds}; {sum(r.rows for r in results):,} rows in all."
    yield ""
    yield "A simulated month is not an org's: read the figures as what the rules do on traffic nobody made to please them, and"
    yield "expect an org of your own to have two or three habits that need a filter or a threshold of their own."
    yield ""
    yield "## Alerts on innocent days"
    yield ""
    yield from table(["level", *(f"a day, seed {r.assessment.seed}" for r in results)], _levels(results))
    yield ""
    yield f"At most {MOST:g} above low are allowed; with more, or with a leak that is missed, `make assess` fails."
    yield ""
    yield from table(["rule", "level", *(f"a day, seed {r.assessment.seed}" for r in results)], _rules(results))
    yield ""
    silent = results[0].rules - len({rule for result in results for rule in result.innocent})
    yield f"The other {silent} rules said nothing. Alerts are counted when raised; what revises or adds to one is not counted again."
    yield ""
    if any(result.found for result in results):
        yield "## Planted leaks"
        yield ""
        yield "The time is event time, from the leak's first event to the one that the rule matched, or to the last that a"
        yield "correlation or baseline had counted when it spoke. The log file that tells of it comes three to six hours later."
        yield ""
        yield from table(["leak", "found", "by rule, after"], _leaks(results))


def _levels(results: Sequence[Result]) -> Iterator[list[str]]:
    for level in LEVELS:
        yield [level, *(_rate(result.by_level[level], result) for result in results)]
    yield ["**above low**", *(f"**{above_low(result):.2f}**" for result in results)]


def _rules(results: Sequence[Result]) -> Iterator[list[str]]:
    totals = {rule: sum(r.innocent.get(rule, 0) for r in results) for r in results for rule in r.innocent}
    for rule in sorted(totals, key=lambda rule: (LEVELS.index(_level(results, rule)), -totals[rule])):
        name = next(r.names[rule] for r in results if rule in r.names)
        yield [f"`{name}`", _level(results, rule), *(_rate(r.innocent.get(rule, 0), r) for r in results)]


def _level(results: Sequence[Result], rule: str) -> str:
    return next(result.levels[rule] for result in results if rule in result.levels)


def _rate(number: int, result: Result) -> str:
    return f"{number / result.assessment.days:.2f}"


def _leaks(results: Sequence[Result]) -> Iterator[list[str]]:
    for scenario in results[0].assessment.scenarios:
        missed = sum(not result.found.get(scenario) for result in results)
        found = "yes" if not missed else "**missed**" if missed == len(results) else f"**{missed} missed**"
        best: dict[str, LeakFinding] = {}
        for result in results:
            for finding in result.found.get(scenario, ()):
                if finding.rule not in best or finding.after > best[finding.rule].after:
                    best[finding.rule] = finding
        names = results[0].names
        rules = [f"`{names[f.rule]}` {span(f.after)}" for f in sorted(best.values(), key=lambda f: f.after)]
        yield [f"`{scenario}`: {PLAYABLE[scenario].summary}", found, ", ".join(rules)]

"""What the alerts become as incidents, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.assess.incidents.tally import JUDGED_DAYS, IncidentSummary, LeakIncidents
from tests.assess.markdown_table import span, table
from tests.assess.run import Result


def incident_lines(results: Sequence[Result]) -> Iterator[str]:
    """Of one run for each seed."""
    days = results[0].assessment.days
    yield "## Incidents"
    yield ""
    yield "What the same alerts become where `notice` names the EU and the role of a controller, and nothing else is set:"
    yield f"how many incidents, and how many of them with clocks, the {days} innocent days open. *Judged* is the same once more, with"
    yield f"a person who ends everything that is open as not a breach on the evenings of the first {JUDGED_DAYS} days: what is the same"
    yield "again after that is closed at once, with the earlier incident as its reason. `python -m tests.assess --incidents`"
    yield "prints this part alone."
    yield ""
    headings = [f"{words}, seed {result.assessment.seed}" for result in results for words in ("left open", "judged")]
    yield from table([f"{days} innocent days", *headings], _figures(results))
    yield ""
    if not any(result.incidents.leaks for result in results):
        return
    yield "A leak is best one incident. The administrator of the simulated org plays several leaks of the setup within hours, and"
    yield "they are one incident therefore. *Alerts*: of the leak's own events; *together*: how many of them the first"
    yield "incident has; *score* and *state*: of that one."
    yield ""
    yield from table(
        ["leak", "alerts", "incidents", "together", "state", "level", "score", "first reasons"],
        (_leak(name, leak) for name, leak in results[0].incidents.leaks.items()),
    )
    yield ""


def _figures(results: Sequence[Result]) -> Iterator[list[str]]:
    found = [summary for result in results for summary in (result.incidents, result.judged)]
    yield ["alerts", *(_number(summary, summary.alerts) for summary in found)]
    yield ["incidents", *(_number(summary, summary.incidents) for summary in found)]
    yield ["of these with clocks", *(_number(summary, summary.clocks) for summary in found)]
    yield [
        "of these candidates, without clocks or alarms",
        *(_number(summary, summary.candidates) for summary in found),
    ]
    yield [
        "of the candidates closed at once as duplicates",
        *(_number(summary, summary.duplicates) for summary in found),
    ]
    yield ["alerts of the largest", *(f"{summary.largest:,}" for summary in found)]
    yield ["the longest, from its first event to its last", *(span(summary.longest) for summary in found)]
    yield ["score: median, highest", *(_scores(summary) for summary in found)]


def _number(summary: IncidentSummary, number: int) -> str:
    return f"{number:,} ({number / max(summary.days, 1):.2f} a day)"


def _scores(summary: IncidentSummary) -> str:
    scores = summary.scores
    return f"{scores[len(scores) // 2]}, {scores[-1]}" if scores else "-"


def _leak(name: str, leak: LeakIncidents) -> list[str]:
    first = leak.incidents[0]
    clocks = ", clocks run" if first.has_clocks else ""
    return [
        f"`{name}`",
        str(leak.alerts),
        str(len(leak.incidents)),
        str(leak.shares[0]),
        f"{first.state}{clocks}",
        first.level,
        str(first.score.value),
        "; ".join(list(first.score.reasons)[:4]),
    ]

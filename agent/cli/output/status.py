"""`leakline status` for people: what is wrong first, then orgs, sources, destinations, and the sum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from agent.cli.output.status_parts.deadline_lines import deadline_lines
from agent.cli.output.status_parts.drill_lines import drill_lines
from agent.cli.output.status_parts.incident_lines import incident_lines
from agent.cli.output.status_parts.maintenance_lines import maintenance_lines
from agent.cli.output.status_parts.status_lines import (
    LONGEST_REASON,
    backfill_lines,
    clock_lines,
    compared_days,
    feed_lines,
    flagged_lines,
    rules_left_out,
    silence_lines,
    source_lines,
    source_state,
    time,
    trouble,
)
from agent.cli.output.status_parts.telling_lines import telling_lines
from agent.cli.output.status_parts.trail_lines import trail_lines
from agent.status_document import DestinationStatus, LaneCounts, OrgStatus, ProblemStatus, ReadCounts, StatusDocument
from agent.terminal import paragraph, words
from agent.wording.number import counted
from agent.wording.phrase import shortened

WIDE = 10_000
"""Columns for what is written to a file or a pipe: a row is a line there."""
LONGEST_STATE = len("not read")


def show(status: StatusDocument, console: Console) -> None:
    """The document for people."""
    if not console.is_terminal:
        console.width = WIDE
    head = f"leakline {status.version}, state {status.state.directory}"
    console.print(words(head) if status.running else words(head) + Text(" (no daemon is running)", style="yellow"))
    show_problems(status.problems, console, several_orgs=len(status.orgs) > 1)
    if status.lanes is None:  # the state cannot be read
        return
    failed = {problem.subject for problem in status.problems if problem.kind == "source-failed"}
    for line in (
        *deadline_lines(status),
        *incident_lines(status),
        *maintenance_lines(status),
        *telling_lines(status),
        *drill_lines(status),
        *rules_left_out(status),
        *source_lines(status.sources, explained=failed),
        *feed_lines(status.sources),
        *_lane_lines(status),
    ):
        paragraph(console, line, indent=3)
    for part in (_orgs(status), _sources(status), _destinations(status)):
        if part is not None:
            console.print(part)
    told = (backfill_lines, _left_out, _covered, compared_days, silence_lines, flagged_lines, clock_lines, trail_lines)
    for line in (line for lines in told for line in lines(status)):
        paragraph(console, line, indent=3)
    paragraph(console, _sum(status))


def show_problems(problems: Sequence[ProblemStatus], console: Console, *, several_orgs: bool) -> None:
    """A line for what is wrong and one for what to do, losses first; nothing while all is well. `several_orgs`: whether it
    must be said whose problem it is.
    """
    for problem in sorted(problems, key=lambda problem: problem.clears != "person"):
        whose = f" of {problem.org}" if several_orgs and problem.org else ""
        since = f" since {time(problem.since)}" if problem.since else ""
        head = words(f"{problem.kind} {problem.id}".rstrip(), "bold red")
        number = f"{problem.count:,}"
        in_all = f" ({number} in all)" if problem.count > 1 and number not in problem.message else ""
        message = shortened(problem.message, LONGEST_REASON) + in_all
        paragraph(console, head + words(f"{whose}{since}: {message}", "default"), indent=3)
        paragraph(console, words(f"   -> {problem.fix}"), indent=6)


def _left_out(status: StatusDocument) -> Iterator[Text]:
    """Matched rows that took no part in a correlation, a line for each of these; of all orgs together."""
    rules: dict[str, Counter[str]] = {}
    for left_out in status.correlations_left_out:
        rules.setdefault(left_out.rule, Counter())[left_out.reason] += left_out.rows
    for rule, reasons in rules.items():
        counts = ", ".join(f"{rows:,} {reason}" for reason, rows in reasons.items())
        yield Text(f"correlation {rule} left out rows: {counts}", style="yellow")


def _covered(status: StatusDocument) -> Iterator[Text]:
    """Rows of log files that made no alert because the stream had told of them: of all orgs together."""
    types = Counter[str]()
    for covered in status.rows_covered:
        types[covered.event_type] += covered.rows
    if types:
        counts = ", ".join(f"{rows:,} {event_type}" for event_type, rows in types.most_common())
        yield Text(f"rows of log files without a second alert, for the stream had told of them: {counts}")


def _orgs(status: StatusDocument) -> RenderableType | None:
    """With several orgs also what waits and what is kept of each, which the tables below sum up."""
    several = len(status.orgs) > 1
    if not status.orgs or not (status.running or several):
        return None
    table = _table(
        "org", *(["API calls"] if status.running else []), *(["pending", "dead"] if several else []), "state"
    )
    for org in status.orgs:
        known = f"{org.api_calls_used:,} of {org.api_calls_allowed:,}" if org.api_calls_allowed else "not yet known"
        if org.api_budget is not None and org.api_budget.own:
            known += f", {org.api_budget.own:,} own"
        stored = [f"{_pending(org):,}", f"{org.dead_letters:,}"] if several else []
        wrong = org.problem or ("does not balance" if org.balanced is False else "")
        table.add_row(org.name, *([known] if status.running else []), *stored, trouble(wrong))
    return table


def _pending(org: OrgStatus) -> int:
    """Rows that wait, at the destination where most do."""
    return max((sum(lane.pending for lane in delivery.lanes.values()) for delivery in org.destinations), default=0)


def _sources(status: StatusDocument) -> RenderableType:
    totals: dict[str, Counter[str]] = {}
    for counts in status.read:
        totals.setdefault(counts.source, Counter()).update(_rows(counts))
    live = {source.name: source for source in status.sources}
    table = _table("source", "read", "duplicate", "malformed", "taken", "newest", "state")
    for name in sorted(totals | live):
        total, source = totals.get(name, Counter()), live.get(name)
        numbers = [f"{total[key]:,}" for key in ("read", "duplicate", "malformed", "spooled")]
        age = _age(source.lag_seconds if source else None)
        table.add_row(name, *numbers, age, source_state(name, source, status.problems))
    return table


def _rows(counts: ReadCounts) -> dict[str, int]:
    return {
        "read": counts.read,
        "duplicate": counts.duplicate,
        "malformed": counts.malformed,
        "spooled": counts.spooled,
    }


def _destinations(status: StatusDocument) -> RenderableType:
    table = _table("destination", "lane", "accepted", "dead", "filtered", "pending", "resent", "state")
    for destination in status.destinations:
        for lane, account in destination.lanes.items():
            counts = (account.acknowledged, account.dead_lettered, account.filtered, account.pending, account.resent)
            numbers = [f"{count:,}" for count in counts]
            table.add_row(destination.name, lane, *numbers, trouble(_lane_word(status, destination, lane, account)))
    return table


def _is_down(status: StatusDocument, destination: DestinationStatus) -> bool:
    kind = "destination-unavailable"
    return any(problem.kind == kind and problem.subject == destination.name for problem in status.problems)


def _lane_word(status: StatusDocument, destination: DestinationStatus, lane: str, account: LaneCounts) -> str:
    """The gravest of what is wrong with a lane, in a word; `_lane_lines` has the rest."""
    found = {
        "down": _is_down(status, destination),
        "stopped": lane in destination.stopped,
        "waiting": destination.waits_until is not None,
        "behind": account.set_aside > 0,
        "dropped": account.dropped > 0,
    }
    return next((word for word, holds in found.items() if holds), "")


def _lane_lines(status: StatusDocument) -> Iterator[Text]:
    """What the word in the table leaves out: a line for all lanes of a destination of which the same is true."""
    for destination in status.destinations:
        lanes: dict[str, list[str]] = {}
        for lane, account in destination.lanes.items():
            stopped = "stopped" if lane in destination.stopped else ""
            wrong = "accepts nothing" if _is_down(status, destination) else stopped
            lanes.setdefault(lane_state(destination, account, wrong), []).append(lane)
        for state, of in lanes.items():
            if state not in ("", "stopped", "accepts nothing"):
                yield words(f"{destination.name}, {' and '.join(of)}: {state}", "red")


def lane_state(destination: DestinationStatus, account: LaneCounts, wrong: str) -> str:
    """What is wrong with a lane of a destination, and which of its rows are elsewhere; empty if nothing is."""
    until = destination.waits_until
    said = [wrong, f"waits until {until:%H:%M:%S} UTC" if until else ""]
    said += [f"{counted(account.set_aside, 'row')} set aside"] if account.set_aside else []
    said += [f"{counted(account.dropped, 'row')} dropped"] if account.dropped else []
    return ", ".join(filter(None, said))


def _table(*headings: str) -> Table:
    """Where a terminal is too narrow, what is wrong is folded, down to a word, and then the name in front."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold underline")
    for place, heading in enumerate(headings):
        is_state = heading == "state"
        folds = is_state or place == 0
        least = LONGEST_STATE if is_state else None
        table.add_column(heading, overflow="fold", no_wrap=not folds, min_width=least, justify="left")
    return table


def _sum(status: StatusDocument) -> Text:
    dead = status.state.dead_letters
    kept = f"; {counted(dead, 'dead letter')} kept (leakline dead-letters list)" if dead else ""
    if status.balanced is None:
        return Text("The rows could not be counted: another thread holds the state.", style="bold red")
    if status.balanced:
        return Text(f"Every row read is accounted for{kept}.", style="green")
    return Text(f"The accounts do not balance: rows are missing or counted twice{kept}.", style="bold red")


def _age(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < -60:  # by the clock of the other side
        return f"{_span(-seconds)} ahead"
    return f"{_span(max(seconds, 0.0))} ago"


def _span(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds / 60:.0f} min"

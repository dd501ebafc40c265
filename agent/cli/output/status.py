"""`leakline status` for people: what is wrong first, then orgs, sources, destinations, and the sum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from agent.cli.output.status_lines import LONGEST_REASON, cut, pauses, rules_left_out, source_state, time, trouble
from agent.status_document import DestinationStatus, LaneCounts, OrgStatus, ProblemStatus, ReadCounts, StatusDocument
from agent.terminal import words


def show(status: StatusDocument, console: Console) -> None:
    """The document for people."""
    head = f"leakline {status.version}, state {status.state.directory}"
    console.print(words(head) if status.running else words(head) + Text(" (no daemon is running)", style="yellow"))
    show_problems(status.problems, console, several_orgs=len(status.orgs) > 1)
    if status.lanes is None:  # the state cannot be read
        return
    for line in (*rules_left_out(status), *pauses(status)):
        console.print(line, soft_wrap=True)
    for part in (_orgs(status), _sources(status), _destinations(status)):
        if part is not None:
            console.print(part)
    for line in _left_out(status):
        console.print(line)
    console.print(_sum(status))


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
        message = cut(problem.message, LONGEST_REASON) + in_all
        console.print(head + words(f"{whose}{since}: {message}", "default"), soft_wrap=True)
        console.print(words(f"   -> {problem.fix}"), soft_wrap=True)


def _left_out(status: StatusDocument) -> Iterator[Text]:
    """Matched rows that took no part in a correlation, a line for each of these; of all orgs together."""
    rules: dict[str, Counter[str]] = {}
    for left_out in status.correlations_left_out:
        rules.setdefault(left_out.rule, Counter())[left_out.reason] += left_out.rows
    for rule, reasons in rules.items():
        counts = ", ".join(f"{rows:,} {reason}" for reason, rows in reasons.items())
        yield Text(f"correlation {rule} left out rows: {counts}", style="yellow")


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
    failed = {problem.subject for problem in status.problems if problem.kind == "source-failed"}
    table = _table("source", "read", "duplicate", "malformed", "taken", "newest", "state")
    for name in sorted(totals | live):
        total, source = totals.get(name, Counter()), live.get(name)
        numbers = [f"{total[key]:,}" for key in ("read", "duplicate", "malformed", "spooled")]
        age = _age(source.lag_seconds if source else None)
        table.add_row(name, *numbers, age, source_state(source, explained=name in failed))
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
    down = {problem.subject for problem in status.problems if problem.kind == "destination-unavailable"}
    for destination in status.destinations:
        for lane, account in destination.lanes.items():
            counts = (account.acknowledged, account.dead_lettered, account.filtered, account.pending, account.resent)
            stopped = "stopped" if lane in destination.stopped else ""
            wrong = "takes nothing" if destination.name in down else stopped
            numbers = [f"{count:,}" for count in counts]
            table.add_row(destination.name, lane, *numbers, lane_state(destination, account, wrong))
    return table


def lane_state(destination: DestinationStatus, account: LaneCounts, wrong: str) -> Text:
    """What is wrong with a lane of a destination, and which of its rows are elsewhere."""
    until = destination.waits_until
    said = [wrong, f"waits until {until:%H:%M:%S} UTC" if until else ""]
    said += [f"{account.set_aside:,} set aside"] if account.set_aside else []
    said += [f"{account.dropped:,} dropped"] if account.dropped else []
    return trouble(", ".join(filter(None, said)))


def _table(*headings: str) -> Table:
    """Narrow enough for a terminal of 80 columns; what is wrong is folded."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold underline")
    for heading in headings:
        table.add_column(heading, overflow="fold", no_wrap=heading != "state", justify="left")
    return table


def _sum(status: StatusDocument) -> Text:
    dead = status.state.dead_letters
    kept = f"; {dead:,} dead letters are kept (leakline dead-letters list)" if dead else ""
    if status.balanced is None:
        return Text("The accounts could not be counted: a loop holds the state.", style="bold red")
    if status.balanced:
        return Text(f"Every row read is accounted for{kept}.", style="green")
    return Text(f"The accounts do not balance: rows are missing or counted twice{kept}.", style="bold red")


def _age(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds / 3600:.1f} h ago" if seconds >= 3600 else f"{seconds / 60:.0f} min ago"

"""What `leakline status` shows, as one JSON-able document: accounts from the state, troubles from the running parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import orjson
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from agent import __version__
from agent.account import Accounts
from agent.config import Settings
from agent.control import ask, is_there
from agent.dead_letter import DeadLetters
from agent.errors import LeaklineError, StateDamaged
from agent.model import LANES, Lane
from agent.problem import KINDS, Problem
from agent.spool import Position, Spool
from agent.state import State
from agent.status_lines import LONGEST_REASON, cut, pauses, rules_left_out, source_state, time, trouble
from agent.store.problems import Problems
from agent.terminal import words

NO_DAEMON = {
    "id": "",
    "kind": "no-daemon",
    "subject": "daemon",
    "since": None,
    "message": "no daemon is running on this state: nothing is read and nothing is sent",
    "fix": "start it (`systemctl start leakline`, or `leakline run`); its log says why it ended",
    "clears": "itself",
    "count": 1,
}
"""What only those can tell who find no daemon."""


ANSWER_WITHIN = 15.0
"""Seconds until `status` says that it cannot tell."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def stored(
    state: State, spool: Spool, dead_letters: DeadLetters, destinations: Mapping[str, Sequence[Lane]]
) -> dict[str, Any]:
    """The part that the state directory alone tells. `destinations`: name to the lanes it takes."""
    with state.transact():  # nothing moves while it is counted
        document = uncounted(state, spool, dead_letters, destinations)
        return document | {"balanced": balanced(state, spool, destinations)}


def uncounted(
    state: State, spool: Spool, dead_letters: DeadLetters, destinations: Mapping[str, Sequence[Lane]]
) -> dict[str, Any]:
    """As `stored`, without waiting for those who write: its numbers need not fit together, so `balanced` is None."""
    accounts = Accounts(state)
    return {
        "version": __version__,
        "state": {
            "directory": str(state.directory),
            "spool_bytes": spool.bytes_held(),
            "dead_letters": dead_letters.count(),
        },
        "read": [
            {"source": source, "event_type": event_type, **asdict(account)}
            for (source, event_type), account in sorted(accounts.ingested().items())
        ],
        "lanes": {lane: accounts.spooled(lane) for lane in LANES},
        "destinations": [
            {"name": name, "lanes": {lane: _lane(accounts, spool, state, name, lane) for lane in lanes}}
            for name, lanes in destinations.items()
        ],
        "balanced": None,
        "correlations_left_out": orjson.loads(state.data("memory/detection/correlation/left_out") or b"[]"),
    }


def document(settings: Settings) -> dict[str, Any]:
    """What the running daemon says, or the state alone. Raises LeaklineError when neither can tell."""
    answer: dict[str, Any] | None = ask(settings.state.socket(), "status", timeout=ANSWER_WITHIN)
    return answer or _without_daemon(settings)


def acknowledge(settings: Settings, number: str, by: str) -> dict[str, Any] | None:
    """Close an open problem, in the daemon or in the state alone; the problem, or None where none has this id."""
    socket = settings.state.socket()
    if is_there(socket):
        closed: dict[str, Any] | None = ask(socket, "acknowledge", number=number, by=by)
        return closed
    state = State(settings.state.directory)
    try:
        problem = Problems(state, utc_now).acknowledge(number, by)
    finally:
        state.close()
    return listed([problem])[0] if problem else None


def _without_daemon(settings: Settings) -> dict[str, Any]:
    try:
        state = State(settings.state.directory)
    except StateDamaged as error:
        return _unreadable(settings, error)
    try:
        lanes = {one.name: one.lanes for one in settings.destinations}
        told = stored(state, Spool(state), DeadLetters(state), lanes)
        problems = Problems(state, utc_now).open()
    finally:
        state.close()
    return told | {"running": False, "problems": [NO_DAEMON, *listed(problems)]}


def _unreadable(settings: Settings, error: StateDamaged) -> dict[str, Any]:
    """All that can be said of a state whose database is damaged or gone."""
    damaged = Problem("state-damaged", "state", datetime.now(UTC), str(error.args[0]), error.hint)
    return {
        "version": __version__,
        "state": {"directory": str(settings.state.directory)},
        "running": False,
        "balanced": None,
        "problems": [{**listed([damaged])[0], "since": None}, NO_DAEMON],
    }


def listed(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """Problems as `status --json` has them."""
    return [
        {
            "id": problem.id,
            "kind": problem.kind,
            "subject": problem.subject,
            "since": problem.since.isoformat(),
            "message": problem.message,
            "fix": problem.advice,
            "clears": problem.clears,
            "count": problem.count,
        }
        for problem in problems
    ]


def stalled(error: LeaklineError) -> dict[str, Any]:
    """The problem that the daemon's state is held by a loop that hangs, as `status --json` has it."""
    return {
        "id": "",
        "kind": "loop-stalled",
        "subject": "state",
        "since": None,
        "message": f"a loop hangs: {error}",
        "fix": KINDS["loop-stalled"].fix,
        "clears": "itself",
        "count": 1,
    }


def untold(error: LeaklineError) -> dict[str, Any]:
    """The document of a `status --json` that cannot tell."""
    return {"version": __version__, "error": str(error), "problems": None, "balanced": None}


def is_well(document: Mapping[str, Any]) -> bool:
    """Whether nothing is wrong now and nothing waits for a person: exit status 0."""
    return bool(document["balanced"]) and not document["problems"]


def balanced(state: State, spool: Spool, destinations: Mapping[str, Sequence[Lane]]) -> bool:
    """Whether every row read is accounted for, at every destination (design 7.4)."""
    accounts = Accounts(state)
    read_well = all(a.read == a.duplicate + a.malformed + a.spooled for a in accounts.ingested().values())
    return read_well and all(
        accounts.spooled(lane) == accounts.delivered(name, lane).settled + _pending(spool, state, name, lane)
        for name, lanes in destinations.items()
        for lane in lanes
    )


def _lane(accounts: Accounts, spool: Spool, state: State, name: str, lane: Lane) -> dict[str, int]:
    return {**asdict(accounts.delivered(name, lane)), "pending": _pending(spool, state, name, lane)}


def _pending(spool: Spool, state: State, name: str, lane: Lane) -> int:
    text = state.text(f"position/{name}/{lane}")
    return spool.stored_rows(lane, Position.parse(text)) if text else 0


def show(status: Mapping[str, Any], console: Console) -> None:
    """The document for people."""
    running = status.get("running")
    head = f"leakline {status['version']}, state {status['state']['directory']}"
    console.print(words(head) if running else words(head) + Text(" (no daemon is running)", style="yellow"))
    show_problems(status["problems"], console)
    if "read" not in status:  # the state cannot be read
        return
    for line in (*rules_left_out(status), *pauses(status)):
        console.print(line, soft_wrap=True)
    for part in (_orgs(status), _sources(status), _destinations(status)):
        if part is not None:
            console.print(part)
    for line in _left_out(status):
        console.print(line)
    console.print(_sum(status))


def show_problems(problems: Sequence[Mapping[str, Any]], console: Console) -> None:
    """A line for what is wrong and one for what to do, losses first; nothing while all is well."""
    for problem in sorted(problems, key=lambda problem: problem["clears"] != "person"):
        since = f" since {time(problem['since'])}" if problem["since"] else ""
        head = words(f"{problem['kind']} {problem['id']}".rstrip(), "bold red")
        number = f"{problem['count']:,}"
        in_all = f" ({number} in all)" if problem["count"] > 1 and number not in problem["message"] else ""
        message = cut(problem["message"], LONGEST_REASON) + in_all
        console.print(head + words(f"{since}: {message}", "default"), soft_wrap=True)
        console.print(words(f"   -> {problem['fix']}"), soft_wrap=True)


def _left_out(status: Mapping[str, Any]) -> Iterator[Text]:
    """Matched rows that took no part in a correlation, a line for each of these."""
    rules: dict[str, list[str]] = {}
    for one in status.get("correlations_left_out", ()):
        rules.setdefault(one["rule"], []).append(f"{one['rows']:,} {one['reason']}")
    for rule, counts in rules.items():
        yield Text(f"correlation {rule} left out rows: {', '.join(counts)}", style="yellow")


def _orgs(status: Mapping[str, Any]) -> RenderableType | None:
    if not status.get("orgs"):
        return None
    table = _table("org", "API calls", "state")
    for org in status["orgs"]:
        used = (
            f"{org['api_calls_used']:,} of {org['api_calls_allowed']:,}"
            if org.get("api_calls_allowed")
            else "not yet known"
        )
        table.add_row(org["name"], used, trouble(org.get("problem")))
    return table


def _sources(status: Mapping[str, Any]) -> RenderableType:
    totals: dict[str, dict[str, int]] = {}
    for row in status["read"]:
        total = totals.setdefault(row["source"], dict.fromkeys(("read", "duplicate", "malformed", "spooled"), 0))
        for name in total:
            total[name] += row[name]
    live = {source["name"]: source for source in status.get("sources", [])}
    failed = {p["subject"] for p in status["problems"] if p["kind"] == "source-failed"}
    table = _table("source", "read", "duplicate", "malformed", "taken", "newest", "state")
    for name in sorted(totals | live):
        total, source = (
            totals.get(name, dict.fromkeys(("read", "duplicate", "malformed", "spooled"), 0)),
            live.get(name, {}),
        )
        numbers = [f"{total[key]:,}" for key in ("read", "duplicate", "malformed", "spooled")]
        table.add_row(name, *numbers, _age(source.get("lag_seconds")), source_state(source, explained=name in failed))
    return table


def _destinations(status: Mapping[str, Any]) -> RenderableType:
    table = _table("destination", "lane", "accepted", "dead", "filtered", "pending", "resent", "state")
    down = {p["subject"]: "takes nothing" for p in status["problems"] if p["kind"] == "destination-unavailable"}
    for destination in status["destinations"]:
        for lane, account in destination["lanes"].items():
            keys = ("acknowledged", "dead_lettered", "filtered", "pending", "resent")
            numbers = [f"{account[key]:,}" for key in keys]
            stopped = "stopped" if lane in destination.get("stopped", ()) else ""
            said = down.get(destination["name"], "") or stopped
            table.add_row(destination["name"], lane, *numbers, _state(destination, account, said))
    return table


def _state(destination: Mapping[str, Any], account: Mapping[str, int], wrong: str) -> Text:
    """What is wrong with a lane of a destination, and which of its rows are elsewhere."""
    until = destination.get("waits_until")
    said = [wrong, f"waits until {until[11:19]} UTC" if until else ""]
    said += [f"{account[key]:,} {key.replace('_', ' ')}" for key in ("set_aside", "dropped") if account[key]]
    return trouble(", ".join(filter(None, said)))


def _table(*headings: str) -> Table:
    """Narrow enough for a terminal of 80 columns; what is wrong is folded."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold underline")
    for heading in headings:
        table.add_column(heading, overflow="fold", no_wrap=heading != "state", justify="left")
    return table


def _sum(status: Mapping[str, Any]) -> Text:
    dead = status["state"]["dead_letters"]
    kept = f"; {dead:,} dead letters are kept (leakline dead-letters list)" if dead else ""
    if status["balanced"] is None:
        return Text("The accounts could not be counted: a loop holds the state.", style="bold red")
    if status["balanced"]:
        return Text(f"Every row read is accounted for{kept}.", style="green")
    return Text(f"The accounts do not balance: rows are missing or counted twice{kept}.", style="bold red")


def _age(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds / 3600:.1f} h ago" if seconds >= 3600 else f"{seconds / 60:.0f} min ago"

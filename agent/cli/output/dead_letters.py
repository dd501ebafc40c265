"""`leakline dead-letters`: what is kept and why, through the running daemon or from the state alone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from agent.cli.output.status_lines import time
from agent.config.settings import Settings
from agent.daemon.clock import utc_now
from agent.daemon.control import ask, is_there
from agent.errors import LeaklineError
from agent.exit_status import FINE, FOUND
from agent.store import keys
from agent.store.directory.state_directory import StateDirectory
from agent.store.queue.dead_letter_commands import DeadLetterCommands
from agent.store.queue.state_stores import open_stores
from agent.terminal import words

Call = Callable[..., Any]
"""`call("show", number=3)`: what the office answers, wherever it is."""


@contextmanager
def _office(settings: Settings) -> Iterator[Call]:
    socket = settings.state.socket()
    if is_there(socket):
        yield lambda command, **arguments: ask(socket, f"dead_letters_{command}", **arguments)
        return
    state = StateDirectory(settings.state.directory)
    try:
        stores = open_stores(state.shard(keys.PROCESS), utc_now)
        destinations = {destination.name: destination.lanes for destination in settings.destinations}
        commands = DeadLetterCommands(stores, destinations, utc_now).commands()
        yield lambda command, **arguments: commands[f"dead_letters_{command}"](**arguments)
    finally:
        state.close()


def show_list(settings: Settings, console: Console, *, as_json: bool) -> int:
    """A line for each file of dead letters; exit status 1 if there are any."""
    with _office(settings) as call:
        rows = list(_files(call))
    if as_json:
        sys.stdout.buffer.write(orjson.dumps(rows) + b"\n")
    elif not rows:
        console.print("No dead letters.")
    else:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold underline")
        for heading in ("number", "time", "where", "rows", "most frequent reason"):
            table.add_column(heading, overflow="fold")
        for row in rows:
            cells = (str(row["number"]), time(row["time"]), row["where"], f"{row['rows']:,}", row["reason"])
            table.add_row(*map(words, cells))
        console.print(table)
        console.print(
            "`leakline dead-letters show NUMBER` prints one as JSON lines; `replay` sends refused rows again."
        )
    return FOUND if rows else FINE


def show(settings: Settings, number: int) -> int:
    """Every row of one file. Raises LeaklineError when there is no such file or it is damaged."""
    with _office(settings) as call:
        start: int | None = 0
        while start is not None:
            page = call("show", number=number, start=start)
            for row in page["rows"]:
                sys.stdout.buffer.write(orjson.dumps(row) + b"\n")
            start = page["next"]
    return FINE


def settle(
    settings: Settings,
    what: str,
    numbers: Sequence[int],
    *,
    destination: str | None,
    everything: bool,
    by: str,
    console: Console,
) -> int:
    """`what` (`replay` or `drop`) with the chosen files; exit status 1 if something was not possible with one."""
    done, failed = {"replay": "to be sent again", "drop": "dropped"}[what], 0
    with _office(settings) as call:
        for number in list(_chosen(call, numbers, destination, everything)):
            try:
                answer = call(what, number=number, by=by)
            except LeaklineError as error:
                failed += 1
                console.print(words(f"{number}: {error}"), soft_wrap=True)
                continue
            whose = f" of {answer['destination']}" if answer["destination"] else ""
            console.print(words(f"{number}: {answer['rows']:,} rows{whose}: {done}"), soft_wrap=True)
    return FOUND if failed else FINE


def count(settings: Settings, numbers: Sequence[int], *, destination: str | None, everything: bool) -> int:
    """Rows in the chosen files."""
    with _office(settings) as call:
        chosen = set(_chosen(call, numbers, destination, everything))
        return sum(row["rows"] for row in _files(call) if row["number"] in chosen)


def _chosen(call: Call, numbers: Sequence[int], destination: str | None, everything: bool) -> Iterator[int]:
    yield from numbers
    for row in _files(call) if everything or destination is not None else ():
        if destination in (None, row["destination"]) and row["number"] not in numbers:
            yield row["number"]


def _files(call: Call) -> Iterator[dict[str, Any]]:
    start: int | None = 0
    while start is not None:
        page = call("list", start=start)
        yield from page["files"]
        start = page["next"]

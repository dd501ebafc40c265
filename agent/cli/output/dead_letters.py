"""`leakline dead-letters`: what is kept and why, through the running daemon or from the state alone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

import orjson
from rich.console import Console

from agent.cli.output.status_parts.status_lines import time
from agent.config.settings import Settings
from agent.daemon.clock import utc_now
from agent.daemon.control.command import ControlCommand
from agent.daemon.control.dead_letters import dead_letter_requests
from agent.daemon.control.requests_made import requests_made
from agent.daemon.status import lanes_of, takes_of
from agent.errors import LeaklineError
from agent.exit_status import FINE, FOUND
from agent.store.queue.dead_letter_files import DeadLetterFiles, file_called
from agent.store.queue.status import Shards
from agent.terminal import paragraph, words
from agent.wording.number import counted

Call = Callable[..., Any]
"""`call("dead_letters_show", file="acme/3")`: what is answered, by the daemon or by the state alone."""

DONE = {"dead_letters_replay": "to be sent again", "dead_letters_drop": "dropped"}


def _office(settings: Settings) -> AbstractContextManager[Call]:
    def alone(shards: Shards, _in_force: Settings) -> Sequence[ControlCommand]:
        lanes, takes = lanes_of(settings.destinations), takes_of(settings.destinations)
        return dead_letter_requests(DeadLetterFiles(shards, lanes, takes, utc_now))

    return requests_made(settings, utc_now, alone)


def show_list(settings: Settings, console: Console, *, as_json: bool) -> int:
    """A line for each file of dead letters; exit status 1 if there are any."""
    with _office(settings) as call:
        rows = list(_files(call))
    if as_json:
        sys.stdout.buffer.write(orjson.dumps(rows) + b"\n")
    elif not rows:
        console.print("No dead letters.")
    else:
        _print_files(rows, console)
        last = "`leakline dead-letters show FILE` prints one as JSON lines; `replay` sends refused rows again."
        paragraph(console, words(last))
    return FOUND if rows else FINE


def _print_files(rows: Sequence[Mapping[str, Any]], console: Console) -> None:
    """A line for each file, and below those of one reason the reason: beside them it has no room."""
    width = max(len(row["file"]) for row in rows)
    for reason, files in groupby(rows, key=itemgetter("reason")):
        for row in files:
            kept = f"  {time(datetime.fromisoformat(row['time']))}" if row["time"] else ""
            line = f"{row['file']:<{width}}{kept}  {row['where']}: {counted(row['rows'], 'row')}"
            paragraph(console, words(line, "bold"), indent=3)
        paragraph(console, words(f"   most frequent reason: {reason or 'none'}"), indent=6)


def show(settings: Settings, file: str) -> int:
    """Every row of one file. Raises LeaklineError when there is no such file or it is damaged."""
    with _office(settings) as call:
        start: int | None = 0
        while start is not None:
            page = call("dead_letters_show", file=file, start=start)
            for row in page["rows"]:
                sys.stdout.buffer.write(orjson.dumps(row) + b"\n")
            start = page["next"]
    return FINE


def settle(
    settings: Settings,
    command: str,
    files: Sequence[str],
    *,
    destination: str | None,
    everything: bool,
    by: str,
    console: Console,
) -> int:
    """`command` (a key of `DONE`) with the chosen files; exit status 1 if something was not possible with one."""
    failed = 0
    with _office(settings) as call:
        for file in list(_chosen(call, settings, files, destination, everything)):
            try:
                answer = call(command, file=file, by=by)
            except LeaklineError as error:
                failed += 1
                console.print(words(f"{file}: {error}"), soft_wrap=True)
                continue
            whose = f" of {answer['destination']}" if answer["destination"] else ""
            console.print(words(f"{file}: {counted(answer['rows'], 'row')}{whose}: {DONE[command]}"), soft_wrap=True)
    return FOUND if failed else FINE


def count(settings: Settings, files: Sequence[str], *, destination: str | None, everything: bool) -> int:
    """Rows in the chosen files."""
    with _office(settings) as call:
        rows = {row["file"]: row for row in _files(call)}
        meant = {_whole_name(rows, settings, file) for file in files}
        meant |= set(_chosen(call, settings, files, destination, everything)) - set(files)
    return sum(row["rows"] for file, row in rows.items() if file in meant)


def _chosen(
    call: Call, settings: Settings, files: Sequence[str], destination: str | None, everything: bool
) -> Iterator[str]:
    """The files as they were written, then those that an option chooses and nobody wrote."""
    yield from files
    if not everything and destination is None:
        return
    rows = {row["file"]: row for row in _files(call)}
    written = {_whole_name(rows, settings, file) for file in files}
    for file, row in rows.items():
        if destination in (None, row["destination"]) and file not in written:
            yield file


def _whole_name(rows: dict[str, dict[str, Any]], settings: Settings, file: str) -> str:
    """`acme/3` for `3`, as the daemon understands it; as it was written where that is not clear, which the daemon says."""
    numbers = {(row["org"], row["number"]): name for name, row in rows.items()}
    try:
        return file if "/" in file else numbers[file_called(file, numbers, [org.name for org in settings.orgs])]
    except LeaklineError:
        return file


def _files(call: Call) -> Iterator[dict[str, Any]]:
    start: str | None = ""
    while start is not None:
        page = call("dead_letters_list", start=start)
        yield from page["files"]
        start = page["next"]

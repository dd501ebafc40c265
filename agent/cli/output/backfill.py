"""`leakline backfill`: what it costs, and how far it is, for people and for programs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from agent.cli.output.console import print_json
from agent.cli.output.status_parts.backfill_progress import progress
from agent.config.settings import Settings
from agent.daemon.backfill.requests import COSTS, STATUSES
from agent.daemon.backfill.span import BackfillSpan
from agent.daemon.control.client import ask, is_there
from agent.errors import LeaklineError
from agent.exit_status import FAILED, FINE, FOUND, INTERRUPTED
from agent.status.backfill import BackfillCost, BackfillStatus
from agent.terminal import paragraph, words
from agent.wording.number import counted

COST_WITHIN = 3600.0
"""Seconds until the cost must be known: a month of all objects is some hundred questions."""
ASK_EVERY = 0.5
"""Seconds between two questions how far it is."""
WIDE = 200
"""Columns of what is written to a file or a pipe."""
SENT_WITHIN = 60.0
"""Seconds that a backfill without a daemon waits for its destinations when everything is read."""


class Backfilling:
    """One run of the command, for the orgs with these names."""

    def __init__(self, settings: Settings, orgs: Sequence[str], out: Console, err: Console, *, as_json: bool) -> None:
        self._settings = settings
        self._socket: Path = settings.state.socket()
        self._orgs = orgs
        self._out = out
        self._err = err
        self._as_json = as_json
        self._costs: list[BackfillCost] = []

    def stop(self) -> int:
        """End what runs; 1 where nothing did."""
        if not is_there(self._socket):
            raise LeaklineError("no daemon is running, so no backfill is", hint="`leakline status` shows the last one")
        found = [org for org in self._orgs if ask(self._socket, "backfill_stop", org=org)]
        for org in found:
            self._out.print(words(f"the backfill of {org} is stopped; the same command continues it"))
        if not found:
            self._out.print("no backfill is running")
        return FINE if found else FOUND

    def run(self, span: BackfillSpan, *, dry_run: bool) -> int:
        """In the daemon, or without one here. The exit status."""
        if is_there(self._socket):
            try:
                return self._work(span, dry_run)
            except KeyboardInterrupt:
                self._err.print(
                    "the backfill continues in the daemon; `leakline status` shows how far it is, `leakline backfill --stop` ends it"
                )
                return INTERRUPTED
        return self._alone(lambda: self._work(span, dry_run))

    # Here, without a daemon

    def _alone(self, work: Callable[[], int]) -> int:
        """With a daemon of our own that reads nothing live."""
        from agent.daemon.daemon import Daemon

        daemon = Daemon(self._settings, reads_live=False)
        found: list[int | LeaklineError] = []

        def watched() -> None:
            try:
                while not is_there(self._socket) and not daemon.stop.wait(0.05):
                    pass
                found.append(work())
                until = time.monotonic() + SENT_WITHIN
                while not daemon.drained() and time.monotonic() < until and not daemon.stop.wait(0.1):
                    pass
            except LeaklineError as error:
                found.append(error)
            finally:
                daemon.stop.set()

        thread = threading.Thread(target=watched, name="follow", daemon=True)
        thread.start()
        status = daemon.run(control=self._socket)
        thread.join(timeout=5.0)
        if not found or daemon.failure:
            if daemon.failure:
                raise LeaklineError(daemon.failure)
            self._err.print("it is paused; the same command continues it, and so does the next start of the daemon")
            return INTERRUPTED if status == FINE else FAILED
        if isinstance(found[0], LeaklineError):
            raise found[0]
        return found[0]

    # What is asked and told

    def _work(self, span: BackfillSpan, dry_run: bool) -> int:
        running = [known.org for known in self._statuses() if known.state in ("running", "paused", "failing")]
        fresh = [org for org in self._orgs if org not in running]
        for org in fresh:
            self._costs.append(self._cost(org, span))
        if self._as_json and dry_run:
            print_json([COSTS.dump_python(cost, mode="json") for cost in self._costs])
        if dry_run:
            return FINE
        for cost in self._costs:
            since, until = cost.since.isoformat(), cost.until.isoformat()
            ask(self._socket, "backfill_start", org=cost.org, since=since, until=until)
        for org in set(self._orgs) - set(fresh):
            self._err.print(words(f"a backfill of {org} is running already: this shows how far it is"))
        return self._follow()

    def _cost(self, org: str, span: BackfillSpan) -> BackfillCost:
        answer = ask(self._socket, "backfill_cost", timeout=COST_WITHIN, org=org, since=span.since, until=span.until)
        cost = COSTS.validate_python(answer)
        if not self._as_json:
            show_cost(cost, self._out)
        return cost

    def _follow(self) -> int:
        """Until all have ended."""
        with progress(self._err, quiet=self._as_json) as tell:
            while True:
                found = [known for known in self._statuses() if known.org in self._orgs]
                tell(found)
                if gone := sorted(set(self._orgs) - {known.org for known in found}):
                    raise LeaklineError(
                        f"{', '.join(gone)} is not an org of the daemon's settings any more, so its past is not read",
                        hint="the backfill continues when it is added again",
                    )
                if all(known.state in ("finished", "stopped") for known in found):
                    break
                time.sleep(ASK_EVERY)
        if self._as_json:
            print_json(STATUSES.dump_python(found, mode="json"))
        for known in found if not self._as_json else ():
            self._out.print(words(ending(known)))
        return FINE if all(known.state == "finished" for known in found) else FOUND

    def _statuses(self) -> list[BackfillStatus]:
        answer: Any = ask(self._socket, "backfill_status")
        if answer is None:
            raise LeaklineError("the daemon has ended", hint="the backfill continues when it is started again")
        return STATUSES.validate_python(answer)


def show_cost(cost: BackfillCost, out: Console) -> None:
    """A table of what is read, and a sentence about all of it."""
    if not out.is_terminal:
        out.width = WIDE
    table = Table("source", "object", "rows", "API calls", "there from", "read up to", box=None, pad_edge=False)
    for feed in cost.feeds:
        if feed.calls:
            oldest = f"{feed.oldest:%Y-%m-%d %H:%M}" if feed.oldest else ""
            until = f"{min(feed.until, cost.until):%Y-%m-%d %H:%M}" if feed.until else ""
            table.add_row(feed.source, feed.name, f"{feed.rows:,}", f"{feed.calls:,}", oldest, until)
    out.print(words(f"{cost.org}, from {cost.since:%Y-%m-%d %H:%M} to {cost.until:%Y-%m-%d %H:%M} UTC"))
    out.print(table)
    empty = sum(feed.is_empty for feed in cost.feeds)
    if empty:
        out.print(words(f"nothing of that time: {counted(empty, 'object')}"))
    for note, names in _remarks(cost).items():
        paragraph(out, words(f"{', '.join(names)}: {note}"), indent=3)
    of_allowance = (
        f", {cost.calls / cost.allowed:.1%} of the {cost.allowed:,} that a backfill may use in a day"
        if cost.allowed
        else ""
    )
    paragraph(
        out,
        words(
            f"about {counted(cost.rows, 'row')} in {counted(cost.calls, 'API call')}{of_allowance}; {duration(cost)} "
            f"(finding this out took {counted(cost.asked, 'call')})"
        ),
    )


def _remarks(cost: BackfillCost) -> dict[str, list[str]]:
    """What is said of feeds: why they are not read, and how their rows are known where they are not counted."""
    found: dict[str, list[str]] = {}
    for feed in cost.feeds:
        remark = feed.note or ("" if feed.basis in ("", "counted") else f"rows are {feed.basis}")
        if remark:
            found.setdefault(remark, []).append(feed.name)
    return found


def duration(cost: BackfillCost) -> str:
    """How long it takes, in words."""
    if cost.days > 1:
        return f"{counted(cost.days, 'day')}, a part each day, because the allowance of API calls is small"
    return f"about {span_text(cost.seconds)}"


def span_text(seconds: float) -> str:
    """`3 minutes`."""
    if seconds < 90:
        return counted(max(1, round(seconds)), "second")
    if seconds < 5400:
        return counted(round(seconds / 60), "minute")
    return counted(round(seconds / 3600), "hour")


def ending(known: BackfillStatus) -> str:
    """What came of a backfill."""
    what = "is read" if known.state == "finished" else f"was stopped at {known.day:%Y-%m-%d}"
    return (
        f"the past of {known.org} {what}: {counted(known.rows, 'row')} in {counted(known.calls, 'API call')} "
        f"(announced: {known.rows_expected:,} in {known.calls_expected:,})"
    )

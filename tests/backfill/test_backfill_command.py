"""What `leakline backfill` says and how it ends, by what a daemon answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from rich.console import Console

from agent.cli.output.backfill import Backfilling
from agent.daemon.backfill.requests import COSTS, STATUSES
from agent.daemon.backfill.span import BackfillSpan
from agent.daemon.control.command import ControlCommand
from agent.daemon.control.server import ControlServer
from agent.errors import LeaklineError
from agent.exit_status import FINE, FOUND
from agent.status.backfill import BackfillCost, BackfillState, BackfillStatus, FeedCost

SINCE, UNTIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 5, tzinfo=UTC)
SPAN = BackfillSpan(SINCE.isoformat(), UNTIL.isoformat())


class AnsweringDaemon:
    """A control socket whose backfill is as a test says, one answer after the other; the last one stays."""

    def __init__(self, path: Path) -> None:
        self.socket = path / "control.sock"
        self.answers: list[list[BackfillStatus]] = [[]]
        self.started = 0
        named = ("backfill_cost", self.cost), ("backfill_start", self.start), ("backfill_status", self.status)
        commands = [ControlCommand(name, run, changes=False) for name, run in named]
        self.server = ControlServer(self.socket, commands)
        self.out = StringIO()

    def cost(self, org: str, since: str, until: str = "") -> Any:
        feeds = [FeedCost("login_history", "LoginHistory", calls=2, rows=10, basis="counted")]
        cost = BackfillCost(
            org=org, since=SINCE, until=UNTIL, feeds=feeds, calls=2, rows=10, asked=1, allowed=100, used=5, seconds=3, days=1,
        )  # fmt: skip
        return COSTS.dump_python(cost, mode="json")

    def start(self, org: str, since: str, until: str) -> str:
        self.started += 1
        return "1"

    def status(self) -> Any:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return STATUSES.dump_python(answer, mode="json")

    def run(self, *, dry_run: bool = False) -> int:
        """The command's exit status."""
        settings = SimpleNamespace(state=SimpleNamespace(socket=lambda: self.socket))
        out, err = Console(file=self.out, width=200), Console(file=StringIO(), width=200)
        return Backfilling(cast("Any", settings), ["acme"], out, err, as_json=False).run(SPAN, dry_run=dry_run)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[AnsweringDaemon]:
    made = AnsweringDaemon(tmp_path)
    yield made
    made.server.close()


def status(state: BackfillState, rows: int = 10) -> list[BackfillStatus]:
    return [
        BackfillStatus(
            org="acme", state=state, since=SINCE, until=UNTIL, day=SINCE, rows=rows, rows_expected=10, calls=2, calls_expected=2,
        )
    ]  # fmt: skip


@pytest.mark.parametrize(("state", "ends"), [("finished", FINE), ("stopped", FOUND)])
def test_it_ends_as_the_backfill_ends(daemon: AnsweringDaemon, state: BackfillState, ends: int) -> None:
    """Only what is read to its end is fine."""
    daemon.answers = [[], status("running", 4), status(state)]
    assert daemon.run() == ends
    assert daemon.started == 1


def test_a_dry_run_begins_nothing(daemon: AnsweringDaemon) -> None:
    """It says what a backfill costs."""
    assert daemon.run(dry_run=True) == FINE
    assert daemon.started == 0
    assert "about 10 rows in 2 API calls, 2.0% of the 100" in daemon.out.getvalue()


def test_an_org_that_is_removed_meanwhile_is_not_read(daemon: AnsweringDaemon) -> None:
    """And that is said: nothing is fine by having no backfill any more."""
    daemon.answers = [[], status("running", 4), []]
    with pytest.raises(LeaklineError, match="acme is not an org of the daemon's settings any more"):
        daemon.run()

"""What the commands about drills ask the daemon, and how they show the answer."""

from __future__ import annotations

import getpass
import time
from typing import Any

from agent.cli.output.console import out, print_json
from agent.cli.output.drills.page import (
    print_begin,
    print_left,
    print_stage,
    print_verdict,
    print_waiting,
    show_list,
    show_status,
)
from agent.config.settings import Settings
from agent.daemon.control.client import ask
from agent.errors import LeaklineError
from agent.exit_status import FINE, FOUND

LOOK_EVERY = 0.3
"""Seconds."""
SAID_AFTER = 5
"""Looks, until it is said that a drill waits."""


def listed(settings: Settings, *, as_json: bool) -> None:
    """`leakline drill list`."""
    found = _asked(settings, "drill_list")
    if as_json:
        print_json(found)
    else:
        show_list(found, out)


def ran(settings: Settings, scenario: str, speed: float, *, as_json: bool) -> int:
    """`leakline drill run`: each stage as soon as it is judged. The exit status."""
    drill = _asked(settings, "drill_run", scenario=scenario, speed=speed, by=getpass.getuser())
    if not as_json:
        print_begin(drill, out)
    try:
        drill = _ended(settings, drill["id"], is_shown=not as_json)
    except KeyboardInterrupt:
        if not as_json:
            print_left(drill, out)
        raise
    if as_json:
        print_json(drill)
    else:
        print_verdict(drill, out)
    return FINE if drill["verdict"] == "passed" else FOUND


def _ended(settings: Settings, number: str, *, is_shown: bool) -> Any:
    """The drill, once it has. `is_shown`: whether its stages are printed meanwhile."""
    shown, looks = 0, 0
    while True:
        drill = _asked(settings, "drill_show", number=number)
        if is_shown:
            for stage in drill["stages"][shown:]:
                print_stage(stage, drill, out)
            shown, looks = len(drill["stages"]), looks + 1
            if looks == SAID_AFTER and drill["verdict"] == "waiting":
                print_waiting(out)
        if drill["verdict"] not in ("waiting", "running"):
            return drill
        time.sleep(LOOK_EVERY)


def status(settings: Settings, *, as_json: bool) -> int:
    """`leakline drill status`. The exit status: 1 where one failed last, or is overdue."""
    found = _asked(settings, "drill_status")
    if as_json:
        print_json(found)
    else:
        show_status(found, out)
    return FOUND if found["overdue"] or found["failed"] or found["damaged"] else FINE


def _asked(settings: Settings, request: str, /, **arguments: Any) -> Any:
    socket = settings.state.socket()
    answer = ask(socket, request, **arguments)
    if answer is None:
        hint = "start it (`leakline run`): a drill goes through the pipeline that runs"
        raise LeaklineError(f"no daemon is running at {socket}", hint=hint)
    return answer

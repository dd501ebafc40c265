"""What the commands about who is on call ask, and how they show the answer."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from typing import Any

from agent.cli.output.console import out, print_json
from agent.cli.output.on_call.page import show_page
from agent.config.settings import Settings
from agent.daemon.clock import utc_now
from agent.daemon.on_call.on_call_access import on_call_requests
from agent.daemon.on_call.on_call_requests import PREFIX
from agent.errors import LeaklineError
from agent.notice.on_call.calendar_output import calendar
from agent.notice.on_call.shift import Shift
from agent.terminal import paragraph, words


def shown(settings: Settings, *, as_json: bool, **arguments: Any) -> None:
    """`leakline oncall show`."""
    found = _answer(settings, "show", **arguments)
    if as_json:
        print_json(found)
    else:
        show_page(found, out)


def exported(settings: Settings, weeks: int) -> bytes:
    """A calendar file with the shifts of the next weeks, those that have begun included."""
    found = _answer(settings, "show", weeks=weeks)
    return calendar(map(_shift, found["shifts"]), utc_now())


def changed(settings: Settings, request: str, *, as_json: bool, **arguments: Any) -> None:
    """Any request that changes something, in the name of the user who runs the command."""
    found = _answer(settings, request, by=getpass.getuser(), **arguments)
    if as_json:
        print_json(found)
    else:
        paragraph(out, words(found["message"]), indent=2)


def _shift(values: dict[str, Any]) -> Shift:
    begins, ends = (datetime.fromisoformat(values[name]).astimezone(UTC) for name in ("begins", "ends"))
    return Shift(begins, ends, values["person"], values["rotation"], values["source"])


def _answer(settings: Settings, request: str, **arguments: Any) -> dict[str, Any]:
    with on_call_requests(settings, utc_now) as ask:
        answer: dict[str, Any] | None = ask(PREFIX + request, **arguments)
    if answer is None:
        raise LeaklineError("the daemon ended before it answered", hint="try again")
    return answer

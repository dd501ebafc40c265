"""What the commands about incidents ask, and how they show the answer."""

from __future__ import annotations

import getpass
from typing import Any

from agent.cli.output.console import out, print_json
from agent.cli.output.incidents.listing import show_list
from agent.cli.output.incidents.page import show_page
from agent.config.settings import Settings
from agent.daemon.clock import utc_now
from agent.daemon.incidents.incident_access import incident_requests
from agent.daemon.incidents.incident_requests import PREFIX
from agent.errors import LeaklineError
from agent.terminal import paragraph, words

JUDGING = frozenset({"acknowledge", "anchor", "fact", "decide", "merge", "split"})
"""Requests after which another step may be the next."""


def listed(settings: Settings, *, as_json: bool, **arguments: Any) -> None:
    """`leakline incidents list`."""
    found = _answer(settings, "list", **arguments)
    if as_json:
        print_json(found)
    else:
        show_list(found, out, utc_now())


def shown(settings: Settings, number: str, *, as_json: bool) -> None:
    """`leakline incidents show`."""
    found = _answer(settings, "show", number=number)
    if as_json:
        print_json(found)
    else:
        show_page(found, out, utc_now())


def changed(settings: Settings, request: str, *, as_json: bool, **arguments: Any) -> None:
    """Any request that changes an incident, in the name of whoever runs the command."""
    found = _answer(settings, request, by=getpass.getuser(), **arguments)
    if as_json:
        print_json(found)
        return
    paragraph(out, words(found["message"]), indent=2)
    for step in found["next"][:1] if request in JUDGING else ():
        paragraph(
            out, words(f"next: {step['what']}" + (f" (`{step['command']}`)" if step["command"] else "")), indent=2
        )


def _answer(settings: Settings, request: str, **arguments: Any) -> dict[str, Any]:
    with incident_requests(settings, utc_now) as ask:
        answer: dict[str, Any] | None = ask(PREFIX + request, **arguments)
    if answer is None:
        raise LeaklineError("the daemon ended before it answered", hint="try again")
    return answer

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


def shown(settings: Settings, number: str, *, as_json: bool, named: str) -> None:
    """`leakline incidents show`; `named`: ` -c FILE`, where commands that are printed need it."""
    found = _answer(settings, "show", number=number)
    if as_json:
        print_json(found)
    else:
        show_page({**found, "next": _copied(found["next"], named)}, out, utc_now())


def changed(settings: Settings, request: str, *, as_json: bool, named: str, **arguments: Any) -> None:
    """Any request that changes an incident, in the name of whoever runs the command."""
    found = _answer(settings, request, by=getpass.getuser(), **arguments)
    if as_json:
        print_json(found)
        return
    paragraph(out, words(found["message"]), indent=2)
    for step in _copied(found["next"][:1], named) if request in JUDGING else ():
        paragraph(
            out, words(f"next: {step['what']}" + (f" (`{step['command']}`)" if step["command"] else "")), indent=2
        )


def _copied(steps: list[dict[str, str]], named: str) -> list[dict[str, str]]:
    """Steps whose commands ask the same settings as the command that prints them."""
    return [{**step, "command": step["command"] and step["command"] + named} for step in steps]


def _answer(settings: Settings, request: str, **arguments: Any) -> dict[str, Any]:
    with incident_requests(settings, utc_now) as ask:
        answer: dict[str, Any] | None = ask(PREFIX + request, **arguments)
    if answer is None:
        raise LeaklineError("the daemon ended before it answered", hint="try again")
    return answer

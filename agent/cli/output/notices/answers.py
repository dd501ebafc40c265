"""What the commands about notices ask, and how they show the answer."""

from __future__ import annotations

import getpass
from typing import Any, Literal

from agent.cli.output.console import out, print_json
from agent.cli.output.notices.document import markdown, text_lines
from agent.cli.output.notices.listing import show_list
from agent.config.settings import Settings
from agent.daemon.clock import utc_now
from agent.daemon.notices.notice_access import notice_requests
from agent.daemon.notices.notice_requests import PREFIX
from agent.errors import LeaklineError
from agent.terminal import paragraph, words

MOST_MISSING = 60
"""Lines of what is missing; JSON has all."""


def listed(settings: Settings, *, limit: int, as_json: bool) -> None:
    """`leakline notices list`."""
    found = _answer(settings, "list", limit=limit)
    if as_json:
        print_json(found)
    else:
        show_list(found, out, utc_now())


def shown(
    settings: Settings, number: str, obligation: str, version: int, form: Literal["text", "markdown", "json"]
) -> None:
    """`leakline notices show`."""
    found = _answer(settings, "show", number=number, obligation=obligation, version=version)
    if form == "json":
        print_json(found)
    elif form == "markdown":
        out.print(markdown(found), soft_wrap=True)
    else:
        for line in text_lines(found):
            paragraph(out, line, indent=4)


def changed(settings: Settings, request: str, named: str, *, as_json: bool, **arguments: Any) -> None:
    """Any request that changes a notice, in the name of whoever runs the command."""
    found = _answer(settings, request, by=getpass.getuser(), **arguments)
    if as_json:
        print_json(found)
        return
    paragraph(out, words(found["message"]), indent=2)
    if request == "draft":
        _print_missing(found, named)


def _print_missing(found: dict[str, Any], named: str) -> None:
    missing, follow_up = found["missing"], found["follow_up"]
    if follow_up["given"]:
        paragraph(
            out, words(f"given now, missing in what was sent: {', '.join(follow_up['given'])}", "green"), indent=2
        )
    if follow_up["open"]:
        paragraph(
            out, words(f"missing in what was sent, and still: {', '.join(follow_up['open'])}", "yellow"), indent=2
        )
    if missing:
        out.print(f"missing: {len(missing)}", style="yellow")
    for entry in missing[:MOST_MISSING]:
        way = entry["how"][0]
        ways = f"`{_copied(way, found, named)}`" if way.startswith(("leakline ", "--set")) else way
        paragraph(out, words(f"  {entry['id']} ({entry['title']}): {ways}"), indent=4)
    if missing:
        own = f"leakline notices draft {found['incident']} {found['obligation']} --set {missing[0]['id']}=VALUE{named}"
        paragraph(out, words(f"  or write any of it here: `{own}`"), indent=4)
    if found["to_confirm"]:
        names = ", ".join(entry["id"] for entry in found["to_confirm"])
        paragraph(out, words(f"estimated, to be confirmed: {names}", "yellow"), indent=2)
    whole = f"leakline notices show {found['incident']} {found['obligation']}{named}"
    paragraph(out, words(f"`{whole}` shows it whole. {found['statement']}"), indent=2)


def _copied(way: str, found: dict[str, Any], named: str) -> str:
    """A command as it is copied."""
    before = f"leakline notices draft {found['incident']} {found['obligation']} " if way.startswith("--set") else ""
    return before + way + named


def _answer(settings: Settings, request: str, **arguments: Any) -> dict[str, Any]:
    with notice_requests(settings, utc_now) as ask:
        answer: dict[str, Any] | None = ask(PREFIX + request, **arguments)
    if answer is None:
        raise LeaklineError("the daemon ended before it answered", hint="try again")
    return answer

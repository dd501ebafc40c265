"""The demo's people are told of the gravest incident, one of them acknowledges it by the link in the message, and the first notice is
drafted.
"""

from __future__ import annotations

import base64
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path
from typing import Any

import httpx

from agent.daemon.clock import utc_now
from agent.daemon.daemon import Daemon
from agent.daemon.listening.inbound_listener import inbound_served
from agent.demo.receiver import Receiver, free_port
from agent.notice.incidents.incident import LEVELS

PERSON, COLLEAGUE = "ana", "ben"
MOST_NAMED = 3
"""Missing fields that are named."""
TURNS = 50
"""Of escalation and its sender."""
PATIENCE = 10.0
"""Seconds for the listener to answer."""

_FIELD = re.compile(r'name="(proof|who)" value="([^"]*)"')


@dataclass(frozen=True, slots=True)
class DemoTelling:
    """What became of it."""

    incident: str
    summary: str
    """Of the message that came; empty where none did."""
    acknowledged_by: str = ""
    """Empty where the link did not serve."""
    opening_changed_nothing: bool = False
    """Whether it was still waiting after the page was opened."""
    obligation: str = ""
    """Of the notice that was drafted."""
    missing: int = 0
    """Fields of it that a person has to fill."""
    first_missing: str = ""

    @property
    def is_well(self) -> bool:
        return bool(self.acknowledged_by and self.opening_changed_nothing and self.obligation)


def arrangements(folder: Path, address: str) -> dict[str, Any]:
    """What the demo's settings say of `notice` beside the law, and of the listener. `address`: of the receiver."""
    secret = folder / "webhook-secret"
    secret.write_text(f"whsec_{base64.b64encode(os.urandom(24)).decode()}", encoding="ascii")
    secret.chmod(0o600)
    port = free_port()
    return {
        "inbound": {"listen": f"127.0.0.1:{port}", "public_url": f"http://127.0.0.1:{port}"},
        "notice": {
            "people": [{"name": PERSON, "channels": ["hook"]}, {"name": COLLEAGUE, "channels": ["hook"]}],
            "channels": [{"name": "hook", "type": "webhook", "url": address, "secret": {"file": str(secret)}}],
            "policies": [
                {
                    "name": "grave",
                    "levels": [LEVELS[-1]],
                    "steps": [{"notify": ["on_call"]}, {"notify": ["everyone"], "after": "15m"}],
                },
                # Later than the demo lasts: what it shows is one message about one incident.
                {
                    "name": "high",
                    "levels": ["high"],
                    "steps": [
                        {"notify": ["on_call"], "after": "5m"},
                        {"notify": ["everyone"], "after": "20m"},
                    ],
                },
            ],
            "on_call": {
                "rotations": [
                    {"name": "week", "people": [PERSON], "every": "7d", "handover": "Mon 09:00 Europe/Berlin"}
                ]
            },
        },
    }


def without_receiver(written: dict[str, Any]) -> dict[str, Any]:
    """The demo's settings for whoever goes on with them: the receiver of its messages has ended with it, so that messages go to the
    destination.
    """
    kept = {"name": "file", "type": "destination", "destination": "file"}
    people = [{**person, "channels": [kept["name"]]} for person in written["notice"]["people"]]
    return {**written, "notice": {**written["notice"], "channels": [kept], "people": people}}


def tell(daemon: Daemon, receiver: Receiver) -> DemoTelling | None:
    """None where no incident is grave enough. What the threads of the daemon do is done here in turn."""
    ask = {command.name: command.run for command in daemon.notice.commands}
    rows = [row for row in ask["incidents_list"](limit=1_000)["incidents"] if row["level"] == LEVELS[-1]]
    if not rows:
        return None
    _tell_and_send(daemon)
    number = max(rows, key=lambda row: (row["origin"] == "live", row["score"], row["alerts"]))["id"]
    message = receiver.about(number)
    if message is None:
        return DemoTelling(number, "")
    looks: list[Callable[[], None]] = []
    links = daemon.notice.links.acknowledgements
    with inbound_served(daemon.node.settings.inbound, daemon.node, utc_now, looks, links), httpx.Client() as client:
        page = _opened(client, str(message["link"]))
        waited = not ask["incidents_show"](number=number)["incident"].get("acknowledged_by")
        form = {name: unescape(value) for name, value in _FIELD.findall(page)}
        client.post(str(message["link"]), data={**form, "who": PERSON}, timeout=PATIENCE)
    by = str(ask["incidents_show"](number=number)["incident"].get("acknowledged_by") or "")
    _tell_and_send(daemon)
    return _with_notice(DemoTelling(number, str(message["summary"]), by, waited), ask)


def _tell_and_send(daemon: Daemon) -> None:
    """Until nobody is to be told any more."""
    telling = daemon.notice.telling
    for _ in range(TURNS):
        count = telling.escalation.turn() if telling.escalation is not None else 0
        if not count + sum(sender.turn() for sender in telling.senders):
            return


def _opened(client: httpx.Client, link: str) -> str:
    """The page; the listener may need a moment."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return client.get(link, timeout=PATIENCE).text
        except httpx.ConnectError:
            if time.monotonic() > end:
                return ""
            time.sleep(0.1)


def _with_notice(told: DemoTelling, ask: Mapping[str, Callable[..., Any]]) -> DemoTelling:
    """With the first notice that the incident's clocks ask for, drafted."""
    rows = [row for row in ask["notices_list"]()["notices"] if row["incident"] == told.incident]
    if not rows:
        return told
    obligation = str(rows[0]["obligation"])
    draft = ask["notices_draft"](number=told.incident, obligation=obligation, by=PERSON)
    missing = [str(entry["title"]) for entry in draft["missing"]]
    return replace(told, obligation=obligation, missing=len(missing), first_missing="; ".join(missing[:MOST_NAMED]))

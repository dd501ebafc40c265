"""People and systems beside the chaos: reports that open incidents now and then, and somebody who acknowledges each by a link."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field

import httpx

from tests.chaos.havoc import Span
from tests.chaos.receiving.receivers import Receivers
from tests.chaos.reports import BUTTON, acknowledge, report

PATIENCE = 4.0
"""Seconds from the first message about an incident to the acknowledgement."""


@dataclass
class Responses:
    """What was answered."""

    reported: dict[str, float] = field(default_factory=dict)
    """When each report was taken, in seconds since 1970, by its name."""
    acknowledged: dict[str, float] = field(default_factory=dict)
    """When each incident was acknowledged, by its id."""


class Responders:
    """From the start until it is closed."""

    def __init__(self, listener: str, receivers: Receivers, incidents: Span, seed: int) -> None:
        """`incidents`: seconds between two."""
        self.responses = Responses()
        self._listener = listener
        self._receivers = receivers
        self._incidents = incidents
        self._chance = random.Random(f"{seed} incidents")
        self._no_more = threading.Event()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._report), threading.Thread(target=self._acknowledge)]
        for thread in self._threads:
            thread.start()

    def end_reports(self) -> None:
        """What is reported is still acknowledged."""
        self._no_more.set()
        self._threads[0].join()

    def close(self) -> None:
        self._no_more.set()
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _report(self) -> None:
        """A report is sent again until it is taken, as senders do."""
        number = 0
        while not self._no_more.wait(self._chance.uniform(*self._incidents)):
            number += 1
            name = f"job-{number}"
            while not self._no_more.is_set():
                if report(self._listener, name):
                    self.responses.reported[name] = time.time()
                    break
                self._no_more.wait(1.0)

    def _acknowledge(self) -> None:
        """By the newest link that came, tried again until it works: the agent may be killed at any moment of it."""
        while not self._stop.wait(1.0):
            first: dict[str, float] = {}
            links: dict[str, str] = {}
            for message in self._receivers.received("escalation"):
                first.setdefault(message.incident, message.at)
                links[message.incident] = message.link or links.get(message.incident, "")
            for incident, link in links.items():
                if incident in self.responses.acknowledged or time.time() - first[incident] < PATIENCE:
                    continue
                try:
                    page = acknowledge(link)
                except httpx.HTTPError:
                    continue
                # The answer to the request that did it may have been lost: then there is no button any more.
                if BUTTON not in page:
                    self.responses.acknowledged[incident] = time.time()

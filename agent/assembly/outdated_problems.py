"""Problems of sources and destinations that a shard no longer has by the settings: nobody else would ever end them."""

from __future__ import annotations

from collections.abc import Collection

from agent.store.problems import Problems

OF_SOURCES = ("source-failed", "source-held-back", "pass-failed", "source-stopped", "record-passed-over")
OF_ORGS = ("look-up-failed", "clock-skew")
OF_DESTINATIONS = ("destination-unavailable", "destination-stopped")


def end_outdated(problems: Problems, sources: Collection[str], destinations: Collection[str]) -> None:
    """End what an earlier run of the daemon could not read or deliver to and this one does not try.

    `sources`, `destinations`: the names that the settings have now. Losses stay: they wait for a person.
    """
    orgs = {source.partition("/")[0] for source in sources}  # a source's name begins with its org's
    named = dict.fromkeys(OF_SOURCES, sources) | dict.fromkeys(OF_DESTINATIONS, destinations)
    named |= dict.fromkeys(OF_ORGS, orgs)
    for problem in problems.open():
        if problem.subject not in named.get(problem.kind, (problem.subject,)):
            problems.over(problem.kind, problem.subject, f"the settings no longer use {problem.subject} here")

"""What an alert of a baseline says was unusual: the words are its kind's, the titles those of its rules."""

from __future__ import annotations

from collections.abc import Mapping

from agent.detection.baseline.kinds import kind_of
from agent.detection.baseline.open_alert import AlertChange
from agent.wording.phrase import listed, quoted


class BaselineWording:
    """`titles`: of every rule by id."""

    def __init__(self, titles: Mapping[str, str]) -> None:
        self._titles = titles

    def __call__(self, change: AlertChange) -> str:
        """What was unusual, for a change of an alert."""
        baseline = change.baseline
        events = listed([quoted(self._titles.get(base, base)) for base in dict.fromkeys(baseline.bases)], "or")
        return kind_of(baseline).comparison(baseline, change.alert, events)

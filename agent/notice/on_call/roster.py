"""Whom the words of a policy's step mean at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from agent.notice.arrangements.people import PersonSettings


class Roster(Protocol):
    """Safe for threads."""

    def people(self, notify: Sequence[str], at: datetime) -> list[PersonSettings]:
        """Whom the words mean (see `StepSettings.notify`), each once; empty where nobody is on call. A name that the settings
        do not have any more means nobody.
        """
        ...

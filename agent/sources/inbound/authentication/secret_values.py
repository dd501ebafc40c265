"""Secrets of senders in memory, so that no request waits for a disk."""

from __future__ import annotations

from collections.abc import Sequence

from agent.errors import SettingsError
from agent.secret import SecretReference


class SecretValues:
    """`read` is for a thread that may wait; the values are swapped whole, for any thread."""

    def __init__(self, references: Sequence[SecretReference]) -> None:
        self._references = references
        self.values: tuple[str, ...] = ()
        """Those that can be read."""
        self.problem = ""
        """Why one cannot be read, empty while all can."""

    def read(self) -> bool:
        """Anew, from where the settings say; whether they changed. A secret that cannot be read is none."""
        values, problem = [], ""
        for reference in self._references:
            try:
                values.append(reference.read())
            except SettingsError as error:
                problem = str(error)
        changed = tuple(values) != self.values
        self.values, self.problem = tuple(values), problem
        return changed

"""A setting that asks for less than the law does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FloorBreach:
    """One setting below its floor."""

    key: str
    """The path of the setting, such as `notice.policies[0].acknowledgement`."""
    written: str
    """What stands there."""
    floor: str
    """What must stand there at least."""
    message: str
    """What is wrong, in words."""
    fix: str
    """What to write."""
    regime: str = ""
    """Whose floor it is; empty where it is that of no single regime."""
    obligation: str = ""
    article: str = ""
    """Of the law, with its instrument."""

    @property
    def sentence(self) -> str:
        return f"{self.message}; {self.fix}"

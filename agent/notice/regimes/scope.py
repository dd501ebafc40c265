"""Whom regimes may bind: what this room asks of the settings `notice` (`agent.notice.settings.NoticeSettings`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol


class Contract(Protocol):
    """One that asks for a notice."""

    @property
    def name(self) -> str: ...

    @property
    def anchor(self) -> str:
        """From what the hours count."""
        ...

    @property
    def hours(self) -> float: ...

    @property
    def recipient(self) -> str: ...


class Scope(Protocol):
    """Who and where somebody is."""

    @property
    def zone(self) -> str | None: ...

    @property
    def jurisdictions(self) -> Sequence[str]: ...

    @property
    def roles(self) -> Sequence[str]: ...

    @property
    def sectors(self) -> Sequence[str]: ...

    @property
    def contracts(self) -> Sequence[Contract]: ...

    @property
    def pack(self) -> Path | None:
        """A newer pack than the shipped one."""
        ...

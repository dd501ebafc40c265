"""One case of the fuzz: a document by a seed, read as a start reads it; accepted, it is judged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from agent.assembly.notice.floors import notice_at_floors, pack_for, refuse_weaker_by
from agent.config.settings import Settings, parse
from agent.config.settings_file import read_document
from agent.errors import SettingsError
from agent.notice.regimes.pack import shipped
from agent.notice.settings import NoticeSettings
from tests.notice.floors.documents import document
from tests.notice.floors.judge import faults

FIRST = datetime(2026, 11, 27, tzinfo=UTC)
"""Before that some laws were not in force; incidents are within three years of it."""


@dataclass(frozen=True)
class Verdict:
    """Of one seed."""

    seed: int
    refused: str = ""
    """Why; empty for what was accepted."""
    works: NoticeSettings | None = None
    """By which the daemon would go; of what was accepted."""
    faults: tuple[str, ...] = ()


def judged(seed: int, folder: Path) -> Verdict:
    """`folder`: where the file is written. Whatever but SettingsError is raised is a fault of the reader, and comes out."""
    path = folder / "leakline.yaml"
    path.write_text(document(seed), encoding="utf-8")
    try:
        settings = accepted(path)
        asks = settings.notice is not None and settings.notice.pack is not None
        pack = pack_for(settings) if asks else shipped().pack  # which is the same, and read once
        refuse_weaker_by(settings, pack)
    except SettingsError as error:
        return Verdict(seed, str(error))
    works = notice_at_floors(settings, pack)
    assert settings.notice is not None, "every document has it"
    assert works is not None
    return Verdict(seed, works=works, faults=tuple(faults(settings.notice, works, detection(seed))))


def accepted(path: Path) -> Settings:
    """Raises SettingsError."""
    return parse(read_document(path), path.name)


def detection(seed: int) -> datetime:
    """Any minute, so that weekends, ends of years and changes of clocks are among them."""
    return FIRST + timedelta(minutes=Random(f"at {seed}").randrange(3 * 365 * 24 * 60))

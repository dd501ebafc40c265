"""Archives that tests unpack."""

from __future__ import annotations

import tarfile
from pathlib import Path


def extract(archive: tarfile.TarFile, folder: Path) -> None:
    """All of it. Python 3.11 has filters from 3.11.4 on, and asks for one from 3.14 on."""
    if hasattr(tarfile, "data_filter"):
        archive.extractall(folder, filter="data")
    else:
        archive.extractall(folder)  # noqa: S202 - what we packed ourselves

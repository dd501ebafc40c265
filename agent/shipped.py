"""Where the rules, their samples and the mappings that come with Leakline lie."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def shipped(folder: str) -> Path:
    """The folder `rules`, `samples` (of the rules) or `mappings`: inside an installed wheel, else in the checkout.

    Raises FileNotFoundError when neither has it: the installation is incomplete.
    """
    package = Path(__file__).parent
    checkout = package.parent / {"samples": "tests/rules"}.get(folder, folder)
    for place in (package / "_data" / folder, checkout):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"{folder} is missing from this installation of Leakline: install it again")


def rule_places(named: Sequence[Path] | None) -> list[Path]:
    """Files and folders of rules: those named, or the shipped ones."""
    return list(named) if named else [shipped("rules")]

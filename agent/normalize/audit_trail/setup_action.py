"""Actions of the setup audit trail, from `actions.yaml` beside this file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from agent.normalize.audit_trail.display_template import DisplayTemplate

Risk = Literal["info", "low", "medium", "high", "critical"]


@dataclass(frozen=True, slots=True)
class SetupAction:
    """What is known of an action."""

    name: str
    """As it was seen; orgs differ in capitals."""
    area: str
    does: str
    """`event.action`."""
    category: str
    """`event.category`."""
    type: Sequence[str]
    """`event.type`."""
    risk: Risk
    section: str | None
    """Where in Setup, in English; None where rows have none."""
    changes: str | None
    """The attribute of the user that went from one value to another: `email`, `name` or `roles`."""
    says: Sequence[DisplayTemplate]
    """What its Display may be; the first that fits counts."""


@cache
def setup_actions() -> Mapping[str, SetupAction]:
    """All of them, by name in lower case."""
    document = yaml.safe_load(Path(__file__).with_name("actions.yaml").read_text(encoding="utf-8"))
    return {action.name.lower(): action for area, entry in document.items() for action in _of_area(area, entry)}


def is_known(action: str) -> bool:
    """Whether an action, in any spelling, is described."""
    return action.strip().lower() in setup_actions()


def _of_area(area: str, entry: Mapping[str, Any]) -> Iterator[SetupAction]:
    actions = entry["actions"]
    for name, facts in actions.items():
        says = facts.get("says") or (actions[facts["like"]]["says"] if "like" in facts else [])
        yield SetupAction(
            name=name,
            area=area,
            does=facts["does"],
            category=facts.get("category", entry["category"]),
            type=tuple(facts.get("type", entry["type"])),
            risk=facts["risk"],
            section=facts.get("section"),
            changes=facts.get("changes"),
            says=tuple(DisplayTemplate.of(text) for text in ([says] if isinstance(says, str) else says)),
        )

"""Rules as the rest of the program knows them: values of our own, nothing of the library that read them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import orjson

from agent.detection.condition.tree import Node
from agent.detection.sigma.log_source import LogSource

Level = Literal["informational", "low", "medium", "high", "critical"]

Status = Literal["stable", "test", "experimental", "deprecated", "unsupported"]

STATUSES: tuple[Status, ...] = ("stable", "test", "experimental")
"""Sigma statuses of rules that run unless the settings say otherwise: not `deprecated`, not `unsupported`."""

SEVERITY: Mapping[Level, int] = {"informational": 10, "low": 25, "medium": 50, "high": 75, "critical": 95}
"""`event.severity` of an alert, out of 100."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A Sigma rule. `condition` is the OR of all its conditions, filters included."""

    id: str
    title: str
    condition: Node
    logsource: LogSource
    path: Path
    line: int
    name: str = ""
    description: str = ""
    level: Level = "medium"
    status: str = "experimental"
    version: str = ""
    """The date of the last change, as the rule states it."""
    author: str = ""
    licence: str = ""
    tags: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    falsepositives: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    """Fields that an analyst wants to see, by the rule's word."""
    similar: tuple[str, ...] = ()
    """Ids of rules that it names as `related`, of type `similar`."""
    custom: Mapping[str, Any] = field(default_factory=dict)
    """The `leakline` key of the rule: `family`, `feed`, `level_reason`, `triage`; or `feeder`."""

    @property
    def techniques(self) -> tuple[str, ...]:
        """ATT&CK technique ids in the order of the tags: `T1213.004`."""
        return tuple(t[7:].upper() for t in self.tags if t.lower().startswith("attack.t") and t[8:9].isdigit())

    @property
    def tactics(self) -> tuple[str, ...]:
        """ATT&CK tactics among the tags, as they are written there: `exfiltration`."""
        return tuple(t[7:] for t in self.tags if t.startswith("attack.") and t[7:].replace("-", "").isalpha())

    @property
    def family(self) -> str:
        return str(self.custom.get("family") or self.path.parent.name)

    @property
    def feed(self) -> str:
        """What the org must have for the rule's log source to exist: `free`, `event_monitoring` or `real_time`."""
        return str(self.custom.get("feed", ""))

    @property
    def triage(self) -> str:
        return str(self.custom.get("triage", ""))

    @property
    def is_feeder(self) -> bool:
        """Whether it raises no alerts of its own, whatever is made of it."""
        return self.custom.get("feeder") is True


def with_id(rule: Rule, data: dict[str, Any]) -> Rule:
    """With an id made from its content, if it has none."""
    if rule.id:
        return rule
    content = orjson.dumps(data, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return replace(rule, id=str(uuid.uuid5(uuid.NAMESPACE_OID, content.decode())))

"""Rules as the rest of the program knows them: values of our own, nothing of the library that read them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import orjson

from agent.detection.condition.tree import Node
from agent.errors import FileError

if TYPE_CHECKING:
    from agent.detection.baseline.baseline import Baseline
    from agent.detection.correlation.correlation import Correlation

Level = Literal["informational", "low", "medium", "high", "critical"]

Status = Literal["stable", "test", "experimental", "deprecated", "unsupported"]

STATUSES: tuple[Status, ...] = ("stable", "test", "experimental")
"""Sigma statuses of rules that run unless the settings say otherwise: not `deprecated`, not `unsupported`."""

SEVERITY: Mapping[Level, int] = {"informational": 10, "low": 25, "medium": 50, "high": 75, "critical": 95}
"""`event.severity` of an alert, out of 100."""

ALIASES: Mapping[str, frozenset[str]] = {
    "event_monitoring": frozenset({"event_log_file", "real_time_event_monitoring"}),
}
"""Service names in use elsewhere that mean more than one of ours."""


@dataclass(frozen=True, slots=True)
class LogSource:
    """What a rule is about, or what a batch is; None in a rule means any."""

    product: str | None = None
    service: str | None = None
    category: str | None = None

    def covers(self, batch: LogSource) -> bool:
        """Whether a rule for this log source is meant for rows of `batch`."""
        return (
            self.product in (None, batch.product)
            and self.category in (None, batch.category)
            and (self.service in (None, batch.service) or batch.service in ALIASES.get(self.service or "", ()))
        )


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


def identified(rule: Rule, data: dict[str, Any]) -> Rule:
    """With an id made from its content, if it has none."""
    if rule.id:
        return rule
    content = orjson.dumps(data, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return replace(rule, id=str(uuid.uuid5(uuid.NAMESPACE_OID, content.decode())))


@dataclass(frozen=True, slots=True)
class RuleSet:
    """What was loaded and what was not."""

    rules: tuple[Rule, ...] = ()
    errors: Sequence[FileError] = ()
    correlations: tuple[Correlation, ...] = ()
    baselines: tuple[Baseline, ...] = ()
    unheard: tuple[tuple[str, str], ...] = ()
    """What was to be left out by `selected` and is not, with the reason."""
    hushed: frozenset[str] = frozenset()
    """Ids of what is here for others only: it was not wanted, or not asked for, and something wanted is made of it."""

    @property
    def derived(self) -> tuple[Correlation | Baseline, ...]:
        """What alerts on rows that rules matched."""
        return (*self.correlations, *self.baselines)

    @property
    def silent(self) -> frozenset[str]:
        """Ids of rules and correlations that only feed correlations or baselines: feeders, those that are hushed, and
        those named by a correlation or baseline that does not say `generate`.
        """
        named = frozenset(base for derived in self.derived if not derived.generate for base in derived.bases)
        return named | self.hushed | {rule.id for rule in self.known if rule.is_feeder}

    @property
    def known(self) -> tuple[Rule, ...]:
        """All rules, and what correlations and baselines say of themselves."""
        return (*self.rules, *(one.rule for one in self.derived))

    @property
    def alerting(self) -> tuple[Rule, ...]:
        """What raises alerts: those that are not silent."""
        silent = self.silent
        return tuple(rule for rule in self.known if rule.id not in silent)

    @property
    def silently(self) -> int:
        """How many rules, correlations and baselines only feed others."""
        return len(self.known) - len(self.alerting)

    def __len__(self) -> int:
        return len(self.rules)

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def selected(
        self, *, minimum: Level = "informational", without: Sequence[str] = (), statuses: Collection[str] = STATUSES
    ) -> RuleSet:
        """What is of at least this level, of one of these statuses, and whose id and name are not among `without`;
        and the rules it is fed by.
        """

        def wanted(rule: Rule) -> bool:
            grave = SEVERITY[rule.level] >= SEVERITY[minimum]
            return grave and rule.status in statuses and not {rule.id, rule.name}.intersection(without)

        silent = self.silent
        baselines = tuple(one for one in self.baselines if wanted(one.rule))
        feeding = {base for one in baselines for base in one.bases}
        chosen: set[str] = set()
        while True:  # a correlation may be made of correlations
            more = [
                one
                for one in self.correlations
                if one.rule.id not in chosen
                and (one.rule.id in feeding or (one.rule.id not in silent and wanted(one.rule)))
            ]
            if not more:
                break
            chosen.update(one.rule.id for one in more)
            feeding.update(base for one in more for base in one.bases)
        correlations = tuple(one for one in self.correlations if one.rule.id in chosen)
        kept = [rule for rule in self.rules if rule.id in feeding or (rule.id not in silent and wanted(rule))]
        unwanted = {rule.id for rule in (*kept, *(one.rule for one in correlations)) if not wanted(rule)}
        hushed = self.hushed | unwanted
        return RuleSet(tuple(kept), self.errors, correlations, baselines, tuple(self._unheard(without)), hushed)

    def _unheard(self, names: Sequence[str]) -> Iterator[tuple[str, str]]:
        known = {key for rule in self.known for key in (rule.id, rule.name)}
        alerting = {key for rule in self.alerting for key in (rule.id, rule.name)}
        for name in dict.fromkeys(names):
            if name not in alerting:
                reason = (
                    "only feeds others: disable these" if name in known else "is the id or name of no rule that loads"
                )
                yield name, reason

    def __getitem__(self, key: str) -> Rule:
        """By id or name. Raises KeyError."""
        for rule in self.rules:
            if key in (rule.id, rule.name):
                return rule
        raise KeyError(key)

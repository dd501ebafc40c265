"""The rules of a run: what was loaded, what was not, and which of them only feed others.

`rules` are about single events; `derived` (correlations and baselines) alert on rows that rules matched; `all_rules` are
both. Of all rules those in `feeder_ids` only feed others, and the rest are `alerting`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.detection.sigma.rule import SEVERITY, STATUSES, Level, Rule
from agent.errors import FileError

if TYPE_CHECKING:
    from agent.detection.baseline.baseline import Baseline
    from agent.detection.correlation.definition.correlation import Correlation


@dataclass(frozen=True, slots=True)
class RuleSet:
    """What was loaded and what was not."""

    rules: tuple[Rule, ...] = ()
    errors: Sequence[FileError] = ()
    correlations: tuple[Correlation, ...] = ()
    baselines: tuple[Baseline, ...] = ()
    ineffective_disables: tuple[tuple[str, str], ...] = ()
    """What was to be left out by `selected` and is not, with the reason."""
    dependency_ids: frozenset[str] = frozenset()
    """Ids of what is here for others only: it was not wanted, or not asked for, and something wanted is made of it."""

    @property
    def derived(self) -> tuple[Correlation | Baseline, ...]:
        """What alerts on rows that rules matched."""
        return (*self.correlations, *self.baselines)

    @property
    def feeder_ids(self) -> frozenset[str]:
        """Ids of rules and correlations that only feed correlations or baselines: feeders, what is here as a dependency, and
        those named by a correlation or baseline that does not say `generate`.
        """
        named = frozenset(base for derived in self.derived if not derived.generate for base in derived.bases)
        return named | self.dependency_ids | {rule.id for rule in self.all_rules if rule.is_feeder}

    @property
    def all_rules(self) -> tuple[Rule, ...]:
        """All rules, and what correlations and baselines say of themselves."""
        return (*self.rules, *(derived.rule for derived in self.derived))

    @property
    def alerting(self) -> tuple[Rule, ...]:
        """What raises alerts: all but those that only feed others."""
        feeder_ids = self.feeder_ids
        return tuple(rule for rule in self.all_rules if rule.id not in feeder_ids)

    @property
    def feeder_count(self) -> int:
        """How many rules, correlations and baselines only feed others."""
        return len(self.all_rules) - len(self.alerting)

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

        feeder_ids = self.feeder_ids
        baselines = tuple(baseline for baseline in self.baselines if wanted(baseline.rule))
        feeding = {base for baseline in baselines for base in baseline.bases}
        chosen: set[str] = set()
        while True:  # a correlation may be made of correlations
            found = [
                correlation
                for correlation in self.correlations
                if correlation.rule.id not in chosen
                and (
                    correlation.rule.id in feeding
                    or (correlation.rule.id not in feeder_ids and wanted(correlation.rule))
                )
            ]
            if not found:
                break
            chosen.update(correlation.rule.id for correlation in found)
            feeding.update(base for correlation in found for base in correlation.bases)
        correlations = tuple(correlation for correlation in self.correlations if correlation.rule.id in chosen)
        kept = [rule for rule in self.rules if rule.id in feeding or (rule.id not in feeder_ids and wanted(rule))]
        unwanted = {
            rule.id for rule in (*kept, *(correlation.rule for correlation in correlations)) if not wanted(rule)
        }
        dependency_ids = self.dependency_ids | unwanted
        return RuleSet(
            tuple(kept), self.errors, correlations, baselines, tuple(self._ineffective(without)), dependency_ids
        )

    def _ineffective(self, names: Sequence[str]) -> Iterator[tuple[str, str]]:
        known = {key for rule in self.all_rules for key in (rule.id, rule.name)}
        alerting = {key for rule in self.alerting for key in (rule.id, rule.name)}
        for name in dict.fromkeys(names):
            if name not in alerting:
                reason = (
                    "only feeds others; disable those"
                    if name in known
                    else "is not the id or name of a rule that loads"
                )
                yield name, reason

    def __getitem__(self, key: str) -> Rule:
        """By id or name. Raises KeyError."""
        for rule in self.rules:
            if key in (rule.id, rule.name):
                return rule
        raise KeyError(key)

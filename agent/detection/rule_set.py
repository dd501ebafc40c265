"""The rules of a run: what was loaded, what was not, and which of them only feed others."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.errors import FileError

if TYPE_CHECKING:
    from agent.detection.baseline.baseline import Baseline
    from agent.detection.correlation.correlation import Correlation
from agent.detection.sigma.rule import SEVERITY, STATUSES, Level, Rule


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

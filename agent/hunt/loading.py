"""Loads what a hunt needs, each part imported only where it is used: a hunt over few lines should start at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from agent.detection.load import load
from agent.detection.rule_set import RuleSet
from agent.detection.sigma import cache
from agent.errors import FileError
from agent.hunt.alert import TIMES
from agent.shipped import rule_places, shipped

if TYPE_CHECKING:
    from agent.config.settings import Settings
    from agent.hunt.derived import DerivedRules
    from agent.hunt.fold import FoldedMatches
    from agent.hunt.inputs import HuntInputs


def derived_rules(rules: RuleSet, *, raw: bool) -> DerivedRules | None:
    """None where each rule is about one event: most of what a start imports is not needed then."""
    if not rules.correlations and not rules.baselines:
        return None
    from agent.hunt.derived import DerivedRules

    return DerivedRules(rules, TIMES, raw=raw)


def folded_matches(settings: Settings | None) -> FoldedMatches:
    """Repeats are folded within the span that the settings name."""
    from agent.config.settings import RuleSettings
    from agent.hunt.fold import FoldedMatches

    return FoldedMatches((settings.rules if settings else RuleSettings()).fold)


def load_rules(places: Sequence[Path] | None, settings: Settings | None) -> RuleSet:
    """Rules of files and folders (the shipped ones unless given), as the settings choose and adjust them."""
    if settings is None:
        return load(rule_places(places), cache=cache.directory())
    from agent.assembly.enabled_rules import enabled_rules

    return enabled_rules(settings.rules, settings.enrich, places, cache=cache.directory())


def load_inputs(settings: Settings | None) -> tuple[HuntInputs, Sequence[FileError]]:
    """How files are read without `--raw`, and lines of the settings' lists that cannot be used.

    What `--raw` does not need is imported here: it takes a fifth of a second.
    """
    from agent.enrichment.enricher import Enricher
    from agent.enrichment.enrichment_data import EnrichmentData
    from agent.enrichment.list_columns import list_columns
    from agent.enrichment.settings import EnrichSettings
    from agent.hunt.archived_events import ArchivedEvents
    from agent.hunt.inputs import HuntInputs
    from agent.normalize.mapping.load import whole_mappings
    from agent.normalize.shape import Normalizer

    own_mappings = settings.normalize.mappings if settings else []
    normalizer = Normalizer(whole_mappings([shipped("mappings"), *own_mappings]))
    data = EnrichmentData(settings.enrich if settings else EnrichSettings())
    enricher = Enricher(data)
    archive = ArchivedEvents(normalizer, enricher, tuple(list_columns(settings.enrich)) if settings else ())
    return HuntInputs(archive, lambda batch: enricher.enrich(normalizer.prepare(batch))), data.problems

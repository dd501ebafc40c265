"""What happens to a batch between source and spool: mappings, enrichment and rules, put together from the settings."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import polars as pl

from agent import metrics
from agent.assembly import load_failures
from agent.assembly.enabled_rules import enabled, placeholders, rule_folders
from agent.assembly.load_failures import LoadFailure
from agent.columns import record_id
from agent.config.settings import Settings
from agent.detection import rule_files
from agent.detection.detector import Detection, Detector
from agent.detection.rule_set import RuleSet
from agent.detection.sigma.log_source import LogSource
from agent.enrichment.enricher import Enricher
from agent.enrichment.enrichment_data import EnrichmentData
from agent.enrichment.lists.list_file import ListFiles
from agent.errors import FileError
from agent.model import OWN_EVENT_TYPE, Batch, BatchSteps
from agent.normalize.mapping import files as mapping_files
from agent.normalize.shape import Normalizer
from agent.shipped import shipped
from agent.sources.salesforce.directory import Directory


@dataclass(frozen=True, slots=True)
class LoadedFiles:
    """What is in use of rules, mappings and lists: a reload keeps of it what it cannot replace."""

    rules: rule_files.RuleFiles = field(default_factory=rule_files.RuleFiles)
    mappings: mapping_files.MappingFiles = field(default_factory=mapping_files.MappingFiles)
    lists: ListFiles = field(default_factory=ListFiles)

    def gone(self, now: LoadedFiles) -> list[Path]:
        """Files that are not in use any more."""
        then, there = {**self.rules.versions, **self.mappings.versions}, {**now.rules.versions, **now.mappings.versions}
        return [path for path in then if path not in there]


@dataclass(frozen=True, slots=True)
class BatchProcessing:
    """The steps of a batch, and what they are made of."""

    steps: BatchSteps
    rules: RuleSet
    problems: Sequence[FileError]
    """What does not load, also of newer versions of what is in use."""
    load_failures: Sequence[LoadFailure]
    """The same, by file."""
    loaded: LoadedFiles


def build_processing(
    settings: Settings,
    directory_of: Callable[[str], Directory | None] = lambda _: None,
    recall: Callable[[str], bytes | None] = lambda _: None,
    before: LoadedFiles | None = None,
) -> BatchProcessing:
    """Mappings, enrichment and rules as the steps of a batch.

    `directory_of`: an org's id to the look-ups of its users and apps; `recall`: what detection remembered, asked when the
    first batch comes. `before`: what is in use, of which that stays which does not load now; without it that is left out.
    Raises SettingsError where `rules.adjust` does not fit the rules.
    """
    before = before or LoadedFiles()
    lists = ListFiles(before.lists)
    mappings = mapping_files.read([shipped("mappings"), *settings.normalize.mappings], before.mappings)
    normalizer = Normalizer(mappings.mappings, keep_original=settings.normalize.keep_original, report=_count_problem)
    uncounted = Normalizer(mappings.mappings)  # for rows that alerts copy: their problems are counted with the events
    data = EnrichmentData(settings.enrich, lists)
    values = placeholders(settings.rules, settings.enrich, lists)
    read = rule_files.read(rule_folders(settings.rules), before.rules, placeholders=values)
    rules = enabled(read.rules, settings.rules)

    @functools.cache
    def detector() -> Detector:
        """Made by the first batch: until then that of before may still learn something."""
        fold, patience = settings.rules.fold, settings.rules.revise
        return Detector(rules, recall=recall, fold=fold, patience=patience, long_ids=record_id.to_long)

    @functools.cache
    def enricher_of(directory: Directory | None) -> Enricher:
        """An org's own; orgs that nobody can ask share one."""
        if directory is None:
            return Enricher(data)
        return Enricher(data, users=directory.users, applications=directory.applications)

    def prepare(batch: Batch) -> pl.DataFrame:
        """`PrepareStep`: Leakline's own events are mapped, and nothing is looked up for them."""
        prepared = normalizer.prepare(batch)
        if batch.event_type == OWN_EVENT_TYPE:
            return prepared
        return enricher_of(directory_of(batch.org)).enrich(prepared)

    def detect(batch: Batch, prepared: pl.DataFrame, now: datetime) -> Detection:
        """`DetectStep`: by the rules for the batch's log source."""
        own = batch.event_type == OWN_EVENT_TYPE
        source = LogSource("leakline", "agent") if own else LogSource("salesforce", batch.source)
        return detector().detect(
            prepared, source, now, org=batch.org, shape=lambda rows: uncounted.shape(rows, batch, now)
        )

    of_lists = [problem for problems in lists.problems.values() for problem in problems]
    problems = [*mappings.errors, *of_lists, *read.rules.errors]
    kept = mappings.kept | read.kept | lists.kept
    return BatchProcessing(
        BatchSteps(prepare, detect, normalizer.shape),
        rules,
        problems,
        load_failures.of_errors(problems, kept),
        LoadedFiles(read.files, mappings.files, lists),
    )


def _count_problem(problem: str, rows: int) -> None:
    metrics.ROWS_ODD.labels(problem).inc(rows)

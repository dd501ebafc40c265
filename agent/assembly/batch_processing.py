"""What happens to a batch between source and spool: mappings, enrichment and rules, put together from the settings."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

import polars as pl

from agent import metrics
from agent.assembly import load_failures
from agent.assembly.enabled_rules import enabled, placeholders, rule_folders
from agent.assembly.history.detection import LATENESS_OF_HISTORY, HistoryDetection, of_history
from agent.assembly.load_failures import LoadFailure
from agent.assembly.org_feeds import ONE_FEED, OrgFeeds, object_names, spellings
from agent.assembly.rule_approval import approved_rules
from agent.assembly.rule_approval.approved_rules import Held, RuleStand
from agent.batch_steps import BatchSteps, DetectStep
from agent.columns import record_id
from agent.config.settings import Settings
from agent.detection import rule_files
from agent.detection.covered_rows import RuleMatches
from agent.detection.detection import Detection
from agent.detection.detector import Detector, log_rule_failure
from agent.detection.matcher import Matcher
from agent.detection.rule_files import RuleReload
from agent.detection.rule_set import RuleSet
from agent.detection.sigma.log_source import LogSource
from agent.detection.streamed_twins import StreamedTwins
from agent.enrichment.enricher import Enricher
from agent.enrichment.enrichment_data import EnrichmentData
from agent.enrichment.lists.list_file import ListFiles
from agent.errors import FileError
from agent.model import OWN_EVENT_TYPE, Batch
from agent.normalize.mapping import files as mapping_files
from agent.normalize.mapping.mapping import Mappings
from agent.normalize.shape import Normalizer
from agent.normalize.time_check.flags import marked
from agent.own_event import is_said_of_incidents
from agent.shipped import shipped
from agent.sources.objects.settings import ObjectSettings
from agent.sources.salesforce.directory import Directory
from agent.store.state import StateRecall


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
    """What the steps of all shards share: rules, mappings, lists. Immutable; a reload makes another."""

    rules: RuleSet
    problems: Sequence[FileError]
    """What does not load, also of newer versions of what is in use."""
    load_failures: Sequence[LoadFailure]
    """The same, by file."""
    loaded: LoadedFiles
    _settings: Settings
    _data: EnrichmentData
    _normalizer: Normalizer
    _matcher: Matcher
    _twins: StreamedTwins
    rule_stand: RuleStand | None = None
    """What the rule folders have that is not approved; None where all is, and without permissions."""

    def steps(
        self,
        directory: Directory | None = None,
        recall: Callable[[str], bytes | None] = lambda _: None,
        feeds: OrgFeeds = ONE_FEED,
    ) -> BatchSteps:
        """The steps of one shard, with a detector and an enricher of its own.

        `directory`: the look-ups of its org's users and apps; `recall`: what the shard's detection remembered, asked when
        the first batch comes; `feeds`: what follows from what its org has.
        """
        enricher = (
            Enricher(self._data, users=directory.users, applications=directory.applications)
            if directory is not None
            else Enricher(self._data)
        )

        def prepare(batch: Batch) -> pl.DataFrame:
            """`PrepareStep`: Leakline's own events are mapped, and nothing is looked up for them."""
            prepared = self._normalizer.prepare(batch)
            if batch.event_type == OWN_EVENT_TYPE:
                return prepared
            enriched = marked(enricher.enrich(prepared), batch.time_flags)
            return enriched if feeds.other is None else feeds.other.add(enriched, batch)

        detect = self._detect_step(recall, feeds)
        return BatchSteps(prepare, self._match, detect, self._normalizer.shape)

    def _match(self, batch: Batch, prepared: pl.DataFrame) -> RuleMatches:
        """`MatchStep`: the rules for the batch's log source. What Leakline itself says of incidents and their clocks is tried on
        none: an alert about it would open an incident, of whose clocks there would be more to say, without end.
        """
        if is_said_of_incidents(batch):
            return []
        return list(self._matcher.matches(prepared, _log_source(batch)))

    def _detect_step(self, recall: Callable[[str], bytes | None], feeds: OrgFeeds) -> DetectStep:
        fold, patience = self._settings.rules.fold, self._settings.rules.revise
        uncounted = Normalizer(
            self._normalizer.mappings
        )  # alerts copy rows: these rows' problems are counted with the events

        @functools.cache
        def detector() -> Detector:
            """Made by the first batch: until then that of before may still learn something."""
            return Detector(
                self.rules,
                recall=recall,
                fold=fold,
                patience=patience,
                long_ids=record_id.to_long,
                matcher=self._matcher,
                twins=self._twins,
            )

        history = HistoryDetection(
            lambda stored: Detector(
                of_history(self.rules),
                recall=stored,
                fold=fold,
                lateness=LATENESS_OF_HISTORY,
                patience=patience,
                long_ids=record_id.to_long,
                matcher=self._matcher,
                twins=self._twins,
            ),
            recall,
            fold,
        )

        def detect(batch: Batch, prepared: pl.DataFrame, matches: RuleMatches, now: datetime) -> Detection:
            """`DetectStep`."""
            if batch.history is not None:
                shape = partial(uncounted.shape, batch=batch, seen=now)
                return history.detect(batch, batch.history, prepared, _log_source(batch), now, shape, matches)
            return detector().detect(
                prepared,
                _log_source(batch),
                now,
                org=batch.org,
                shape=lambda rows: uncounted.shape(rows, batch, now),
                matches=matches,
                covered=feeds.covered(batch, prepared),
            )

        return detect


def build_processing(
    settings: Settings,
    before: LoadedFiles | None = None,
    *,
    cache: Path | None = None,
    recall: StateRecall | None = None,
) -> BatchProcessing:
    """Mappings, lists and rules, of which the steps of each shard are made.

    `before`: what is in use, of which that stays which does not load now; without it that is left out. `cache`: see
    `load`; `recall`: of the process's own shard, where permissions are in force. Raises SettingsError where `rules.adjust` does not
    fit the rules, DamagedBook where what is approved of them cannot be read.
    """
    before = before or LoadedFiles()
    lists = ListFiles(before.lists)
    mappings = mapping_files.read([shipped("mappings"), *settings.normalize.mappings], before.mappings)
    normalizer = Normalizer(
        _timed(mappings.mappings, settings), keep_original=settings.normalize.keep_original, report=_count_problem
    )
    data = EnrichmentData(settings.enrich, lists)
    values = placeholders(settings.rules, settings.enrich, lists)
    places, in_use = rule_folders(settings.rules), [before.rules]

    def reading(held: Held) -> RuleReload:
        found = rule_files.read(places, in_use[-1], placeholders=values, cache=cache, held=held)
        in_use.append(found.files)  # what is read again is not parsed again
        return found

    read, stand = approved_rules.settled(reading, places, recall)
    rules = enabled(read.rules, settings.rules)
    of_lists = [problem for problems in lists.problems.values() for problem in problems]
    problems = [*mappings.errors, *of_lists, *read.rules.errors]
    kept = mappings.kept | read.kept | lists.kept
    return BatchProcessing(
        rules,
        problems,
        load_failures.of_errors(problems, kept),
        LoadedFiles(read.files, mappings.files, lists),
        settings,
        data,
        normalizer,
        Matcher(rules, log_rule_failure),
        StreamedTwins(rules, spellings(settings), object_names(settings)),
        stand,
    )


def _timed(mappings: Mappings, settings: Settings) -> Mappings:
    """Mappings in which rows of an object of one's own have their time where the settings say."""
    for source in (source for org in settings.orgs for source in org.sources):
        if isinstance(source, ObjectSettings):
            mappings = mappings.timed(source.type, source.object, source.time_field)
    return mappings


def _log_source(batch: Batch) -> LogSource:
    """Under which log source rules name the batch's rows."""
    own = batch.event_type == OWN_EVENT_TYPE
    return LogSource("leakline", "agent") if own else LogSource("salesforce", batch.source)


def _count_problem(problem: str, rows: int) -> None:
    metrics.ROWS_ODD.labels(problem).inc(rows)

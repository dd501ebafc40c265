"""Samples of a rule: events that must match, near-misses and innocent ones that must not.

A file of samples is named as its rule with `.samples.yml` at the end. It stands beside the rule, or at the same place
in a folder that mirrors the rules' folder:

    placeholders:              # only if the rule has the `expand` modifier
      ApprovedAppIds: [0H4…]
    match:
      - about: ten thousand rows as an Excel file
        event: {EVENT_TYPE: Report, RENDERING_TYPE: X, ROW_COUNT: "10000"}
    miss:
      - about: one row short
        event: {EVENT_TYPE: Report, RENDERING_TYPE: X, ROW_COUNT: "9999"}
    innocent:                  # what people do on an ordinary day, near enough to the rule to be worth trying
      - about: the same report read on the screen
        event: {EVENT_TYPE: Report, RENDERING_TYPE: W, ROW_COUNT: "10000"}

Of a correlation or baseline a sample is a sequence: `events` in place of `event`, each with `event`, `at` (after the
beginning) and, for several of a kind, `repeat` and `every`; `{n}` in a value is replaced by the number of the
repetition. `until` beside `events` says how long after the beginning somebody looks: that nothing comes is seen then.

      - about: fifty in ten minutes
        events:
          - {event: {EVENT_TYPE: ContentTransfer, USER_ID: 005A}, at: 0s, repeat: 50, every: 10s}

Where the rules of a correlation read several log sources, or a rule names none, each event says beside `event` which
`service` it is of; left out, it is of the one that all of them read, if there is such a one.

An event names vendor columns, whose cells are text, and what enrichment knows (with a dot) in its types. What mapping
makes of vendor columns is there as in the daemon, where the caller hands in how (`prepare`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from agent.columns.timestamp import TIME
from agent.columns.vendor_name import is_vendor_name
from agent.detection import load
from agent.detection.authoring import sample_file
from agent.detection.authoring.sample_file import Sample, Samples, duration
from agent.detection.detector import Detector
from agent.detection.load import SAMPLES
from agent.detection.rule_set import RuleSet
from agent.detection.sigma.log_source import ALIASES, LogSource
from agent.detection.sigma.rule import Rule
from agent.detection.sigma.translate import Placeholders
from agent.model import Finding

BEGINNING = datetime(2026, 7, 1, 10, tzinfo=UTC)
"""When the sequences of samples begin: a Wednesday."""

TICK = timedelta(minutes=10)
"""How often one looks at the clock when a sequence is over."""


Prepare = Callable[[pl.DataFrame, LogSource], pl.DataFrame]
"""Adds to events of a log source what mapping and enrichment make of them; columns that are there stay."""


def as_they_are(frame: pl.DataFrame, _: LogSource) -> pl.DataFrame:
    """Nothing is added."""
    return frame


def try_rules(places: Sequence[Path], samples: Path | None = None, prepare: Prepare = as_they_are) -> Iterator[Finding]:
    """One finding per sample and one per rule that lacks samples; rules that do not load are findings too.

    `samples`: the folder that mirrors the rules' folder; without it samples stand beside their rules.
    """
    for path, file in pairs(places, samples):
        yield from try_pair(path, file, places, prepare)
    yield from orphans(places, samples)


def pairs(places: Sequence[Path], samples: Path | None = None) -> Iterator[tuple[Path, Path]]:
    """Each file of rules, and where its file of samples is looked for."""
    for place in places:
        for path in load.files([place]):
            yield path, _sample_path(place, path, samples)


def orphans(places: Sequence[Path], samples: Path | None = None) -> Iterator[Finding]:
    """Files of samples in the folders that belong to no file of rules there: of one that was renamed, or is gone.

    A file of rules that is named by itself says nothing of its neighbours.
    """
    if not all(place.is_dir() for place in places):
        return
    expected = {file for _, file in pairs(places, samples)}
    for folder in [samples] if samples else places:
        for file in sorted(folder.rglob(f"*{SAMPLES}")):
            if file not in expected:
                fix = f"name it as the rule's file, with {SAMPLES} at the end, or remove it"
                yield Finding(file.name, ok=False, message="does not belong to a rule", fix=fix, path=str(file), line=1)


def try_pair(path: Path, file: Path, places: Sequence[Path], prepare: Prepare = as_they_are) -> Iterator[Finding]:
    """The findings of one file of rules. `places`: where rules may stand that it names and has not itself."""
    read = sample_file.read(file)
    if isinstance(read, Finding):
        yield read
    else:
        yield from _try_file(path, read, places, prepare)


def holds(rule: Rule, event: Mapping[str, object], prepare: Prepare = as_they_are, service: str | None = None) -> bool:
    """Whether one rule matches one event.

    For tests of a rule and for programs that embed it; a batch of events costs hardly more than one. The event is
    taken as it would arrive from the rule's log source, or from this service of it: of Salesforce's sources a vendor
    cell is text, an empty one no value, 1 a truth value, and `prepare` adds computed columns. `agent.matching.matches`
    is the other way to ask about one event: it takes the rule's text and JSON as it stands, as `hunt --raw` does.
    """
    source = replace(rule.logsource, service=service) if service else rule.logsource
    cells = {name: _cell(name, value, source.product) for name, value in event.items()}
    frame = prepare(pl.DataFrame([{"event.id": "0" * 32, **cells}], infer_schema_length=None), source)
    return any(True for _ in Detector(RuleSet((rule,))).matches(frame, source))


def fires(
    rules: RuleSet,
    derived: Rule,
    events: Sequence[Mapping[str, Any]],
    until: timedelta | None = None,
    prepare: Prepare = as_they_are,
) -> bool:
    """Whether a correlation or baseline of `rules` raises an alert over a sequence of events, and the time `until`.

    Raises ValueError for an event of which nothing says, or not rightly, what log source it is of.
    """
    batches: dict[LogSource, list[dict[str, object]]] = {}
    last = BEGINNING
    for number, (source, time, event) in enumerate(_happenings(rules, derived, events)):
        cells = {name: _cell(name, value, source.product) for name, value in event.items()}
        batches.setdefault(source, []).append({"event.id": f"{number:032x}", "@timestamp": time, **cells})
        last = max(last, time)
    detector = Detector(rules)
    raised: set[str] = set()
    now = last if until is not None else max(last, BEGINNING + timedelta(days=30))

    def look(frame: pl.DataFrame, source: LogSource, now: datetime, *, final: bool = False) -> None:
        """Detect in prepared rows (none: what the clock brings), and note which rules raised an alert."""
        detection = detector.detect(frame, source, now, final=final)
        detection.commit()
        raised.update(detection.alerts["rule.id"] if detection.alerts.height else ())

    for source, rows in batches.items():
        types = {"@timestamp": TIME}
        frame = pl.DataFrame(rows, infer_schema_length=None, schema_overrides=types)
        look(prepare(frame, source), source, now)
    while until is not None and now < BEGINNING + until:
        now += TICK
        look(pl.DataFrame(), derived.logsource, now)
    look(pl.DataFrame(), derived.logsource, now, final=True)  # what waits for the end of its window is judged
    return derived.id in raised


def _happenings(
    rules: RuleSet, derived: Rule, events: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[LogSource, datetime, Mapping[str, object]]]:
    """Log source, time and event of everything that happens, repetitions included."""
    named = {rule.logsource.service: rule.logsource for rule in rules}
    members = [dict(_members(source)) for source in named.values()]
    sources = {service: source for services in members for service, source in services.items()}
    common = set(sources).intersection(*members)
    usual = sources[common.pop()] if len(common) == 1 else None  # the one that all of them read
    for step in events:
        source = derived.logsource if len(named) == 1 else sources.get(step.get("service"), usual)
        if source is None:
            known = ", ".join(sorted(str(service) for service in sources))
            raise ValueError(f"an event has no `service` that its rules read ({known})")
        for number in range(int(step.get("repeat", 1))):
            time = BEGINNING + duration(step.get("at", "0s")) + number * duration(step.get("every", "0s"))
            yield source, time, {name: _numbered(value, number) for name, value in step["event"].items()}


def _members(source: LogSource) -> Iterator[tuple[str | None, LogSource]]:
    """Each service that a log source means, as one of its own."""
    for service in ALIASES.get(source.service or "", (source.service,)):
        yield service, replace(source, service=service)


def _numbered(value: object, number: int) -> object:
    return value.replace("{n}", str(number)) if isinstance(value, str) else value


def _cell(name: str, value: object, product: str | None) -> object:
    vendor = product == "salesforce" and is_vendor_name(name)
    return str(value) if vendor and value is not None and not isinstance(value, list) else value


def _sample_path(place: Path, path: Path, samples: Path | None) -> Path:
    beside = path.with_name(path.stem + SAMPLES)
    if samples is None:
        return beside
    return samples / (beside.relative_to(place) if place.is_dir() else Path(beside.name))


def _try_file(path: Path, file: Samples, places: Sequence[Path], prepare: Prepare) -> Iterator[Finding]:
    placeholders: Placeholders = {**load.PLACEHOLDERS, **(file.placeholders or {})}
    loaded = load.load([path], placeholders=placeholders)
    if loaded.errors:  # a correlation may be made of rules that stand elsewhere
        loaded = _of_file(load.load([path, *places], placeholders=placeholders), path)
    for error in loaded.errors:
        yield Finding(path.name, ok=False, message=error.reason, fix=error.hint, path=str(path), line=error.line)
    for rule in _subjects(loaded, path):
        subject = rule.name or rule.title
        for kind in (True, False):
            if not any(sample.match is kind for sample in file.samples):
                what = "no sample that must match" if kind else "no near-miss"
                yield Finding(subject, ok=False, message=what, fix=f"add one to {file.path}", path=str(path), line=1)
        for sample in file.samples:
            yield _try(loaded, rule, sample, subject, file.path, prepare)


def _subjects(loaded: RuleSet, path: Path) -> list[Rule]:
    """What of a file raises alerts; in a file of feeders all of them."""
    alerting = [rule for rule in loaded.alerting if rule.path == path]
    return alerting or [rule for rule in loaded.all_rules if rule.path == path]


def _of_file(loaded: RuleSet, path: Path) -> RuleSet:
    """What stands in one file, and what feeds it from others."""
    feeding = {rule.id for rule in loaded if rule.path == path}
    kept = [derived for derived in loaded.derived if derived.rule.path == path]
    for derived in kept:  # grows while it is walked: a correlation may be made of correlations
        feeding.update(derived.bases)
        kept += [below for below in loaded.correlations if below.rule.id in derived.bases and below not in kept]
    return RuleSet(
        tuple(rule for rule in loaded if rule.id in feeding),
        tuple(error for error in loaded.errors if error.path == path),
        tuple(correlation for correlation in loaded.correlations if correlation in kept),
        tuple(baseline for baseline in loaded.baselines if baseline in kept),
    )


def _try(rules: RuleSet, rule: Rule, sample: Sample, subject: str, path: Path, prepare: Prepare) -> Finding:
    is_derived = any(rule is derived.rule for derived in rules.derived)
    try:
        if is_derived:
            said = fires(rules, rule, sample.events, sample.until, prepare)
        else:
            said = holds(rule, sample.event, prepare, sample.service)
    except ValueError as error:
        fix = f"correct the sample in {path}"
        return Finding(subject, ok=False, message=f"{sample.about}: {error}", fix=fix, path=str(path), line=0)
    ok = said is sample.match
    wanted = "must match" if sample.match else "must not match"
    message = f"{sample.about}: {wanted}" + ("" if ok else (", but does not" if sample.match else ", but does"))
    return Finding(subject, ok=ok, message=message, path=str(path), line=0)

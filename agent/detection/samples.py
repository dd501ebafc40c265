"""Samples of a rule: events that must match and near-misses that must not.

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

An event names vendor columns, whose cells are text, and computed columns (with a dot) in their types.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from agent.detection import load
from agent.detection.detector import Detector
from agent.detection.load import SAMPLES
from agent.detection.rule import Rule, RuleSet
from agent.detection.translate import Placeholders
from agent.model import Finding


@dataclass(frozen=True, slots=True)
class Sample:
    """One event and whether the rule must match it."""

    about: str
    event: Mapping[str, object]
    match: bool


@dataclass(frozen=True, slots=True)
class Samples:
    """A rule's sample file."""

    path: Path
    samples: Sequence[Sample] = ()
    placeholders: Mapping[str, Sequence[str]] | None = None


def try_rules(places: Sequence[Path], samples: Path | None = None) -> Iterator[Finding]:
    """One finding per sample and one per rule that lacks samples; rules that do not load are findings too.

    `samples`: the folder that mirrors the rules' folder; without it samples stand beside their rules.
    """
    for place in places:
        for path in load.files([place]):
            file = _read(_sample_path(place, path, samples))
            if isinstance(file, Finding):
                yield file
            else:
                yield from _try_file(path, file)


def holds(rule: Rule, event: Mapping[str, object]) -> bool:
    """Whether one rule matches one event.

    For tests of a rule and for programs that embed it; a batch of events costs hardly more than one. The event is
    taken as it would arrive from the rule's log source: of Salesforce's sources a vendor cell is text.
    """
    cells = {name: _cell(name, value, rule) for name, value in event.items()}
    frame = pl.DataFrame([{"event.id": "0" * 32, **cells}], infer_schema_length=None)
    return any(True for _ in Detector(RuleSet((rule,))).matches(frame, rule.logsource))


def _cell(name: str, value: object, rule: Rule) -> object:
    vendor = rule.logsource.product == "salesforce" and "." not in name and name != "@timestamp"
    return str(value) if vendor and value is not None and not isinstance(value, list) else value


def _sample_path(place: Path, path: Path, samples: Path | None) -> Path:
    beside = path.with_name(path.stem + SAMPLES)
    if samples is None:
        return beside
    return samples / (beside.relative_to(place) if place.is_dir() else Path(beside.name))


def _read(path: Path) -> Samples | Finding:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Samples(path, [*_samples(data, "match"), *_samples(data, "miss")], data.get("placeholders"))
    except FileNotFoundError:
        return Samples(path)
    except (OSError, yaml.YAMLError, AttributeError, KeyError, TypeError) as error:
        fix = "it holds `match` and `miss`, lists of `about` and `event`"
        return Finding(
            path.name, ok=False, message=f"is no file of samples ({error!r})", fix=fix, path=str(path), line=1
        )


def _samples(data: Mapping[str, Any], kind: str) -> Iterator[Sample]:
    for one in data.get(kind) or []:
        yield Sample(str(one["about"]), one["event"], kind == "match")


def _try_file(path: Path, file: Samples) -> Iterator[Finding]:
    placeholders: Placeholders = {**load.PLACEHOLDERS, **(file.placeholders or {})}
    loaded = load.load([path], placeholders=placeholders)
    for error in loaded.errors:
        yield Finding(path.name, ok=False, message=error.reason, fix=error.hint, path=str(path), line=error.line)
    for rule in loaded:
        subject = rule.name or rule.title
        for kind in (True, False):
            if not any(sample.match is kind for sample in file.samples):
                what = "no sample that must match" if kind else "no near-miss"
                yield Finding(subject, ok=False, message=what, fix=f"add one to {file.path}", path=str(path), line=1)
        for sample in file.samples:
            yield _try(rule, sample, subject, file.path)


def _try(rule: Rule, sample: Sample, subject: str, path: Path) -> Finding:
    ok = holds(rule, sample.event) is sample.match
    wanted = "must match" if sample.match else "must not match"
    message = f"{sample.about}: {wanted}" + ("" if ok else (", but does not" if sample.match else ", but does"))
    return Finding(subject, ok=ok, message=message, path=str(path), line=0)

"""Folders of Sigma YAML to a rule set. A wrong rule is an error with file and line; the others load."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from agent.detection import baseline_document, complaint, correlation_load, document, pysigma, refusal
from agent.detection.baseline import Baseline
from agent.detection.correlation import Correlation
from agent.detection.document import Document
from agent.detection.pysigma import Filter
from agent.detection.rule import Rule, RuleSet, identified
from agent.detection.translate import Placeholders
from agent.detection.tree import both
from agent.errors import RuleError

SAMPLES = ".samples.yml"
"""Files with this ending hold samples for `rules test`, not rules."""

PLACEHOLDERS: Placeholders = {"ApprovedAppIds": (), "BadAddresses": ()}
"""Names that rules of the pack use; without values in the settings they match nothing."""


@dataclass(slots=True)
class Draft:
    """A rule set in the making."""

    rules: list[Rule] = field(default_factory=list)
    filters: list[Filter] = field(default_factory=list)
    correlations: list[Document] = field(default_factory=list)
    baselines: list[Document] = field(default_factory=list)
    errors: list[RuleError] = field(default_factory=list)


def load(places: Sequence[Path], *, placeholders: Placeholders | None = None) -> RuleSet:
    """The rules in files and folders (`*.yml`, `*.yaml`, at any depth, in the order of their paths).

    `placeholders`: values for `%name%` under the `expand` modifier; a name that is not among them is an error in the
    rule, one with no values matches nothing. Raises nothing: what is wrong is in `RuleSet.errors`.
    """
    return _loaded((one for path in files(places) for one in document.read(path)), placeholders)


def loads(text: str | bytes, *, placeholders: Placeholders | None = None) -> RuleSet:
    """The rules of one file's text. Raises nothing: what is wrong is in `RuleSet.errors`."""
    data = text.encode() if isinstance(text, str) else text
    return _loaded(document.parse(data, Path("rule")), placeholders)


def _loaded(documents: Iterable[Document | RuleError], placeholders: Placeholders | None) -> RuleSet:
    draft = Draft()
    known = {**PLACEHOLDERS, **(placeholders or {})}
    for read in documents:
        if isinstance(read, RuleError):
            draft.errors.append(read)
        else:
            _take(draft, read, known)
    unfiltered = list(_unambiguous(draft))
    draft.errors += [error for one in draft.filters for error in _aimless(one, unfiltered)]
    rules = [_filtered(rule, draft.filters) for rule in unfiltered]
    correlations = tuple(_correlations(draft, rules))
    baselines = tuple(_baselines(draft, rules, correlations))
    return RuleSet(tuple(rules), tuple(draft.errors), correlations, baselines)


def files(places: Iterable[Path]) -> Iterator[Path]:
    """Rule files, each once."""
    found: dict[Path, None] = {}
    for place in places:
        if place.is_dir():
            found.update(dict.fromkeys(sorted(p for p in place.rglob("*.y*ml") if p.suffix in (".yml", ".yaml"))))
        else:
            found[place] = None
    yield from (path for path in found if not path.name.endswith(SAMPLES))


def _take(draft: Draft, read: Document, placeholders: Placeholders) -> None:
    wrong = list(refusal.refusals(read))
    if wrong:
        draft.errors += wrong
        return
    try:
        if "filter" in read.data:
            draft.filters.append(pysigma.read_filter(read, placeholders))
        elif "correlation" in read.data:
            draft.correlations.append(read)  # once all rules are known
        elif "baseline" in read.data:
            draft.baselines.append(read)
        else:
            draft.rules.append(identified(pysigma.read_rule(read, placeholders), read.data))
    except RuleError as error:
        draft.errors.append(error)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:  # pySigma expects right types
        draft.errors.append(complaint.misshapen(read, error))


def _unambiguous(draft: Draft) -> Iterator[Rule]:
    """The rules whose id and name nobody had before them."""
    ids: dict[str, Rule] = {}
    names: dict[str, Rule] = {}
    for rule in draft.rules:
        for kind, value, known in (("id", rule.id, ids), ("name", rule.name, names)):
            if value in known:
                other = known[value]
                draft.errors.append(
                    RuleError(
                        rule.path,
                        rule.line,
                        f"the {kind} {value} is taken by {other.path}:{other.line}",
                        hint=f"give this rule a {kind} of its own",
                    )
                )
                break
        else:
            ids[rule.id] = rule
            if rule.name:
                names[rule.name] = rule
            yield rule


def _correlations(draft: Draft, rules: Sequence[Rule]) -> Iterator[Correlation]:
    for found in correlation_load.correlations(draft.correlations, rules):
        if isinstance(found, RuleError):
            draft.errors.append(found)
        else:
            yield found


def _aimless(one: Filter, rules: Sequence[Rule]) -> Iterator[RuleError]:
    """What the filter names and does not reach: it applies to the others."""
    for name in sorted(one.rules or ()):
        named = next((rule for rule in rules if name in (rule.id, rule.name)), None)
        if named is None:
            hint = "write the id or name of a rule that loads and is no correlation"
            yield RuleError(one.path, one.line, f"the filter names {name}, which is not there", hint=hint)
        elif not one.applies_to(named):
            hint = "give the filter a log source that covers the rule's"
            yield RuleError(one.path, one.line, f"the filter is not for the log source of {name}", hint=hint)


def _baselines(draft: Draft, rules: Sequence[Rule], correlations: Sequence[Correlation]) -> Iterator[Baseline]:
    """Those that name rules which are there, under an id and a name that nobody has."""
    known = {key: rule for rule in rules for key in (rule.id, rule.name) if key}
    taken = {**known, **{key: one.rule for one in correlations for key in (one.rule.id, one.rule.name) if key}}
    for read in draft.baselines:
        try:
            found = baseline_document.read(read, known)
            found = replace(found, rule=identified(found.rule, read.data))
            for value in (found.rule.id, found.rule.name):
                if value and value in taken:
                    other = taken[value]
                    hint = "give this one an id and a name of its own"
                    raise read.error(f"{value} is taken by {other.path}:{other.line}", hint=hint)
        except RuleError as error:
            draft.errors.append(error)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            draft.errors.append(baseline_document.unread(read, error))
        else:
            taken.update({key: found.rule for key in (found.rule.id, found.rule.name) if key})
            yield found


def _filtered(rule: Rule, filters: Iterable[Filter]) -> Rule:
    conditions = [one.condition for one in filters if one.applies_to(rule)]
    return replace(rule, condition=both([rule.condition, *conditions])) if conditions else rule

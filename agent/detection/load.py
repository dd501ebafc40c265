"""Folders of Sigma YAML to a rule set. A wrong rule is an error with file and line; the others load."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from agent.detection import dependencies
from agent.detection.condition.tree import both
from agent.detection.rule_set import RuleSet
from agent.detection.sigma.cache import RuleCache
from agent.detection.sigma.filter import Filter
from agent.detection.sigma.parsed_file import ParsedFile
from agent.detection.sigma.rule import Rule
from agent.errors import RuleError

if TYPE_CHECKING:
    from agent.detection.baseline.baseline import Baseline
    from agent.detection.correlation.definition.correlation import Correlation

SAMPLES = ".samples.yml"
"""Files with this ending hold samples for `rules test`, not rules."""

SUFFIXES = (".yml", ".yaml")

LARGEST = 16 << 20
"""Bytes of a file of rules; more is something else with its name."""

Placeholders = Mapping[str, Sequence[str]]

PLACEHOLDERS: Placeholders = {"ApprovedAppIds": (), "BadAddresses": ()}
"""Names that rules of the pack use; without values in the settings they match nothing."""


def load(places: Sequence[Path], *, placeholders: Placeholders | None = None, cache: Path | None = None) -> RuleSet:
    """The rules in files and folders (`*.yml`, `*.yaml`, at any depth, in the order of their paths).

    `placeholders`: values for `%name%` under the `expand` modifier; a name that is not among them is an error in the
    rule, one with no values matches nothing. `cache`: a folder of ours where parsed files are kept from one start to
    the next. Raises nothing: what is wrong is in `RuleSet.errors`.
    """
    known = {**PLACEHOLDERS, **(placeholders or {})}
    memory = RuleCache(cache, places) if cache else None
    closed: list[RuleError] = []
    parsed = [ParsedFile(errors=closed), *(_file(path, known, memory) for path in files(places, closed))]
    needed = dependencies.needed(parsed, lambda path: _file(path, known, memory)).values()
    if memory:
        memory.write()
    return together([*parsed, *needed], dependency_ids=dependencies.ids(needed))


def loads(text: str | bytes, *, placeholders: Placeholders | None = None) -> RuleSet:
    """The rules of one file's text. Raises nothing: what is wrong is in `RuleSet.errors`."""
    data = text.encode(errors="surrogatepass") if isinstance(text, str) else text
    known = {**PLACEHOLDERS, **(placeholders or {})}
    parsed = [parsed_file(data, Path("rule"), known)]
    needed = dependencies.needed(parsed, lambda path: _file(path, known, None)).values()
    return together([*parsed, *needed], dependency_ids=dependencies.ids(needed))


def files(places: Iterable[Path], errors: list[RuleError] | None = None) -> Iterator[Path]:
    """Rule files, each once. `errors` is given folders that cannot be looked into."""
    found: dict[Path, None] = {}
    for place in places:
        found.update(dict.fromkeys(_inside(place, errors if errors is not None else []) if place.is_dir() else [place]))
    yield from (path for path in found if not path.name.endswith(SAMPLES))


def _inside(folder: Path, errors: list[RuleError]) -> list[Path]:
    seen: set[str] = set()
    found: list[Path] = []

    def closed(error: OSError) -> None:
        errors.append(RuleError(error.filename or folder, 1, f"the folder cannot be read ({error.strerror})"))

    for place, folders, names in os.walk(folder, onerror=closed, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:  # a link to a folder above it
            folders.clear()
            continue
        seen.add(real)
        found += [Path(place, name) for name in names if name.lower().endswith(SUFFIXES)]
    return sorted(found)


def _file(path: Path, placeholders: Placeholders, cache: RuleCache | None) -> ParsedFile:
    data = file_data(path)
    if isinstance(data, RuleError):
        return ParsedFile(errors=[data])
    return parsed_or_known(data, path, placeholders, cache)


def parsed_or_known(data: bytes, path: Path, placeholders: Placeholders, cache: RuleCache | None) -> ParsedFile:
    """What a file says by itself, from the cache if it is there. Raises nothing."""
    if cache and (found := cache.find(data, path, placeholders)):
        return found
    parsed = parsed_file(data, path, placeholders)
    if cache:
        cache.put(data, parsed, placeholders)
    return parsed


def file_data(path: Path) -> bytes | RuleError:
    """A rule file's bytes, or why it cannot be one."""
    try:
        if not path.is_file() and path.exists():
            return RuleError(path, 1, "is not a file")
        if path.stat().st_size > LARGEST:
            return RuleError(path, 1, f"is larger than {LARGEST >> 20} MB", hint="is this a rule?")
        return path.read_bytes()
    except OSError as error:
        return RuleError(path, 1, f"cannot be read ({error.strerror})")


def parsed_file(data: bytes, path: Path, placeholders: Placeholders) -> ParsedFile:
    """What a file says by itself. Raises nothing."""
    from agent.detection.sigma.parse import parse  # takes a tenth of a second, and a warm cache needs nothing of it

    return parse(data, path, placeholders)


def together(parsed: Iterable[ParsedFile], *, dependency_ids: frozenset[str] = frozenset()) -> RuleSet:
    """The rules of several files. Names and ids belong to one rule each, filters reach rules of all files, correlations
    name them. `dependency_ids`: see `RuleSet`.
    """
    whole = ParsedFile()
    for part in parsed:
        whole.rules += part.rules
        whole.filters += part.filters
        whole.errors += part.errors
        whole.derived += part.derived
    unfiltered = list(_unambiguous(whole))
    whole.errors += [error for sigma_filter in whole.filters for error in _aimless(sigma_filter, unfiltered)]
    rules = [_filtered(rule, whole.filters) for rule in unfiltered]
    correlations, baselines = _derived(whole, rules) if whole.derived else ((), ())
    return RuleSet(tuple(rules), tuple(whole.errors), correlations, baselines, dependency_ids=dependency_ids)


def _derived(whole: ParsedFile, rules: Sequence[Rule]) -> tuple[tuple[Correlation, ...], tuple[Baseline, ...]]:
    from agent.detection.baseline.reading import load as baseline_load
    from agent.detection.correlation.definition import load as correlation_load

    found = list(
        correlation_load.correlations([document for document in whole.derived if "correlation" in document.data], rules)
    )
    correlations = tuple(correlation for correlation in found if not isinstance(correlation, RuleError))
    documents = [document for document in whole.derived if "baseline" in document.data]
    baselines = list(baseline_load.baselines(documents, rules, [correlation.rule for correlation in correlations]))
    whole.errors += [error for error in (*found, *baselines) if isinstance(error, RuleError)]
    return correlations, tuple(baseline for baseline in baselines if not isinstance(baseline, RuleError))


def _unambiguous(whole: ParsedFile) -> Iterator[Rule]:
    """The rules whose id and name no rule had before them; errors about the others go to `whole.errors`."""
    ids: dict[str, Rule] = {}
    names: dict[str, Rule] = {}
    for rule in whole.rules:
        for kind, value, known in (("id", rule.id, ids), ("name", rule.name, names)):
            if value in known:
                first = known[value]
                whole.errors.append(
                    RuleError(
                        rule.path,
                        rule.line,
                        f"the {kind} {value} is already used at {first.path}:{first.line}",
                        hint=f"give this rule a {kind} of its own",
                    )
                )
                break
        else:
            ids[rule.id] = rule
            if rule.name:
                names[rule.name] = rule
            yield rule


def _aimless(sigma_filter: Filter, rules: Sequence[Rule]) -> Iterator[RuleError]:
    """What the filter names and does not reach: it applies to the others."""
    for name in sorted(sigma_filter.rules or ()):
        named = next((rule for rule in rules if name in (rule.id, rule.name)), None)
        if named is None:
            hint = "write the id or name of a rule that loads and is not a correlation"
            yield RuleError(
                sigma_filter.path, sigma_filter.line, f"the filter names {name}, which is not a rule here", hint=hint
            )
        elif not sigma_filter.applies_to(named):
            hint = "give the filter a log source that covers the rule's"
            yield RuleError(
                sigma_filter.path, sigma_filter.line, f"the filter is not for the log source of {name}", hint=hint
            )


def _filtered(rule: Rule, filters: Iterable[Filter]) -> Rule:
    conditions = [sigma_filter.condition for sigma_filter in filters if sigma_filter.applies_to(rule)]
    return replace(rule, condition=both([rule.condition, *conditions])) if conditions else rule

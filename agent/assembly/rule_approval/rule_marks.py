"""What is kept of rule files to see later whether their rules are the same: names, contents, marks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import yaml

from agent.changes.classes.rule_set import RuleMark
from agent.changes.rule_book import ApprovedRules
from agent.detection.rule_files import RuleReload
from agent.detection.sigma.cache import digest
from agent.detection.sigma.rule import Rule
from agent.shipped import shipped

SHIPPED = "shipped:"
"""Names of shipped files begin with it: an upgrade may put them elsewhere."""

EMPTY = digest(b"")

TEXTS = frozenset(
    (
        *("id", "name", "title", "description", "author", "license", "references", "date", "modified"),
        *("level", "status", "tags", "falsepositives", "fields", "related", "scope", "taxonomy"),
    )
)
"""Keys of a rule that decide nothing of what it matches; level, status and name have marks of their own."""
OWN_TEXTS = frozenset({"triage", "level_reason", "family"})
"""The same, of the key `leakline`."""


def name_of(path: Path) -> str:
    """The same in each place that Leakline is installed in."""
    pack = shipped("rules")
    return SHIPPED + path.relative_to(pack).as_posix() if path.is_relative_to(pack) else str(path)


def path_of(name: str) -> Path:
    return shipped("rules") / name.removeprefix(SHIPPED) if name.startswith(SHIPPED) else Path(name)


def file_digests(read: RuleReload) -> dict[str, str]:
    """Of all files that can be read and are not empty, by name. What is held back counts as empty."""
    versions = read.files.versions.items()
    return {name_of(path): version.digest for path, version in versions if version.digest not in ("", EMPTY)}


def marked(read: RuleReload, contents: Mapping[Path, bytes]) -> ApprovedRules:
    """`contents`: of the versions in use; one that is missing makes a rule another one, and is no part of the set."""
    marking = _Marking(read, contents)
    found = {rule.id: marking.of(rule) for rule in read.rules.alerting}
    there = {name_of(path) for path in contents}
    return ApprovedRules(
        {name: version for name, version in file_digests(read).items() if name in there},
        {rule_id: mark for rule_id, (mark, _) in found.items()},
        {rule_id: names for rule_id, (_, names) in found.items()},
    )


class _Marking:
    """Of one reading."""

    def __init__(self, read: RuleReload, contents: Mapping[Path, bytes]) -> None:
        self._digests = {path: version.digest for path, version in read.files.versions.items()}
        self._rules = {rule.id: rule for rule in read.rules.all_rules}
        self._bases = {derived.rule.id: derived.bases for derived in read.rules.derived}
        self._filters = [found for version in read.files.versions.values() for found in version.parsed.filters]
        self._documents = {
            (path, str(document["id"])): document for path, data in contents.items() for document in _documents(data)
        }

    def of(self, rule: Rule) -> tuple[RuleMark, list[str]]:
        """Its mark, and the names of the files that it is made of."""
        parts, names = list[Any](), list[str]()
        for part in self._parts(rule, set()):
            parts.append(self._detection(part))
            names.append(name_of(part.path))
            filters = [found for found in self._filters if found.applies_to(part)]
            parts += [self._digests.get(found.path, "") for found in filters]
            names += [name_of(found.path) for found in filters]
        whole = self._document(rule)
        mark = RuleMark(rule.name, rule.level, rule.status, _sha256(whole), _sha256(parts))
        return mark, list(dict.fromkeys(names))

    def _parts(self, rule: Rule, seen: set[str]) -> Iterator[Rule]:
        """The rule, and in their turn those that it is made of."""
        if rule.id in seen:
            return
        seen.add(rule.id)
        yield rule
        for base in self._bases.get(rule.id, ()):
            if base in self._rules:
                yield from self._parts(self._rules[base], seen)

    def _document(self, rule: Rule) -> Any:
        return self._documents.get((rule.path, rule.id), self._digests.get(rule.path, ""))

    def _detection(self, rule: Rule) -> Any:
        document = self._document(rule)
        if not isinstance(document, dict):
            return document
        kept = {key: value for key, value in document.items() if key not in TEXTS}
        if isinstance(own := kept.get("leakline"), dict):
            kept["leakline"] = {key: value for key, value in own.items() if key not in OWN_TEXTS}
        return kept


def _documents(data: bytes) -> Sequence[dict[str, Any]]:
    try:
        found = list(yaml.load_all(data, yaml.CSafeLoader))
    except (yaml.YAMLError, ValueError):
        return []
    return [document for document in found if isinstance(document, dict) and "id" in document]


def _sha256(value: Any) -> str:
    options = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
    return hashlib.sha256(orjson.dumps(value, default=str, option=options)).hexdigest()

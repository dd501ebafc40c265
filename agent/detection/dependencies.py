"""The files of rules that a rule file needs and that were not named with it: what its correlations are made of.

A rule of a pack lies under its own name, `<pack>/<family>/<name>.yml`, and rules that only feed others in
`<pack>/feeders`. So one file or one family of a pack can be loaded by itself, and correlations of one's own can be made
of shipped rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from agent.detection.sigma.parsed_file import ParsedFile
from agent.shipped import shipped

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def needed(parsed: Iterable[ParsedFile], read: Callable[[Path], ParsedFile]) -> dict[Path, ParsedFile]:
    """The files, as `read` gives them, of rules that something names and nothing has; in their turn too."""
    found: dict[Path, ParsedFile] = {}
    known: set[str] = set()
    waiting = list(parsed)
    while waiting:
        known.update(name for part in waiting for name in _names(part))
        packs = [*sorted({path.parent.parent for part in waiting for path in _paths(part)}), shipped("rules")]
        wanted = sorted({name for part in waiting for name in _named(part)} - known)
        waiting = []
        for name in wanted:
            known.add(name)
            path = next((path for pack in packs for path in sorted(pack.glob(f"*/{name}.yml"))), None)
            if path is not None and path not in found:
                found[path] = read(path)
                waiting.append(found[path])
    return found


def ids(parsed: Iterable[ParsedFile]) -> frozenset[str]:
    """The ids of all rules and correlations in these files."""
    return frozenset(
        str(key)
        for part in parsed
        for key in (*(rule.id for rule in part.rules), *(document.data.get("id", "") for document in part.derived))
    )


def _names(part: ParsedFile) -> Iterator[str]:
    for rule in part.rules:
        yield from (rule.id, rule.name)
    for document in part.derived:
        yield from (str(document.data.get("id", "")), str(document.data.get("name", "")))


def _paths(part: ParsedFile) -> Iterator[Path]:
    yield from (document.path for document in part.derived)


def _named(part: ParsedFile) -> Iterator[str]:
    for document in part.derived:
        for section in ("correlation", "baseline"):
            yield from _listed(document.data.get(section))


def _listed(section: Any) -> Iterator[str]:
    """What stands under `rules`; a condition in words may stand in its place."""
    if not isinstance(section, Mapping):
        return
    rules = section.get("rules")
    if rules is None and isinstance(section.get("condition"), str):
        rules = _NAME.findall(section["condition"])
    for name in rules if isinstance(rules, list) else [rules]:
        if isinstance(name, str) and _NAME.fullmatch(name):
            yield name

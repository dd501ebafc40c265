"""Correlation documents in the order in which they need each other; circles and names that are taken are refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from agent.detection.correlation.definition.correlation import Correlation
from agent.detection.correlation.definition.document import read_correlation, references, wrong_type
from agent.detection.sigma.document import Document
from agent.detection.sigma.rule import Rule, with_id
from agent.errors import RuleError


def correlations(documents: Sequence[Document], rules: Sequence[Rule]) -> Iterator[Correlation | RuleError]:
    """Those that are made of rules and correlations which load, under an id and a name that nobody has."""
    known = {key: rule for rule in rules for key in (rule.id, rule.name) if key}
    waiting: list[Document] = []
    taken: dict[str, Any] = {key: (rule.path, rule.line) for key, rule in known.items()}
    for document in documents:
        keys = _keys(document)
        clash = next((key for key in keys if key in taken), None)
        if clash is None:
            taken.update(dict.fromkeys(keys, (document.path, document.line)))
            waiting.append(document)
        else:
            path, line = taken[clash]
            hint = "give this one an id and a name of its own"
            yield document.error(f"{clash} is already used at {path}:{line}", "name" if document.data.get("name") == clash else "id", hint=hint)  # fmt: skip
    while waiting:
        names = {key: document for document in waiting for key in _keys(document)}
        ready = [document for document in waiting if not any(name in names for name in references(document))]
        for document in ready or waiting:
            yield from _read(document, known) if ready else [_circle(document, names)]
        waiting = [document for document in waiting if ready and document not in ready]


def _read(document: Document, known: dict[str, Rule]) -> Iterator[Correlation | RuleError]:
    try:
        found = read_correlation(document, known)
        found = replace(found, rule=with_id(found.rule, document.data))
    except RuleError as error:
        yield error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        yield wrong_type(document, error)
    else:
        known.update({key: found.rule for key in (found.rule.id, found.rule.name) if key})
        yield found


def _keys(document: Document) -> list[str]:
    return [str(document.data[key]) for key in ("id", "name") if document.data.get(key)]


def _circle(document: Document, names: Mapping[str, Document]) -> RuleError:
    """For one that stands in a circle, or is made of one that does."""
    path = [document]
    while True:
        following = next(names[name] for name in references(path[-1]) if name in names)
        if following in path:
            break
        path.append(following)
    called = [
        str(document.data.get("name") or document.data.get("id"))
        for document in (*path[path.index(following) :], following)
    ]
    what = f"the correlation is made of itself: {' of '.join(called)}"
    if following is not document:
        what = f"correlations are made of each other in a circle: {' of '.join(called)}"
    return document.error(what, "correlation", "rules", hint="remove one of them")

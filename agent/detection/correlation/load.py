"""Correlation documents in the order in which they need each other; circles and names that are taken are refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from agent.detection.correlation import document as correlation_document
from agent.detection.correlation.correlation import Correlation
from agent.detection.sigma.document import Document
from agent.detection.sigma.rule import Rule, identified
from agent.errors import RuleError


def correlations(documents: Sequence[Document], rules: Sequence[Rule]) -> Iterator[Correlation | RuleError]:
    """Those that are made of rules and correlations which load, under an id and a name that nobody has."""
    known = {key: rule for rule in rules for key in (rule.id, rule.name) if key}
    waiting: list[Document] = []
    taken: dict[str, Any] = {key: (rule.path, rule.line) for key, rule in known.items()}
    for one in documents:
        keys = _keys(one)
        clash = next((key for key in keys if key in taken), None)
        if clash is None:
            taken.update(dict.fromkeys(keys, (one.path, one.line)))
            waiting.append(one)
        else:
            path, line = taken[clash]
            hint = "give this one an id and a name of its own"
            yield one.error(f"{clash} is taken by {path}:{line}", "name" if one.data.get("name") == clash else "id", hint=hint)  # fmt: skip
    while waiting:
        names = {key: one for one in waiting for key in _keys(one)}
        ready = [one for one in waiting if not any(name in names for name in correlation_document.references(one))]
        for one in ready or waiting:
            yield from _read(one, known) if ready else [_circle(one, names)]
        waiting = [one for one in waiting if ready and one not in ready]


def _read(document: Document, known: dict[str, Rule]) -> Iterator[Correlation | RuleError]:
    try:
        found = correlation_document.read(document, known)
        found = replace(found, rule=identified(found.rule, document.data))
    except RuleError as error:
        yield error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        yield correlation_document.unread(document, error)
    else:
        known.update({key: found.rule for key in (found.rule.id, found.rule.name) if key})
        yield found


def _keys(document: Document) -> list[str]:
    return [str(document.data[key]) for key in ("id", "name") if document.data.get(key)]


def _circle(document: Document, names: Mapping[str, Document]) -> RuleError:
    """For one that stands in a circle, or is made of one that does."""
    path = [document]
    while True:
        following = next(names[name] for name in correlation_document.references(path[-1]) if name in names)
        if following in path:
            break
        path.append(following)
    called = [str(one.data.get("name") or one.data.get("id")) for one in (*path[path.index(following) :], following)]
    what = f"the correlation is made of itself: {' of '.join(called)}"
    if following is not document:
        what = f"the correlation is made of a circle: {' of '.join(called)}"
    return document.error(what, "correlation", "rules", hint="take one of them out")

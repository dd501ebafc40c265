"""The baselines among the documents of a rule set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from agent.detection.baseline.baseline import Baseline
from agent.detection.baseline.reading.document import read, unread
from agent.detection.sigma.document import Document
from agent.detection.sigma.rule import Rule, with_id
from agent.errors import RuleError


def baselines(
    documents: Sequence[Document], rules: Sequence[Rule], named: Sequence[Rule]
) -> Iterator[Baseline | RuleError]:
    """Those that name rules which are there, under an id and a name that nobody has.

    `rules`: what a baseline can be made of; `named`: what else has an id and a name (of correlations, their rules).
    """
    known = {key: rule for rule in rules for key in (rule.id, rule.name) if key}
    taken = {**known, **{key: rule for rule in named for key in (rule.id, rule.name) if key}}
    for document in documents:
        try:
            found = read(document, known)
            found = replace(found, rule=with_id(found.rule, document.data))
            for value in (found.rule.id, found.rule.name):
                if value and value in taken:
                    other = taken[value]
                    hint = "give this one an id and a name of its own"
                    raise document.error(f"{value} is already used at {other.path}:{other.line}", hint=hint)
        except RuleError as error:
            yield error
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
            yield unread(document, error)
        else:
            taken.update({key: found.rule for key in (found.rule.id, found.rule.name) if key})
            yield found

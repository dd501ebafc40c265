"""The text of one file of rules through YAML and pySigma. Slow to import: only for files that no cache knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from agent.detection.sigma import document
from agent.detection.sigma.document import Document
from agent.detection.sigma.error_text import wrong_shape
from agent.detection.sigma.parsed_file import ParsedFile
from agent.detection.sigma.reader import read_filter, read_rule
from agent.detection.sigma.rule import with_id
from agent.detection.sigma.strict import violations
from agent.detection.sigma.translate import Placeholders
from agent.errors import RuleError

DERIVED = ("correlation", "baseline")
"""Keys of documents that are read once all rules are known."""


def parse(data: bytes, path: Path, placeholders: Placeholders) -> ParsedFile:
    """Raises nothing: what is wrong is in `ParsedFile.errors`."""
    return of_documents(document.parse(data, path), placeholders)


def of_documents(documents: Iterable[Document | RuleError], placeholders: Placeholders) -> ParsedFile:
    """What the documents of a file say, errors in place of those that could not be read."""
    parsed = ParsedFile()
    tracked = _TrackedPlaceholders(placeholders, parsed.placeholders)
    for read in documents:
        if isinstance(read, RuleError):
            parsed.errors.append(read)
        else:
            _take(parsed, read, tracked)
    return parsed


def _take(parsed: ParsedFile, read: Document, placeholders: Placeholders) -> None:
    try:
        wrong = list(violations(read))
        if wrong:
            parsed.errors += wrong
        elif "filter" in read.data:
            parsed.filters.append(read_filter(read, placeholders))
        elif any(key in read.data for key in DERIVED):
            parsed.derived.append(read)
        else:
            parsed.rules.append(with_id(read_rule(read, placeholders), read.data))
    except RuleError as error:
        parsed.errors.append(error)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:  # pySigma expects right types
        parsed.errors.append(wrong_shape(read, error))


class _TrackedPlaceholders(Mapping[str, Sequence[str]]):
    """Placeholders that remember which of them were asked for."""

    def __init__(self, values: Placeholders, asked: set[str]) -> None:
        self._values = values
        self._asked = asked

    def __getitem__(self, name: str) -> Sequence[str]:
        self._asked.add(name)
        return self._values[name]

    def __contains__(self, name: object) -> bool:
        self._asked.add(str(name))
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

"""Every key that is governed has a line of its own, and no line is for a key that is not there."""

from __future__ import annotations

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from agent.changes.classes import magnitude
from agent.changes.classes.comparison_table import UNKNOWN, ComparisonTable
from agent.changes.classes.comparisons.governed import GOVERNED, differences
from agent.config.settings import DestinationSettings, RuleSettings
from agent.detection.sigma.rule import SEVERITY, STATUSES, Status
from agent.notice.arrangements.policies import EVERYONE, ON_CALL
from agent.notice.regimes.binding import EARLIEST
from agent.notice.settings import NoticeSettings
from agent.trail.settings import TrailSettings
from tests.changes.classes.documents import governed

WRITTEN = {
    "permissions": {"permissions", "permissions.groups", "permissions.groups.*"},
    "drills": {"drills", *(f"drills.{key}" for key in ("schedule", "scenarios", "overdue_after", "zone", "speed"))},
}
"""Keys of settings whose models are elsewhere: `{groups: {GROUP: ROLE}}`, `{schedule, scenarios, overdue_after, zone}`."""


def keys(pattern: str, annotation: Any) -> Iterator[str]:
    """The patterns of a field and of all that is below it."""
    yield pattern
    yield from below(pattern, annotation)


def below(pattern: str, annotation: Any) -> Iterator[str]:
    """Those below a field: of models their fields, of lists of models the entries' fields, of mappings `*`."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from below(pattern, parts[0])
    elif origin in (Union, UnionType):
        for part in parts:
            yield from below(pattern, part)
    elif origin is list:
        yield from below(f"{pattern}[]", parts[0])
    elif origin is dict:
        yield from keys(f"{pattern}.*", parts[1])
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            yield from keys(f"{pattern}.{field.alias or name}", field.annotation)


def expected(root: str) -> set[str]:
    """All patterns below a key of the governed document."""
    models: dict[str, Any] = {
        "notice": NoticeSettings,
        "trail": TrailSettings,
        "rules": RuleSettings,
        "destinations": list[DestinationSettings],
    }
    return WRITTEN[root] if root in WRITTEN else set(keys(root, models[root]))


@pytest.mark.parametrize("root", ["notice", "permissions", "trail", "drills", "rules", "destinations"])
def test_each_key_has_a_line(root: str) -> None:
    """A new key of the settings fails here until a person has said in which direction it weakens."""
    lines = {pattern for pattern in GOVERNED.patterns if pattern.split(".")[0].removesuffix("[]") == root}
    assert lines == expected(root)


def test_there_are_lines_for_nothing_else() -> None:
    """The roots above are all that is governed."""
    roots = {pattern.split(".")[0].removesuffix("[]") for pattern in GOVERNED.patterns}
    assert roots == set(governed())


def test_a_key_without_a_line_weakens() -> None:
    """What nobody judged could silence anything."""
    found = ComparisonTable([]).differences({"new": 1}, {"new": 2})
    assert [(difference.change_class, difference.why) for difference in found] == [("weaken", UNKNOWN)]


def test_no_key_of_a_whole_document_is_unknown() -> None:
    """As the models write it, with all kinds of channels and destinations."""
    empty: dict[str, Any] = {key: [] if isinstance(value, list) else {} for key, value in governed().items()}
    assert [found.path for found in differences(empty, governed()) if found.why == UNKNOWN] == []


def test_the_orders_are_those_of_the_rooms() -> None:
    """Levels and statuses are written in both places."""
    assert list(magnitude.LEVELS) == sorted(SEVERITY, key=lambda level: SEVERITY[level])
    assert set(magnitude.MATURITY) == set(get_args(Status))
    assert set(magnitude.MATURITY[2:]) == set(STATUSES)
    assert (EARLIEST, EVERYONE, ON_CALL) == ("detected", "everyone", "on_call")

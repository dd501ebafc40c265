"""The lists that settings name: what each holds, and which rules read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.config.settings import Settings, ValuesFile
from agent.detection.authoring.reading import Reads, of_fields, of_placeholder
from agent.detection.condition.tree import Text, leaves
from agent.detection.load import PLACEHOLDERS
from agent.detection.sigma.rule import Rule
from agent.enrichment.address import ANONYMIZER, CORPORATE
from agent.enrichment.any_address import ANY_ANONYMIZER
from agent.enrichment.approved_app import APPROVED
from agent.enrichment.client_kind import CLIENT_KIND
from agent.enrichment.indicator import PREFIX, expired
from agent.enrichment.integration_user import EXPECTED, INTEGRATION
from agent.enrichment.leaver import LEAVES_ON, LEAVING, LEFT
from agent.enrichment.lists.indicator_file import IndicatorFile
from agent.enrichment.lists.list_file import ListFiles
from agent.shipped import shipped

WITHOUT_DATABASE = "AS numbers match nothing without enrich.databases"


@dataclass(frozen=True, slots=True)
class ConfiguredList:
    """One list. `over`: how many entries say nothing of today, in the words of `over_is`."""

    setting: str
    reads: tuple[Reads, ...]
    names: tuple[str, ...] = ()
    """Computed fields that it fills."""
    path: Path | None = None
    entries: int = 0
    over: int = 0
    over_is: str = "expired"
    missing: tuple[str, ...] = ()
    """What the list says that it lacks."""
    needs: str = ""
    """What else must be set for a part of it to have an effect."""
    unset: bool = False
    shipped: bool = False


def configured_lists(settings: Settings, files: ListFiles, now: datetime) -> Iterator[ConfiguredList]:
    """`files`: what was read of them; a file that could not be read is left out, for that is said elsewhere."""
    enrich = settings.enrich
    held = {path: content for (path, _), content in files.held.items()}
    yield from _indicators(settings, held, now)
    yield from _of_files("enrich.anonymizer_lists", enrich.anonymizer_lists, held, (ANONYMIZER, ANY_ANONYMIZER))
    yield _of_fields("enrich.corporate_networks", len(enrich.corporate_networks), CORPORATE)
    yield _of_fields("enrich.expected_networks", sum(map(len, enrich.expected_networks.values())), EXPECTED)
    if enrich.integration_users:
        yield _of_fields("enrich.integration_users", len(enrich.integration_users), INTEGRATION)
    if enrich.client_kinds in held:
        yield _of_fields("enrich.client_kinds", len(held[enrich.client_kinds]), CLIENT_KIND, path=enrich.client_kinds)
    yield from _leavers(enrich.leavers, held, now)
    yield _approved_apps(settings, held)
    yield from _placeholders(settings, held)


def _indicators(settings: Settings, held: Mapping[Path, Any], now: datetime) -> Iterator[ConfiguredList]:
    own = shipped("mappings") / "indicators"
    for path, file in held.items():
        if isinstance(file, IndicatorFile):
            kinds = frozenset(indicator.kind for indicator in file.indicators)
            yield ConfiguredList(
                "enrich.indicators",
                (_of_file(file),),
                path=path,
                entries=len(file.indicators),
                over=sum(1 for _ in expired(file.indicators, now)),
                missing=tuple(f"{missing.what} ({missing.source})" for missing in file.missing),
                needs="" if settings.enrich.databases or "as" not in kinds else WITHOUT_DATABASE,
                shipped=path.parent == own,
            )


def _of_file(file: IndicatorFile) -> Reads:
    """Whether a rule asks about indicators of a kind, or with a value, that the file has; or about any."""
    held = {
        f"{PREFIX}kind": {indicator.kind for indicator in file.indicators},
        f"{PREFIX}value": {indicator.value for indicator in file.indicators},
    }

    def reads(rule: Rule) -> bool:
        asked = [leaf for leaf in leaves(rule.condition) if (leaf.field or "").startswith(PREFIX)]
        return any(
            leaf.field not in held
            or not isinstance(leaf.test, Text)
            or not held[leaf.field].isdisjoint(leaf.test.values)
            for leaf in asked
        )

    return reads


def _of_fields(setting: str, entries: int, *names: str, path: Path | None = None) -> ConfiguredList:
    return ConfiguredList(setting, (of_fields(names),), names, path, entries, unset=not entries and path is None)


def _of_files(
    setting: str, paths: list[Path], held: Mapping[Path, Any], names: tuple[str, ...]
) -> Iterator[ConfiguredList]:
    if not paths:
        yield _of_fields(setting, 0, *names)
    yield from (_of_fields(setting, sum(map(len, held[path])), *names, path=path) for path in paths if path in held)


def _leavers(path: Path | None, held: Mapping[Path, Any], now: datetime) -> Iterator[ConfiguredList]:
    names, setting = (LEAVING, LEFT, LEAVES_ON), "enrich.leavers"
    if path is None:
        yield _of_fields(setting, 0, *names)
    elif path in held:
        days = held[path].last_days.values()
        gone = sum(day < now.date() for day in days)
        yield ConfiguredList(setting, (of_fields(names),), names, path, len(days), gone, "past their last day")


def _approved_apps(settings: Settings, held: Mapping[Path, Any]) -> ConfiguredList:
    enrich = settings.enrich
    path = enrich.approved_apps_file
    entries = len(enrich.approved_apps) + len(held.get(path, ()) if path else ())
    reads = (of_fields([APPROVED]), of_placeholder("ApprovedAppIds"))
    return ConfiguredList("enrich.approved_apps", reads, (APPROVED,), path, entries, unset=not entries and path is None)


def _placeholders(settings: Settings, held: Mapping[Path, Any]) -> Iterator[ConfiguredList]:
    given = settings.rules.placeholders
    for name in dict.fromkeys((*PLACEHOLDERS, *given)):
        values = given.get(name)
        if values is None and name == "ApprovedAppIds":
            continue  # those of enrich.approved_apps
        path = values.file if isinstance(values, ValuesFile) else None
        entries = len(held.get(path, ())) if path else len(values or ())  # type: ignore[arg-type]  # not a ValuesFile
        yield ConfiguredList(
            f"rules.placeholders.{name}", (of_placeholder(name),), (), path, entries, unset=values is None
        )

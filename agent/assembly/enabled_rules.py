"""Which rules run: those of the settings' folders, with the values, levels and statuses that the settings give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from agent.config.settings import RuleAdjustment, RuleSettings, ValuesFile
from agent.detection.adjust import Adjustment, AdjustmentError, adjusted
from agent.detection.load import PLACEHOLDERS, load
from agent.detection.rule_set import RuleSet
from agent.enrichment.approved_app import app_ids
from agent.enrichment.lists.list_file import ListFiles
from agent.enrichment.settings import EnrichSettings
from agent.errors import SettingsError
from agent.shipped import shipped

BOUNDS = ("ratio", "deviation", "highest", "distance")
"""What can be adjusted of baselines, beside their threshold."""


def enabled_rules(
    wanted: RuleSettings, enrich: EnrichSettings, instead: Sequence[Path] | None = None, *, cache: Path | None = None
) -> RuleSet:
    """The rules that the settings let run. `instead`: files and folders in place of those that the settings name;
    `cache`: see `load`.

    Rules that do not load are left out and listed in `errors`. Raises SettingsError for a file of values that cannot
    be read, and for an adjustment of a rule that is not there or has no such number.
    """
    return enabled(load(rule_folders(wanted, instead), placeholders=placeholders(wanted, enrich), cache=cache), wanted)


def enabled(loaded: RuleSet, wanted: RuleSettings) -> RuleSet:
    """Those of the loaded rules that the settings let run. Raises SettingsError as above."""
    rules = _adjusted(loaded, wanted.adjust)
    return rules.selected(minimum=wanted.minimum_level, without=wanted.disabled, statuses=wanted.statuses)


def rule_folders(wanted: RuleSettings, instead: Sequence[Path] | None = None) -> list[Path]:
    """Files and folders that rules are read from."""
    return list(instead) if instead else [*([shipped("rules")] if wanted.shipped else []), *wanted.folders]


def placeholders(
    wanted: RuleSettings, enrich: EnrichSettings, files: ListFiles | None = None
) -> dict[str, Sequence[str]]:
    """Values for `%name%`. `files`: reads those that are in files; of one that could never be read the name is left out,
    so that rules which ask for it do not load. Unless given, a file that cannot be read raises SettingsError.
    """
    files = files or ListFiles(strict=True)
    values = {name: _values(name, given, files) for name, given in wanted.placeholders.items()}
    known = {**PLACEHOLDERS, "ApprovedAppIds": app_ids(enrich.approved(files))}
    return {**known, **{name: given for name, given in values.items() if given is not None}}


def _adjusted(rules: RuleSet, wanted: Mapping[str, RuleAdjustment]) -> RuleSet:
    adjustments = {
        name: Adjustment(
            level=adjustment.level,
            threshold=adjustment.threshold,
            timespan=adjustment.timespan,
            minimum_history=adjustment.minimum_history,
            bounds={key: value for key in BOUNDS if (value := getattr(adjustment, key)) is not None},
        )
        for name, adjustment in wanted.items()
    }
    try:
        return adjusted(rules, adjustments)
    except AdjustmentError as error:
        raise SettingsError(f"rules.adjust.{error.key}: {error}") from error


def _values(name: str, given: list[str] | ValuesFile, files: ListFiles) -> list[str] | None:
    if not isinstance(given, ValuesFile):
        return given
    return files.read(given.file, partial(_lines, name), "values")


def _lines(name: str, path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        hint = "write a text file with one value a line"
        raise SettingsError(f"rules.placeholders.{name}: {path} cannot be read ({error})", hint=hint) from error
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]

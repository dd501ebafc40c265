"""The settings file against what is approved: where it differs, what is approved stays in force, and that is a problem to be seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from agent.changes.classes.change_class import Difference, gravest
from agent.changes.classes.comparisons.governed import differences
from agent.config.governed import governed_document
from agent.config.settings import Settings, parse
from agent.config.settings_file import read_document
from agent.daemon.changes.change_record import paths
from agent.errors import SettingsError
from agent.permissions.principal import members
from agent.store.problems import Problems

DRIFT, FEW = "settings-drift", "too-few-approvers"
APPROVERS = "permissions.groups"
LEAST_APPROVERS = 2
"""One's own proposal is never one's own to approve, and what weakens needs two."""


class DriftWatch:
    """Looks only while permissions are in force: without them the file itself is in force from the next start on."""

    def __init__(self, path: Path | None, settings: Callable[[], Settings], problems: Problems) -> None:
        """`path`: of the settings file; `settings`: in force."""
        self._path = path
        self._settings = settings
        self._problems = problems

    def look(self) -> None:
        """To be called at the start, after each reload, and about once a minute."""
        settings = self._settings()
        if settings.permissions is None:
            self._problems.over(FEW, APPROVERS, "the settings have no permissions")
            return
        self._look_for_approvers(settings.permissions.approving)
        if self._path is not None:
            self._look_at(self._path, settings)

    def _look_at(self, path: Path, settings: Settings) -> None:
        try:
            written = governed_document(parse(read_document(path), str(path), has_folder=True))
        except SettingsError as error:
            said = f"{path} does not load, and the approved settings stay in force: {error}"
            self._problems.report(DRIFT, str(path), said)
            return
        found = differences(governed_document(settings), written)
        if not found:
            self._problems.over(DRIFT, str(path), f"{path} is as it was approved")
            return
        fields = {"leakline.change.paths": paths(found), "leakline.change.class": gravest(found)}
        self._problems.report(DRIFT, str(path), _sentence(path, found), fields=fields)

    def _look_for_approvers(self, groups: frozenset[str]) -> None:
        people = members(groups)
        if len(people) >= LEAST_APPROVERS:
            self._problems.over(FEW, APPROVERS, f"{len(people)} people can approve changes")
            return
        who = f"only {min(people)} is" if people else "no person is"
        said = f"{who} in the groups that approve changes ({', '.join(sorted(groups))}): nothing that weakens can be approved"
        self._problems.report(FEW, APPROVERS, said)


def _sentence(path: Path, found: Sequence[Difference]) -> str:
    named = "; ".join(f"{difference.path} ({difference.change_class})" for difference in found[:10])
    rest = f" and {len(found) - 10} more" if len(found) > 10 else ""
    return f"{path} differs from the approved settings, which stay in force: {named}{rest}"

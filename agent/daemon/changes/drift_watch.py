"""The settings file against what is approved: where it differs, what is approved stays in force, and that is a problem to be seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from agent.changes.classes.change_class import Difference, gravest
from agent.changes.classes.comparisons.governed import differences
from agent.changes.voting import LEAST_APPROVERS
from agent.config.approved_settings import settings_in_force
from agent.config.governed import governed_document, with_governed
from agent.config.settings import Settings, parse
from agent.config.settings_file import read_document
from agent.config.settings_files import read_files
from agent.daemon.changes.change_record import paths
from agent.errors import LeaklineError, SettingsError
from agent.permissions.principal import members
from agent.store.problems import Problems
from agent.store.state import StateRecall

DRIFT, FEW = "settings-drift", "too-few-approvers"
LAW, START = "the law", "the next start"
"""Subjects of `settings-drift`, besides the path of the file."""
APPROVERS = "permissions.groups"


class DriftWatch:
    """Looks only while permissions are in force: without them the file itself is in force from the next start on."""

    def __init__(
        self,
        path: Path | None,
        settings: Callable[[], Settings],
        problems: Problems,
        floors: Callable[[Settings], None] = lambda _: None,
    ) -> None:
        """`path`: of the settings file; `settings`: in force; `floors`: raises SettingsError for what is weaker than law."""
        self._path = path
        self._settings = settings
        self._problems = problems
        self._floors = floors

    def look(self) -> None:
        """To be called at the start, after each reload, and about once a minute."""
        settings = self._settings()
        if settings.permissions is None:
            self._problems.over(FEW, APPROVERS, "the settings have no permissions")
            return
        self._look_for_approvers(settings.permissions.approving)
        if self._path is not None:
            self._look_at(self._path, settings)

    def begin(self) -> None:
        """At the start: what is approved is in force by it."""
        self._problems.over(DRIFT, START, "what was approved is in force")
        self.look_at_law()

    def look_at_law(self) -> None:
        """To be called at the start and after each reload: a newer pack of regimes may ask for more than was approved."""
        settings = self._settings()
        reason = _reason(lambda: self._floors(settings)) if settings.permissions is not None else ""
        if reason:
            said = f"the approved settings are weaker than the law by the pack in force: {reason}"
            self._problems.report(
                DRIFT, LAW, said, fix="propose settings that are as strict: `leakline changes propose`"
            )
        else:
            self._problems.over(DRIFT, LAW, "the approved settings are as strict as the law")

    def hindrance(self, recall: StateRecall) -> str:
        """Why a start would not succeed now; empty where it would. `recall`: of the process's own shard."""
        if (path := self._path) is None:
            return ""
        reason = _reason(lambda: settings_in_force(read_files(path).settings, recall))
        if reason:
            said = f"what was approved cannot come into force, and the settings before it stay: {path} cannot be used with it: {reason}"
            self._problems.report(
                DRIFT, START, said, fix="correct the settings file; within a minute it is tried again"
            )
        else:
            self._problems.over(DRIFT, START, f"{path} can be used with what was approved")
        return reason

    def _look_at(self, path: Path, settings: Settings) -> None:
        try:
            read = parse(read_document(path), str(path), has_folder=True)
            written = governed_document(read)
            with_governed(read, governed_document(settings))  # what the next start does
        except SettingsError as error:
            said = f"{path} does not load with the approved settings, which stay in force; the next start would fail: {error}"
            self._problems.report(DRIFT, str(path), said)
            return
        found = differences(governed_document(settings), written)
        if not found:
            self._problems.over(DRIFT, str(path), f"{path} is as it was approved")
            return
        fields = {"leakline.settings.paths": paths(found), "leakline.settings.class": gravest(found)}
        self._problems.report(DRIFT, str(path), _sentence(path, found), fields=fields)

    def _look_for_approvers(self, groups: frozenset[str]) -> None:
        people = members(groups)
        if len(people) >= LEAST_APPROVERS:
            self._problems.over(FEW, APPROVERS, f"{len(people)} people can approve changes")
            return
        who = f"only {min(people)} is" if people else "no person is"
        said = f"{who} in the groups that approve changes ({', '.join(sorted(groups))}): nothing that weakens can be approved"
        self._problems.report(FEW, APPROVERS, said)


def _reason(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except LeaklineError as error:
        return str(error)
    return ""


def _sentence(path: Path, found: Sequence[Difference]) -> str:
    named = "; ".join(f"{difference.path} ({difference.change_class})" for difference in found[:10])
    rest = f" and {len(found) - 10} more" if len(found) > 10 else ""
    return f"{path} differs from the approved settings, which stay in force: {named}{rest}"

"""What of permissions and changes runs in the daemon, put together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from agent.assembly.node import Node
from agent.assembly.notice.floors import refuse_weaker
from agent.config.governed import governed_document
from agent.config.settings_files import SettingsFiles
from agent.daemon.changes.booked_settings import voting_permissions
from agent.daemon.changes.change_desk import ChangeDesk
from agent.daemon.changes.change_requests import ChangeRequests
from agent.daemon.changes.change_writer import ChangeWriter, readable
from agent.daemon.changes.drift_watch import DriftWatch
from agent.daemon.changes.pack_watch import PackWatch
from agent.daemon.changes.rule_watch import RuleWatch
from agent.daemon.changes.settings_record import record_settings
from agent.daemon.control.command import ControlCommand
from agent.daemon.control.denials import Denials
from agent.daemon.control.gate import Gate
from agent.errors import StateError
from agent.permissions.principal import named_principal
from agent.permissions.roles import Role
from agent.permissions.settings import PermissionSettings
from agent.store.keys import PROCESS


@dataclass(frozen=True)
class ChangeParts:
    """Of one daemon."""

    desk: ChangeDesk
    commands: Sequence[ControlCommand]
    gate: Gate
    denials: Denials
    drift: DriftWatch
    rules: RuleWatch
    packs: PackWatch
    files: SettingsFiles | None
    """The settings files as a reload is to read them."""
    hindrance: Callable[[], str]
    """See `DriftWatch.hindrance`."""

    def look(self) -> None:
        """About once a minute."""
        self.desk.look()
        self.drift.look()
        self.rules.look()
        self.packs.look()

    def end(self) -> None:
        """Before the state is closed."""
        with suppress(StateError):
            self.denials.end()

    def look_at_files(self) -> None:
        """After a reload: settings, rules, the pack and the law against what is approved."""
        self.drift.look()
        self.drift.look_at_law()
        self.rules.look()
        self.packs.look()


def build_change_parts(
    node: Node,
    files: SettingsFiles | None,
    now: Callable[[], datetime],
    restart: Callable[[str], None],
    soon: Callable[[], None],
) -> ChangeParts:
    """The settings of this start are recorded. `files`: None where the settings come from no file; `restart`, `soon`: see `ChangeDesk`. Raises
    LeaklineError, StateError.
    """
    process = node.shards[PROCESS]

    def permissions() -> PermissionSettings | None:
        return node.settings.permissions

    def approved_permissions() -> PermissionSettings | None:
        with readable():
            return voting_permissions(node.shards[PROCESS].desk.recall, lambda: node.settings, now())

    def roles_of(name: str) -> Collection[Role]:
        return named_principal(name, approved_permissions()).roles

    def hindrance() -> str:
        with suppress(StateError):  # the disk is full, say
            return drift.hindrance(node.shards[PROCESS].desk.recall)
        return "the state cannot be written now"

    record_settings(process.desk, node.settings)
    denials = Denials(process.stores.problems.announce, now)
    desk = ChangeDesk(
        lambda: node.shards[PROCESS].desk,
        lambda: node.settings,
        roles_of,
        refuse_weaker,
        now,
        restart,
        soon,
    )
    path = files.path if files is not None else None
    drift = DriftWatch(path, lambda: node.settings, process.stores.problems, refuse_weaker)
    if files is not None:
        approved = governed_document(node.settings) if permissions() is not None else None
        files = replace(files, settings=node.settings, approved=approved)
    writer = ChangeWriter(roles_of, restart)
    rules = RuleWatch(
        lambda: node.shards[PROCESS].desk, lambda: node.processing.rule_stand, process.stores.problems, writer
    )
    packs = PackWatch(lambda: node.shards[PROCESS].desk, process.stores.problems, writer)
    rules.look()
    drift.begin()
    gate = Gate(permissions, denials.note, approved_permissions)
    return ChangeParts(desk, ChangeRequests(desk).commands(), gate, denials, drift, rules, packs, files, hindrance)

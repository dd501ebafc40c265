"""What this machine gives the daemon: the state directory, the folder of the ports that it listens at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from agent.check.inbound_senders import examine_inbound
from agent.check.listeners import control_socket, metrics_port
from agent.check.notice.approved_settings import examine_approved
from agent.check.state_directory import examine_state_directory, in_the_way
from agent.config.settings import Settings, StateSettings
from agent.daemon.control.client import is_there
from agent.errors import LeaklineError, SettingsError
from agent.model import Finding


def examine_machine(settings: Settings, now: datetime) -> Iterator[Finding]:
    """A finding for each thing looked at."""
    running = _is_running(settings.state)
    yield from examine_state_directory(settings.state.directory, running=running)
    if not running:
        yield from control_socket(settings.state)
    else:
        yield from examine_approved(settings.state)
    yield from metrics_port(settings.metrics, running=running)
    if settings.inbound is not None:
        yield from examine_inbound(settings.inbound, now, running=running)


def require_startable(settings: Settings) -> None:
    """Raises SettingsError for what no restart will change: paths that cannot be what the settings say."""
    for finding in (*in_the_way(settings.state.directory), *control_socket(settings.state)):
        raise SettingsError(finding.message, hint=finding.fix)


def _is_running(state: StateSettings) -> bool:
    try:
        return is_there(state.socket())
    except LeaklineError:  # a path that is too long, a folder that may not be entered
        return False

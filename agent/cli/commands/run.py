"""`leakline run`: the daemon."""

from __future__ import annotations

import typer
from rich.text import Text

from agent.cli.commands.options import DEFAULT_PATH, Config
from agent.cli.output.console import err
from agent.errors import StateDamaged, UnknownVersion
from agent.exit_status import WRONG_CONFIGURATION


def run(config: Config = DEFAULT_PATH) -> None:
    """Run the daemon: read, detect and forward until it is stopped."""
    from agent.daemon.signals import while_starting

    while_starting()
    from agent.check.doubtful_settings import log_doubts
    from agent.check.machine import require_startable
    from agent.config.settings_files import read_files
    from agent.daemon.daemon import Daemon
    from agent.daemon.logs import set_up
    from agent.daemon.process.restart import begin_anew

    files = read_files(config)
    settings = files.settings
    set_up(settings.log)
    require_startable(settings)
    log_doubts(settings)
    try:
        daemon = Daemon(settings, files=files)
    except (StateDamaged, UnknownVersion) as error:  # systemd must not try again: only a person can go on
        err.print(Text("failed: ", style="red") + Text(str(error), style="default"), soft_wrap=True)
        raise typer.Exit(WRONG_CONFIGURATION) from error
    status = daemon.run(control=settings.state.socket())
    if daemon.restarts:
        begin_anew()
    raise typer.Exit(status)

"""Daemons that are forked from a process in which their modules are loaded: a start takes a third of the time.

`python -m tests.end_to_end.forking` does what each line on its standard input says, and answers with a line. What it forks
is a process like any other, with a pid to kill; only what its modules do while they are loaded is not tried again.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from tests.end_to_end.agent_process import AgentProcess


class ForkedAgentProcess(AgentProcess):
    """See `AgentProcess`. To be closed."""

    def __init__(
        self,
        folder: Path,
        document: dict[str, Any],
        *,
        module: str = "tests.end_to_end.forking",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """`module`: what forks them; `environment`: what it finds beside our own."""
        super().__init__(folder, document)
        self._forking = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | dict(environment or {}),
        )
        self._pid = 0

    @property
    def pid(self) -> int:
        return self._pid

    def has_ended(self) -> bool:
        """By itself."""
        return bool(self._ask("has ended", self._pid))

    def close(self) -> None:
        """Call it when the last one has ended."""
        self._forking.communicate(timeout=60)

    def _launch(self) -> None:
        self.log.touch()
        self._pid = self._ask("start", str(self.settings), str(self.log))

    def _end(self, number: signal.Signals) -> int:
        os.kill(self._pid, number)
        return int(self._ask("wait", self._pid))

    def _ask(self, command: str, *arguments: Any) -> Any:
        assert self._forking.stdin is not None
        assert self._forking.stdout is not None
        self._forking.stdin.write(json.dumps([command, *arguments]) + "\n")
        self._forking.stdin.flush()
        return json.loads(self._forking.stdout.readline())


def serve() -> None:
    """Until standard input ends."""
    from agent.cli import memory_tuning

    memory_tuning.set_up()  # before polars is imported
    import agent.check.doubtful_settings
    import agent.check.machine
    import agent.cli.app
    import agent.daemon.daemon
    import agent.daemon.logs  # noqa: F401

    for line in sys.stdin:
        print(json.dumps(_done(*json.loads(line))), flush=True)


def _done(command: str, *arguments: Any) -> int | bool:
    """The pid of what was started, the exit status of what was waited for, or whether it has ended."""
    match command:
        case "start":
            return os.fork() or _run(*arguments)
        case "wait":
            return os.waitstatus_to_exitcode(os.waitpid(arguments[0], 0)[1])
        case _:
            return os.waitid(os.P_PID, arguments[0], os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _run(settings: str, log: str) -> NoReturn:
    """As `leakline run`, in a process just forked."""
    from agent.__main__ import main

    for number, path, flags in ((0, os.devnull, os.O_RDONLY), (1, log, os.O_WRONLY), (2, log, os.O_WRONLY)):
        os.dup2(os.open(path, flags | os.O_CREAT | os.O_APPEND), number)
    sys.argv = ["leakline", "run", "-c", settings]
    status = 1
    try:
        main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    serve()

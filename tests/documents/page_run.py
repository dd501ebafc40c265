"""The commands of a page, run one after another in a folder of their own, as a reader would run them.

- A block with a title is a file: it is written into the folder.
- Each line of a block of `sh` is a command. It ends with status 0, or with what `# exit status N` behind it says.
- Each line of a block of `text` right behind one of `sh` is a line that these commands print; `…` stands for any text.
- `leakline run` goes on while the rest of the page runs, and is told to stop at its end.
- What the table of `NOT_RUN` has is left out, with its reason.

The simulated org is the session's: its address stands in the place of the one that documents name.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import yaml

from agent.daemon.control.client import ask
from agent.errors import LeaklineError
from tests.documents.not_run import reason_not_to_run
from tests.documents.pages import CodeBlock, Page
from tests.end_to_end.agent_process import PATIENCE

ADDRESS = "https://localhost:8443"
"""Where documents have the simulated org."""

_STATUS = re.compile(r"# exit status (\d+)")
_BEHIND = re.compile(r"\s+# .*$")


def commands(block: CodeBlock) -> list[str]:
    """The lines of a block of `sh`, whole ones: a backslash at the end of a line continues it."""
    lines = block.text.replace("\\\n", " ").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def bare(command: str) -> str:
    """A command without the comment behind it."""
    return _BEHIND.sub("", command).strip()


class PageRun:
    """`folder`: empty; `org`: what the simulated org says of itself. Call `run`, then `end`."""

    def __init__(self, page: Page, folder: Path, org: dict[str, str]) -> None:
        self._page = page
        self._folder = folder
        self._org = org
        self._daemons: list[subprocess.Popen[bytes]] = []
        self._printed: dict[CodeBlock, str] = {}
        shims = folder.parent / f"{folder.name}-bin"
        shims.mkdir()
        (shims / "leakline").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m agent "$@"\n')
        (shims / "leakline").chmod(0o755)
        self._environment = os.environ | {"PATH": f"{shims}:{os.environ['PATH']}", "COLUMNS": "100", "NO_COLOR": "1"}

    def run(self) -> None:
        """Everything of the page, in order. Fails with the line of the page."""
        (self._folder / "leakline-org").symlink_to(Path(self._org["ca"]).parent)
        for block in self._page.blocks:
            if block.title:
                self._write(block)
            elif block.language == "sh":
                self._printed[block] = "".join(self._outputs(block))
            elif block.language == "text" and block.answers in self._printed:
                self._compare(block, self._printed[block.answers])

    def end(self) -> None:
        """Daemons stop when they are told to."""
        for daemon in self._daemons:
            daemon.send_signal(signal.SIGTERM)
        assert [daemon.wait(timeout=PATIENCE) for daemon in self._daemons] == [0] * len(self._daemons)

    def _write(self, block: CodeBlock) -> None:
        path = self._folder / block.title
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text.replace(ADDRESS, self._org["url"]))

    def _outputs(self, block: CodeBlock) -> Iterator[str]:
        for command in commands(block):
            if reason_not_to_run(bare(command)):
                continue
            if bare(command).startswith("leakline run"):
                self._start(bare(command))
                continue
            expected = _STATUS.search(command)
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", bare(command)], cwd=self._folder, env=self._environment,
                capture_output=True, text=True, timeout=PATIENCE, check=False,
            )  # fmt: skip
            assert done.returncode == int(expected[1] if expected else 0), (
                f"{self._page.name}:{block.line}: `{command}` ended with {done.returncode}\n{done.stdout}{done.stderr}"
            )
            yield done.stdout

    def _compare(self, block: CodeBlock, printed: str) -> None:
        for line in filter(str.strip, block.text.splitlines()):
            pattern = ".*".join(re.escape(part.strip()) for part in line.split("…"))
            assert re.search(pattern, printed), f"{self._page.name}:{block.line}: {line!r} is not in\n{printed}"

    def _start(self, command: str) -> None:
        """Returns once everything that the org has is delivered."""
        daemon = subprocess.Popen(command.split(), cwd=self._folder, env=self._environment, stderr=subprocess.DEVNULL)
        self._daemons.append(daemon)
        settings = yaml.safe_load((self._folder / command.split()[-1]).read_text())
        socket = self._folder / settings["state"]["directory"] / "control.sock"
        until = time.monotonic() + PATIENCE
        while not _delivered(socket):
            assert daemon.poll() is None, f"{self._page.name}: `{command}` ended with {daemon.returncode}"
            assert time.monotonic() < until
            time.sleep(0.1)


def _delivered(socket: Path) -> bool:
    """Whether the daemon behind a control socket has read each source and sent everything."""
    try:
        answer = ask(socket, "status") if socket.exists() else None
    except LeaklineError:  # a daemon that a busy machine keeps from answering is asked again
        answer = None
    document = orjson.loads(orjson.dumps(answer or {}))
    lanes = [lane for destination in document.get("destinations", ()) for lane in destination["lanes"].values()]
    read = [source["last_success"] for source in document.get("sources", ())]
    return bool(lanes and read) and all(read) and all(lane["pending"] == 0 for lane in lanes)

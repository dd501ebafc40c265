"""A daemon with roles for the users of `tests.permissions.users`, behind its control socket."""

from __future__ import annotations

from pathlib import Path

from agent.config.settings_files import read_files
from agent.daemon.control.server import ControlServer
from agent.daemon.daemon import Daemon
from tests.permissions.users import USERS

GROUPS = ", ".join(f"{group}: {role}" for role, group in USERS.items())
SETTINGS = f"""orgs:
  - {{name: acme, url: "https://localhost:9", auth: {{type: client_credentials, client_id: x, client_secret: {{env: LEAKLINE_TEST}}}}}}
destinations: [{{type: file, directory: FOLDER/out}}]
state: {{directory: FOLDER/state}}
permissions: {{groups: {{{GROUPS}}}}}
"""


class Asked:
    """A daemon that does not run, behind its socket, which every user can open."""

    def __init__(self, folder: Path, further: str = "") -> None:
        """`further`: YAML, keys of the settings besides."""
        path = folder / "leakline.yaml"
        path.write_text(SETTINGS.replace("FOLDER", str(folder)) + further)
        files = read_files(path)
        self.daemon = Daemon(files.settings, files=files)
        self.socket = folder / "control.sock"
        self.server = ControlServer(self.socket, self.daemon.commands.table(), self.daemon.changes.gate)
        self.socket.chmod(0o666)

    def close(self) -> None:
        self.server.close()
        self.daemon.stop.set()
        self.daemon.close()

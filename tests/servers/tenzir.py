"""Tenzir's HEC and `_bulk` servers (PyPI package `tenzir`), writing what they take to a file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.servers.process import CACHE, Process, free_port, need

TOKEN = "11111111-2222-3333-4444-555555555555"


def executable() -> Path:
    path = Path(os.environ.get("TENZIR", CACHE / "tenzir/bin/tenzir"))
    need(path.exists(), "Tenzir")
    return path


class _Tenzir:
    def __init__(self, folder: Path, source: str) -> None:
        self.port = free_port()
        folder.mkdir(parents=True, exist_ok=True)
        self._taken = folder / "taken.ndjson"
        pipeline = source.format(port=self.port) + f'\nto_file "{self._taken}" {{ write_ndjson }}\n'
        (folder / "pipeline.tql").write_text(pipeline)
        self._process = Process([executable(), "-f", folder / "pipeline.tql"], folder, {"HOME": str(folder)})
        self._process.wait_for_port(self.port)

    def lines(self) -> list[str]:
        """Whole lines of what was taken so far."""
        text = self._taken.read_bytes().decode() if self._taken.exists() else ""
        return text.split("\n")[:-1]

    def stop(self) -> None:
        self._process.stop()


class TenzirHec(_Tenzir):
    """`accept_splunk`: checks the token; keeps nothing of a request with a bad event."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, f'accept_splunk "127.0.0.1:{{port}}", hec_token="{TOKEN}"')
        (folder / "token").write_text(TOKEN)
        self.settings: dict[str, Any] = {
            "type": "splunk",
            "url": f"http://127.0.0.1:{self.port}",
            "token": {"file": str(folder / "token")},
        }

    def documents(self) -> Iterator[tuple[str, str]]:
        for line in self.lines():
            taken = json.loads(line)
            yield taken["fields"]["event_id"], json.dumps(taken["event"])


class TenzirBulk(_Tenzir):
    """`accept_opensearch`: answers with one item however many rows a request has; so one row a request."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, 'accept_opensearch "127.0.0.1:{port}", keep_actions=true')
        self.settings: dict[str, Any] = {"type": "elastic", "url": f"http://127.0.0.1:{self.port}", "max_rows": 1}

    def documents(self) -> Iterator[tuple[str, str]]:
        lines = iter(self.lines())
        for action, document in zip(lines, lines, strict=False):
            yield json.loads(action)["create"]["_id"], document

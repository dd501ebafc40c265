"""An OpenTelemetry Collector with HEC receiver, TLS, token and acknowledgements (recipe in `hec/`)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.servers.process import CACHE, ROOT, free_port, listens, need, wait_until

TOKEN = "00000000-1111-2222-3333-444444444444"


class HecCollector:
    """Takes whole requests only; acknowledges at once."""

    def __init__(self, folder: Path) -> None:
        need((CACHE / "otelcol-hec-0.145.0/otelcol-hec").exists(), "the OpenTelemetry Collector with HEC")
        self._folder = folder
        self._port = free_port()
        environment = {
            "CACHE_DIR": str(CACHE),
            "HEC_RUN_DIR": str(folder),
            "HEC_PORT": str(self._port),
            "HEC_TOKEN": TOKEN,
            "PYTHON": sys.executable,
        }
        script = ROOT / "tests/servers/hec/start.sh"
        done = subprocess.run(["bash", script], env={**os.environ, **environment}, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()[-2000:]
        (folder / "token").write_text(TOKEN)
        self.settings: dict[str, Any] = {
            "type": "splunk",
            "url": f"https://127.0.0.1:{self._port}",
            "token": {"file": str(folder / "token")},
            "acknowledgements": True,
            "tls": {"ca": str(folder / "ca.pem")},
        }

    def stop(self) -> None:
        os.kill(int((self._folder / "pid").read_text()), 15)
        wait_until(lambda: not listens(self._port), "the collector has ended")

    def documents(self) -> Iterator[tuple[str, str]]:
        """(id, event): events are OTLP values, whose numbers are doubles."""
        path = self._folder / "events.json"
        for line in path.read_bytes().decode().split("\n")[:-1] if path.exists() else []:
            for resource in json.loads(line)["resourceLogs"]:
                for scope in resource["scopeLogs"]:
                    for record in scope["logRecords"]:
                        fields = {pair["key"]: _value(pair["value"]) for pair in record["attributes"]}
                        yield fields["event_id"], json.dumps(_value(record["body"]))


def _value(value: dict[str, Any]) -> Any:
    """An OTLP AnyValue as plain JSON."""
    if not value:
        return None
    ((kind, content),) = value.items()
    if kind == "kvlistValue":
        return {pair["key"]: _value(pair["value"]) for pair in content.get("values", [])}
    if kind == "arrayValue":
        return [_value(member) for member in content.get("values", [])]
    return int(content) if kind == "intValue" else content

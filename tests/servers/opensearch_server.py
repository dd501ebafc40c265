"""A real OpenSearch with TLS and passwords (recipe in `opensearch/`), and a user who may only write."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from agent.network.tls import TlsSettings
from tests.servers.process import CACHE, ROOT, free_port, listens, need, wait_until

ADMIN = "admin-Only4Tests"
SHIPPER, SHIPPER_PASSWORD = "shipper", "k3eps-Nothing"
ROLE = {
    "cluster_permissions": ["cluster:monitor/main", "indices:data/write/bulk", "indices:admin/index_template/get"],
    "index_permissions": [
        {
            "index_patterns": ["logs-*", "leakline-*"],
            "allowed_actions": [
                "create_index",
                "indices:data/write/bulk*",
                "indices:data/write/index",
                "indices:admin/mapping/auto_put",
            ],
        }
    ],
}


class OpenSearch:
    """`settings`: a destination's, as the shipper; `admin_settings`: as the administrator."""

    def __init__(self, folder: Path) -> None:
        need(shutil.which("java") is not None and (CACHE / "opensearch-2.19.1/.done").exists(), "OpenSearch")
        folder.mkdir(parents=True)
        self._folder = folder
        self._port = free_port(range(9201, 9300))
        self.start()
        self.tls = {"ca": str(folder / "run/config/ca.pem")}
        self.url = f"https://127.0.0.1:{self._port}"
        self.client = httpx.Client(
            base_url=self.url, auth=("admin", ADMIN), verify=TlsSettings.model_validate(self.tls).context(), timeout=30
        )
        self._put("/_plugins/_security/api/roles/shipper", ROLE)
        self._put("/_plugins/_security/api/internalusers/shipper", {"password": SHIPPER_PASSWORD})
        self._put("/_plugins/_security/api/rolesmapping/shipper", {"users": [SHIPPER]})
        self.settings = self._settings(SHIPPER, SHIPPER_PASSWORD)
        self.admin_settings = self._settings("admin", ADMIN)

    def start(self) -> None:
        environment = {
            "CACHE_DIR": str(CACHE),
            "OPENSEARCH_RUN_DIR": str(self._folder / "run"),
            "PYTHON": sys.executable,
            "OPENSEARCH_PORT": str(self._port),
            "OPENSEARCH_ADMIN_PASSWORD": ADMIN,
        }
        script = ROOT / "tests/servers/opensearch/start.sh"
        done = subprocess.run(["bash", script], env={**os.environ, **environment}, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()[-2000:]

    def stop(self) -> None:
        self.client.close()
        self.end(signal.SIGTERM)

    def end(self, sign: signal.Signals) -> None:
        """Send the server a signal and wait until its port is free."""
        os.kill(int((self._folder / "run/pid").read_text()), sign)
        wait_until(lambda: not listens(self._port), "OpenSearch has ended")

    def documents(self, index: str = "logs-*") -> Iterator[tuple[str, str]]:
        """(id, document) of everything in the index."""
        self.client.post(f"/{index}/_refresh").raise_for_status()
        query: dict[str, Any] = {"size": 5000, "sort": ["_doc"]}
        page = self.client.post(f"/{index}/_search?scroll=1m", json=query).raise_for_status().json()
        while page["hits"]["hits"]:
            yield from ((hit["_id"], json.dumps(hit["_source"])) for hit in page["hits"]["hits"])
            following = {"scroll": "1m", "scroll_id": page["_scroll_id"]}
            page = self.client.post("/_search/scroll", json=following).raise_for_status().json()

    def _put(self, path: str, document: dict[str, Any]) -> None:
        self.client.put(path, json=document).raise_for_status()

    def _settings(self, user: str, password: str) -> dict[str, Any]:
        (self._folder / user).write_text(password)
        secret = {"file": str(self._folder / user)}
        return {"type": "elastic", "url": self.url, "username": user, "password": secret, "tls": self.tls}

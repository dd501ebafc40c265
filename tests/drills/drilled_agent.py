"""Settings of a daemon in which every stage of a drill has something to show, and a receiver of its messages."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ORG = "acme"
PEOPLE = ("ana", "ben")


def settings(folder: Path, hooks: Sequence[str]) -> dict[str, Any]:
    """As a settings file has them. `folder`: of the state, output and secrets; `hooks`: addresses of the channels hook1, hook2, …

    The org is away: what goes through the pipeline is drills. One destination writes ECS into `out`, one CEF into `out-cef`.
    """
    secret = folder / "hook-secret"
    secret.write_text(f"whsec_{base64.b64encode(b'a secret of thirty-two characters').decode()}", encoding="ascii")
    secret.chmod(0o600)
    named = {"file": str(secret)}
    channels = [
        {"name": f"hook{number}", "type": "webhook", "url": url, "secret": named}
        for number, url in enumerate(hooks, start=1)
    ]
    over = [channel["name"] for channel in channels]
    return {
        "orgs": [
            {
                "name": ORG,
                "url": "https://localhost:1",
                "auth": {"type": "client_credentials", "client_id": "nobody", "client_secret": named},
                "sources": [{"type": "event_log_file", "every": "1h"}],
            }
        ],
        "destinations": [
            {"name": "ecs", "type": "file", "directory": str(folder / "out")},
            {"name": "cef", "type": "file", "format": "cef", "directory": str(folder / "out-cef")},
        ],
        "state": {"directory": str(folder / "state")},
        "notice": {
            "zone": "Europe/Berlin",
            "jurisdictions": ["eu"],
            # Scenarios may be of any level, and each has to start its clocks and notify people here.
            "clocks_from": "medium",
            "people": [{"name": name, "channels": over} for name in PEOPLE],
            "channels": channels,
            "on_call": {
                "rotations": [
                    {"name": "week", "people": [PEOPLE[0]], "every": "7d", "handover": "Mon 09:00 Europe/Berlin"}
                ]
            },
            "policies": [
                {
                    "name": "all",
                    "levels": ["informational", "low", "medium", "high", "critical"],
                    "steps": [{"notify": ["on_call"]}, {"notify": ["everyone"], "after": "15m"}],
                }
            ],
        },
        "drills": {"overdue_after": "35d"},
    }

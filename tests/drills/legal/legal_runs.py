"""Legal drills as tests run them, and packs with something wrong in them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import yaml

from agent.daemon.drills.legal.legal_drill import run_legal_drill
from agent.notice.regimes.model import RegimePack
from agent.notice.regimes.pack import shipped
from agent.notice.settings import NoticeSettings

BEGIN = datetime(2026, 11, 20, 9, tzinfo=UTC)

PACK = shipped().pack

Regimes = dict[str, dict[str, Any]]


def changed_pack(change: Callable[[Regimes], None], *, version: str = "", **head: Any) -> RegimePack:
    """The shipped one with something else in it. `change`: of its regimes by their ids; `head`: of what is beside them."""
    document = yaml.safe_load(shipped().raw) | head
    regimes = {regime["id"]: regime for regime in document["regimes"]}
    change(regimes)
    document["regimes"] = list(regimes.values())
    if version:
        document["pack"]["version"] = version
    return RegimePack.model_validate(document)


def duty(regimes: Regimes, name: str) -> dict[str, Any]:
    """`regime/obligation`."""
    regime, _, id_ = name.partition("/")
    found: dict[str, Any] = next(duty for duty in regimes[regime]["obligations"] if duty["id"] == id_)
    return found


def failed(
    name: str, pack: RegimePack = PACK, settings: NoticeSettings | None = None, begin: datetime = BEGIN
) -> dict[str, str]:
    """Stages that failed, with what they say."""
    return {stage.name: stage.sentence for stage in run_legal_drill(name, settings, pack, begin) if not stage.passed}

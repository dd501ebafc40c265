"""Newer packs than the shipped one, as a signed one would be when it is in force."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import yaml

from agent.notice.regimes.model import RegimePack
from agent.notice.regimes.pack import SignedPack, shipped


def newer_pack(change: Callable[[dict[str, Any]], None], version: str = "2027.01.01") -> SignedPack:
    """The shipped one with something else in it. `change`: of its regimes by their ids, which it may add to and take from."""
    signed = shipped()
    document = yaml.safe_load(signed.raw)
    regimes = {regime["id"]: regime for regime in document["regimes"]}
    change(regimes)
    document["regimes"] = list(regimes.values())
    document["pack"]["version"] = version
    raw = yaml.safe_dump(document, allow_unicode=True).encode()
    digest = hashlib.sha256(raw).hexdigest()
    return replace(signed, pack=RegimePack.model_validate(document), sha256=digest, raw=raw)


def with_hours(regime: str, hours: float) -> SignedPack:
    """Another number of hours for its first obligation."""

    def change(regimes: dict[str, Any]) -> None:
        regimes[regime]["obligations"][0]["deadline"] = {"mode": "hours", "value": hours}

    return newer_pack(change)

"""Packs of the tests' own, signed with a key of their own."""

from __future__ import annotations

import re
from pathlib import Path

from agent.notice.regimes.pack import SHIPPED, sign
from agent.signing.signed_note import NoteSigner

SIGNER = NoteSigner.generate("tests/regimes")
STRANGER = NoteSigner.generate("stranger/regimes")

OLD, MIDDLE, NEW = "2027.01.01", "2027.02.01", "2027.02.01.1"
"""Versions, the oldest first."""


def signed_pack(path: Path, version: str, signer: NoteSigner = SIGNER, *, id_: str = "core") -> Path:
    """The shipped pack under another version or name."""
    text = re.sub(r"(?m)^  version: .*$", f"  version: {version}", SHIPPED.read_text(encoding="utf-8"), count=1)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.replace("  id: core", f"  id: {id_}", 1), encoding="utf-8")
    sign(path, signer)
    return path

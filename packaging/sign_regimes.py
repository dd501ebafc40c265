"""Sign a pack of regimes: `python packaging/sign_regimes.py KEY_FILE [PACK]`, or `--new-key NAME KEY_FILE` to make a key.

The key file holds a private key and stays with whoever releases; the public key goes into agent/notice/regimes/keys.txt.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from agent.notice.regimes.pack import SHIPPED, sign
from agent.signing.signed_note import NoteSigner


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--new-key"] and len(arguments) == 3:
        signer, path = NoteSigner.generate(arguments[1]), Path(arguments[2])
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(signer.private_text() + "\n")
        print(f"the private key is in {path}; the line for agent/notice/regimes/keys.txt is")
        print(signer.verifier)
        return 0
    if len(arguments) in (1, 2) and not arguments[0].startswith("-"):
        signer = NoteSigner.parse(Path(arguments[0]).read_text(encoding="utf-8"))
        print(sign(Path(arguments[1]) if len(arguments) == 2 else SHIPPED, signer))
        return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

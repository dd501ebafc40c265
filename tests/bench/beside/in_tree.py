"""`python tests/bench/beside/in_tree.py CHECKOUT MODULE [ARGUMENTS]`: a module of this tree's tests over another tree's `agent`.

What it imports of `agent` must be in both; `agent_names` is between them where names differ.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parents[3]


def main(checkout: str, module: str, *arguments: str) -> None:
    sys.path[:] = [str(Path(checkout).resolve()), *sys.path[1:]]
    import agent  # noqa: F401  (from now on everything under this name is the checkout's)

    sys.path[0] = str(HERE)  # and `tests` is this tree's
    sys.argv[1:] = arguments
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

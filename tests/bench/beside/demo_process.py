"""The demo of this process's tree with other rules: `demo_process FOLDER RULES ROWS`; its exit status is the demo's."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from tests.bench.bench_process import ensure_allocator


def main(folder: Path, rules: str, rows: int) -> int:
    ensure_allocator()
    from rich.console import Console

    from agent.demo import run as demo

    shipped = demo.document

    def document(folder: Path, org: dict[str, str], seed: int, address: str) -> dict[str, Any]:
        return {**shipped(folder, org, seed, address), "rules": {"shipped": False, "folders": [rules]}}

    demo.document = document
    return demo.run(folder / "demo", seed=7, rows=rows, console=Console())


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))

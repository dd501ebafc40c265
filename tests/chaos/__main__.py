"""`make chaos`: counts, at receivers outside, how many messages come in time while the agent is killed and channels fail.

`python -m tests.chaos --minutes 3` is the short form. Ends with 1 where fewer than 99.9 % came in time, one occasion had two ids, or an
incident was not told within a minute.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.figures import replaced, section
from tests.chaos.havoc import HOURS, MINUTES
from tests.chaos.run import run_chaos

PAGE = Path(__file__).parents[2] / "docs" / "measured.md"
SHORT = 20.0
"""Minutes up to which everything goes wrong faster, so that all of it is tried."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--hours", type=float, default=2.0, help="how long")
    parser.add_argument("--minutes", type=float, help="how long, in place of --hours")
    parser.add_argument("--canaries", type=int, default=3_000, help="how many at least in that time")
    parser.add_argument("--seed", type=int, help="of all that happens by chance, to have the same again")
    parser.add_argument("--folder", type=Path, help="where everything stays, in place of a temporary folder")
    parser.add_argument("--write", action="store_true", help="write the figures into docs/measured.md")
    given = parser.parse_args(arguments)
    minutes = given.minutes or given.hours * 60
    every = max(1.0, math.floor(minutes * 60 / given.canaries))
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(10**6)
    print(f"seed {seed}, {minutes:g} minutes, a canary each {every:g} s", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        place = given.folder or Path(folder)
        result = run_chaos(place, minutes, every, MINUTES if minutes <= SHORT else HOURS, seed)
    text = section(result)
    print(text)
    if given.write:
        PAGE.write_text(replaced(PAGE.read_text(encoding="utf-8"), text), encoding="utf-8")
    return 0 if result.is_kept else 1


if __name__ == "__main__":
    sys.exit(main())

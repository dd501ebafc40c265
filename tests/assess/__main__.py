"""`make assess`: measure the shipped rules on the simulated org, and write rules/MEASURED.md."""

from __future__ import annotations

import os

os.environ["POLARS_MAX_THREADS"] = "1"  # before polars is imported: many small files, one core

import argparse
import sys
from functools import partial
from pathlib import Path

import structlog
from rich.console import Console
from rich.markdown import Markdown
from rich.status import Status

from agent.simulator.scenarios import SCENARIOS
from tests.assess.calendar import Assessment
from tests.assess.page import page
from tests.assess.run import Result, assess

PAGE = Path("rules/MEASURED.md")


def main() -> int:
    """Exit status 0 if every planted leak was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.assess", description=__doc__)
    parser.add_argument("--seed", type=int, action="append", help="7 unless given; more than one: a run for each")
    parser.add_argument("--days", type=int, default=30, help="innocent days")
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--rows", type=int, default=200_000, help="about how many a weekday has")
    parser.add_argument("--hours", type=int, default=6, choices=(1, 2, 3, 4, 6, 8, 12, 24),
                        help="of the innocent days, how many hours' files are read at once")  # fmt: skip
    parser.add_argument("--scenario", action="append", help=f"all unless named: {', '.join(SCENARIOS)}; or none")
    parser.add_argument("--rules", type=Path, action="append", default=[], help="in place of the shipped ones")
    parser.add_argument("--page", type=Path, default=PAGE, help="where to write it; '-' for nowhere")
    parser.add_argument("--show", action="store_true", help="a few alerts of each rule that calls on innocent days")
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    console, scenarios = Console(stderr=True), given.scenario or list(SCENARIOS)
    results = []
    for seed in given.seed or [7]:
        what = Assessment(
            seed=seed, days=given.days, people=given.people, rows=given.rows, hours=given.hours,
            scenarios=() if scenarios == ["none"] else tuple(scenarios), rules=tuple(given.rules),
        )  # fmt: skip
        with console.status(f"seed {seed}") as status:
            results.append(assess(what, partial(_tell, status, seed)))
        if given.show:
            _show(results[-1], console)
    text = page(results)
    if str(given.page) != "-":
        given.page.write_text(text, encoding="utf-8")
    Console().print(Markdown(text)) if sys.stdout.isatty() else print(text)
    for result in results:
        console.print(
            f"seed {result.assessment.seed}: {result.rows:,} rows in {result.core_seconds:.0f} core-seconds; "
            f"detection remembers {result.remembered / 1e6:.1f} MB"
        )
    return 0 if all(result.found.get(name) for result in results for name in result.assessment.scenarios) else 1


def _tell(status: Status, seed: int, text: str) -> None:
    """In place on a terminal, line by line in a log."""
    if status.console.is_terminal:
        status.update(f"seed {seed}: {text}")
    else:
        print(f"seed {seed}: {text}", file=sys.stderr, flush=True)


def _show(result: Result, console: Console) -> None:
    for rule, sentences in result.samples.items():
        for sentence in sentences:
            console.print(f"{result.names[rule]}: {sentence}", soft_wrap=True, markup=False)


if __name__ == "__main__":
    sys.exit(main())

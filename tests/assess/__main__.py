"""`make assess`: measure the shipped rules on the simulated org, and write rules/MEASURED.md."""

from __future__ import annotations

import os

os.environ["POLARS_MAX_THREADS"] = "1"  # before polars is imported: many small files, one core

import argparse
import pickle
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown
from rich.status import Status

from agent.simulator.scenarios import SCENARIOS
from agent.simulator.scenarios.campaigns import CAMPAIGNS
from agent.simulator.scenarios.configuration import CONFIGURATION
from tests.assess.calendar import Assessment
from tests.assess.campaign_page import campaign_lines, lost
from tests.assess.campaigns import SHARES, LearntMemory, Sweep, quiet
from tests.assess.complaints import complaints
from tests.assess.incidents.page import incident_lines
from tests.assess.measured_page import page
from tests.assess.run import Result, assess, learn

PAGE = Path("rules/MEASURED.md")


def main() -> int:
    """Exit status 0 if every leak was found, the campaigns included, and innocent days are quiet enough."""
    parser = argparse.ArgumentParser(prog="python -m tests.assess", description=__doc__)
    parser.add_argument("--seed", type=int, action="append", help="7 unless given; more than one: a run for each")
    parser.add_argument("--days", type=int, default=30, help="innocent days")
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--rows", type=int, default=200_000, help="about how many a weekday has")
    parser.add_argument("--hours", type=int, default=6, choices=(1, 2, 3, 4, 6, 8, 12, 24),
                        help="of the innocent days, how many hours' files are read at once")  # fmt: skip
    parser.add_argument(
        "--scenario", action="append", help=f"all unless named: {', '.join([*SCENARIOS, *CONFIGURATION])}; or none"
    )
    parser.add_argument("--objects-only", action="store_true",
                        help="rows of objects alone, without log files or campaigns")  # fmt: skip
    parser.add_argument("--rules", type=Path, action="append", default=[], help="in place of the shipped ones")
    parser.add_argument("--page", type=Path, default=PAGE, help="where to write it; '-' for nowhere")
    parser.add_argument("--show", action="store_true", help="a few alerts of each rule that calls on innocent days")
    parser.add_argument("--campaigns", action="store_true",
                        help="only the published campaigns, after the days that are learnt from; no page is written")  # fmt: skip
    parser.add_argument("--campaign", action="append", help=f"all unless named: {', '.join(CAMPAIGNS)}; or none")
    parser.add_argument("--volume", type=float, action="append", help="of what was published, instead of less and less")
    parser.add_argument(
        "--memory", type=Path, help="with --campaigns: where what was learnt is kept, for the next time"
    )
    parser.add_argument("--incidents", action="store_true",
                        help="only what the alerts become as incidents, without campaigns; no page is written")  # fmt: skip
    given = parser.parse_args()
    quiet()
    names = () if given.campaign == ["none"] or given.objects_only else tuple(given.campaign or CAMPAIGNS)
    shares = tuple(given.volume or SHARES)
    if given.campaigns:
        return _campaigns(given, names, shares)
    if given.incidents:
        return _incidents(given)
    return _everything(given, names, shares)


def _everything(given: argparse.Namespace, names: tuple[str, ...], shares: tuple[float, ...]) -> int:
    """The innocent month and the leaks, for each seed, and beside the first one's leaks the campaigns."""
    console = Console(stderr=True)
    results: list[Result] = []
    with Sweep(names, shares) as sweep:
        for seed in given.seed or [7]:
            with console.status(f"seed {seed}") as status:
                tell = partial(_tell, status, seed)
                results.append(assess(_assessment(given, seed), tell, sweep.start if not results else _ignore))
            if given.show:
                _show(results[-1], console)
        plays = sweep.plays()
    text = page(results, plays)
    if str(given.page) != "-":
        given.page.write_text(text, encoding="utf-8")
    Console().print(Markdown(text)) if sys.stdout.isatty() else print(text)
    for result in results:
        console.print(
            f"seed {result.assessment.seed}: {result.rows:,} rows in {result.core_seconds:.0f} core-seconds; "
            f"detection remembers {result.remembered / 1e6:.1f} MB"
        )
    failures = list(complaints(results, plays))
    for failure in failures:
        console.print(failure)
    return 1 if failures else 0


def _campaigns(given: argparse.Namespace, names: tuple[str, ...], shares: tuple[float, ...]) -> int:
    """The campaigns alone, on what is learnt now or was kept."""
    if given.memory and given.memory.exists():
        learnt = pickle.loads(given.memory.read_bytes())  # noqa: S301  (a file of our own)
    else:
        assessment = replace(_assessment(given, (given.seed or [7])[0]), days=0, learning_days=28)
        learnt = learn(assessment, lambda text: print(text, file=sys.stderr, flush=True))
        if given.memory:
            given.memory.write_bytes(pickle.dumps(learnt))
    with Sweep(names, shares) as sweep:
        sweep.start(learnt)
        plays = sweep.plays()
    print("\n".join(campaign_lines(plays)))
    return 1 if lost(plays) else 0


def _incidents(given: argparse.Namespace) -> int:
    """The month without the campaigns."""
    results = [
        assess(_assessment(given, seed), lambda text: print(text, file=sys.stderr, flush=True))
        for seed in given.seed or [7]
    ]
    print("\n".join(incident_lines(results)))
    return 0


def _assessment(given: argparse.Namespace, seed: int) -> Assessment:
    scenarios = given.scenario or [*SCENARIOS, *CONFIGURATION]
    return Assessment(
        seed=seed, days=given.days, people=given.people, rows=given.rows, hours=given.hours,
        scenarios=() if scenarios == ["none"] else tuple(scenarios), rules=tuple(given.rules),
        log_files=not given.objects_only,
    )  # fmt: skip


def _ignore(learnt: LearntMemory) -> None:
    """Nothing is done with what a further seed has learnt."""


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

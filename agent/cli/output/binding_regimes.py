"""`leakline regimes list -c`: which regimes bind whom the settings describe, and why the others do not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.table import Table

from agent.assembly.notice.pack_choice import pack_choice
from agent.check.notice.approved_settings import difference
from agent.cli.output.console import err, out, print_json
from agent.cli.output.regimes import periods, regime_summary, review
from agent.cli.output.status_parts.deadline_lines import NOT_ADVICE
from agent.config.settings import Settings
from agent.exit_status import FINE
from agent.notice.regimes.binding import Binding, outcomes
from agent.notice.regimes.choice import PackChoice
from agent.notice.regimes.doubtful_names import unknown_names
from agent.notice.settings import NoticeSettings


def show(settings: Settings, *, as_json: bool) -> int:
    """All regimes of the pack in force and the contracts of the settings; those that bind come first."""
    notice, today = settings.notice or NoticeSettings(), datetime.now(UTC).date()
    choice = pack_choice(settings)
    found = sorted(outcomes(choice.signed.pack, notice, today), key=lambda outcome: not outcome.binds)
    _tell_doubts(settings, choice)
    if differs := difference(settings.state):
        message = f"This list shows what the settings file says, and other settings are in force: {differs}"
        err.print(message, markup=False, soft_wrap=True)
    if as_json:
        print_json(
            [
                {
                    **regime_summary(outcome.regime, today),
                    "binds": outcome.binds,
                    "bound_as": outcome.roles,
                    "why": outcome.why,
                }
                for outcome in found
            ]
        )
        return FINE
    _print(found)
    out.print(
        f"{sum(outcome.binds for outcome in found)} of {len(found)} bind, pack {choice.signed.pack.pack.version}"
        f"{review(choice.signed.pack, today)}. {NOT_ADVICE}",
        markup=False,
    )
    return FINE


def _print(found: Sequence[Binding]) -> None:
    table = Table("id", "binds", "why", "until when", box=None, pad_edge=False)
    for outcome in found:
        answer = "yes" if outcome.binds else "no"
        table.add_row(outcome.regime.id, answer, outcome.why, periods(outcome.duties))
    out.print(table)


def _tell_doubts(settings: Settings, choice: PackChoice) -> None:
    """Beside the list, so that standard output stays what programs read."""
    if settings.notice is None:
        err.print("`notice` is left out of the settings: nothing binds", markup=False)
        return
    for refusal in choice.refusals:
        err.print(f"refused: {refusal.error}; {refusal.fix}", markup=False, soft_wrap=True)
    for signed in choice.waiting:
        err.print(f"the pack {signed.pack.pack.version} waits for approval: see `leakline changes list`", markup=False)
    for doubt in unknown_names(choice.signed.pack, settings.notice):
        err.print(f"{doubt.setting}: {doubt.message}; {doubt.fix}", markup=False, soft_wrap=True)

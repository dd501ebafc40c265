"""`leakline regimes …`: what the pack holds, and whether it is the one that was signed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import typer
import yaml
from rich.table import Table

from agent.cli.output.console import out, print_json
from agent.cli.output.status_parts.deadline_lines import NOT_ADVICE
from agent.exit_status import FINE, FOUND, WRONG_USAGE
from agent.notice.regimes import pack as packs
from agent.notice.regimes.model import Deadline, Earliest, Obligation, Regime, RegimePack, UndueDelay
from agent.notice.regimes.pack import PackRefused, SignedPack


def show_list(*, as_json: bool) -> int:
    """All regimes of the pack in force."""
    signed, today = packs.shipped(), datetime.now(UTC).date()
    regimes = signed.pack.regimes
    if as_json:
        print_json([regime_summary(regime, today) for regime in regimes])
        return FINE
    table = Table("id", "where", "for", "in force", "until when", "sure", box=None, pad_edge=False)
    for regime in regimes:
        binding = (
            "yes" if regime.in_force(today) else f"from {regime.effective_from}" if regime.effective_from else "no"
        )
        where = ", ".join(regime.jurisdictions)
        table.add_row(
            regime.id, where, ", ".join(regime.all_roles), binding, periods(regime.obligations), regime.confidence
        )
    out.print(table)
    out.print(
        f"{len(regimes)} regimes, pack {signed.pack.pack.version}{review(signed.pack, today)}. {NOT_ADVICE}",
        markup=False,
    )
    return FINE


def show_one(id_: str, *, as_json: bool) -> int:
    """One regime, all of it."""
    regime = packs.shipped().pack.regime(id_)
    if regime is None:
        out.print(f"{id_[:60]!r} is not a regime; see `leakline regimes list`", markup=False)
        return WRONG_USAGE
    document = regime.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    if as_json:
        print_json(document)
    else:
        typer.echo(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=118), nl=False)
        out.print(NOT_ADVICE)
    return FINE


def verify(path: Path | None, *, as_json: bool) -> int:
    """Whether a pack is accepted; 1 where it is not."""
    today = datetime.now(UTC).date()
    try:
        signed = packs.shipped() if path is None else packs.newer(packs.read(path, packs.known_keys()), packs.shipped())
    except PackRefused as error:
        if as_json:
            print_json({"accepted": False, "reason": error.reason, "path": str(error.path)})
        else:
            out.print(f"refused: {error}", markup=False, soft_wrap=True)
        return FOUND
    head = signed.pack.pack
    if as_json:
        print_json(_verified(signed, today))
    else:
        out.print(
            f"accepted: the pack {head.id} {head.version} with {len(signed.pack.regimes)} regimes, signed by {signed.signed_by}"
            f"{review(signed.pack, today)}",
            markup=False,
            soft_wrap=True,
        )
    return FINE


def periods(duties: Iterable[Obligation]) -> str:
    """Theirs, each once."""
    return ", ".join(dict.fromkeys(wording(duty.deadline) for duty in duties))


def wording(deadline: Deadline) -> str:
    """A period in a few words, such as `72 h` or `3 business days`."""
    if isinstance(deadline, Earliest):
        return "earliest of " + " and ".join(f"{part.value:g} h from {part.anchor}" for part in deadline.of)
    if isinstance(deadline, UndueDelay):
        return f"without delay (our target {deadline.policy_target_hours:g} h)"
    unit = {
        "hours": "h",
        "calendar_days": "days",
        "business_days": "business days",
        "months": "months" if deadline.value != 1 else "month",
        "after_year_end_days": "days after the year's end",
    }[deadline.mode]
    return f"{deadline.value:g} {unit}"


def regime_summary(regime: Regime, today: date) -> dict[str, Any]:
    """A regime as JSON, without its texts."""
    return {
        "id": regime.id,
        "name": regime.name,
        "jurisdictions": regime.jurisdictions,
        "roles": regime.all_roles,
        "sectors": regime.sectors,
        "status": regime.status,
        "effective_from": regime.effective_from.isoformat() if regime.effective_from else None,
        "in_force": regime.in_force(today),
        "confidence": regime.confidence,
        "obligations": [
            {"id": duty.id, "recipient": duty.recipient, "anchor": duty.anchor, "period": wording(duty.deadline)}
            for duty in regime.obligations
        ],
    }


def _verified(signed: SignedPack, today: date) -> dict[str, Any]:
    head = signed.pack.pack
    return {
        "accepted": True,
        "id": head.id,
        "version": head.version,
        "regimes": len(signed.pack.regimes),
        "sha256": signed.sha256,
        "signed_by": signed.signed_by,
        "review_by": head.review_by.isoformat(),
        "review_due": head.review_due(today),
    }


def review(pack: RegimePack, today: date) -> str:
    """Until when the pack is to be reviewed, as the end of a sentence."""
    if not pack.pack.review_due(today):
        return f", to be reviewed by {pack.pack.review_by}"
    return f"; it was to be reviewed by {pack.pack.review_by}, and was not: it stays in force"

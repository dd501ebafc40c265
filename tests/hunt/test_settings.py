"""`leakline hunt -c`: an installation's rules, values and lists."""

from __future__ import annotations

import io
from pathlib import Path

import orjson
from rich.console import Console

from agent.cli.output.hunt import write_alerts
from tests.hunt.hunting import LOG, installation, where, write_rules


def test_lines_of_a_list_that_cannot_be_used_are_told(tmp_path: Path, rules: Path) -> None:
    """They are left out, and who reads the alerts must know."""
    leavers, log, err = tmp_path / "leavers.csv", tmp_path / "log.csv", io.StringIO()
    leavers.write_text("username,last day\na@example.org,someday\nb@example.org,2026-12-31\n")
    log.write_text(LOG)
    settings = installation(enrich={"leavers": str(leavers)})
    write_alerts([log], [rules], raw=False, out=io.BytesIO(), err=Console(file=err), settings=settings)
    assert f"{leavers}:2: 'someday' is not a date" in err.getvalue()


def test_settings_bring_their_rules_and_values(tmp_path: Path) -> None:
    """With -c a hunt sees what the daemon of that installation sees."""
    folder = write_rules(tmp_path / "rules", {"values": ("USER_ID|expand: '%BadAddresses%'", "sel")})
    settings = installation(
        rules={"folders": [str(folder)], "shipped": False, "placeholders": {"BadAddresses": ["*aaaa*"]}}
    )
    log = tmp_path / "log.csv"
    log.write_text(LOG)
    out = io.BytesIO()
    status = write_alerts([log], None, raw=False, out=out, err=Console(file=io.StringIO()), settings=settings)
    assert (status, where([orjson.loads(line) for line in out.getvalue().splitlines()])) == (
        1,
        [("values", 2), ("values", 3)],
    )

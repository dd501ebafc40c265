"""`leakline check` says which regimes bind, and what of it is doubtful."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.check.notice.regimes import examine_regimes
from agent.config.settings import Settings
from agent.model import Finding
from agent.notice.regimes.in_force import PackInForce
from agent.store.problems import Problems
from tests.notice.regimes.signed_packs import NEW, SIGNER, STRANGER, signed_pack
from tests.store.one_shard import OneShard

TODAY = date(2026, 11, 27)
HERE = {"jurisdictions": ["eu", "uk"], "zone": "Europe/Berlin"}


def findings(folder: Path, notice: dict[str, Any] | None, today: date = TODAY) -> list[Finding]:
    client = {"type": "client_credentials", "client_id": "id", "client_secret": {"env": "SECRET"}}
    document = {
        "orgs": [{"name": "acme", "url": "https://acme.my.salesforce.com", "auth": client}],
        "destinations": [{"type": "file", "directory": str(folder / "out")}],
        "state": {"directory": str(folder / "state")},
        "notice": notice,
    }
    return list(examine_regimes(Settings.model_validate(document), today))


def wrong(found: list[Finding]) -> Iterator[tuple[str, str, str]]:
    """How bad, where, and what to do."""
    for finding in found:
        if not finding.ok:
            yield "WARN" if finding.warning else "FAIL", finding.subject, finding.fix


def test_what_binds_is_said(tmp_path: Path) -> None:
    """By the pack in force, with a word on what that is worth."""
    (finding,) = findings(tmp_path, HERE)
    assert finding.ok
    assert finding.message == (
        "3 regimes bind by the pack core 2026.11.27.2: eu-gdpr-33, eu-gdpr-34, uk-gdpr-33. This is not legal advice"
    )


def test_without_notice_the_clocks_are_off(tmp_path: Path) -> None:
    """A warning with what to write, which is well formed and binds."""
    (finding,) = findings(tmp_path, None)
    assert (finding.ok, finding.warning) == (False, True)
    assert "incidents run; clocks, escalation and channels are off" in finding.message
    assert "`notice: {zone: Europe/Berlin, jurisdictions: [eu], roles: [controller]}`" in finding.fix


def test_unknown_names_are_wrong(tmp_path: Path) -> None:
    """Each where it is, with what is near."""
    contract = {"name": "big", "anchor": "awrae", "hours": 24, "recipient": "them"}
    notice = {"jurisdictions": ["eu", "EU"], "roles": ["controler"], "sectors": ["helth"], "contracts": [contract]}
    assert list(wrong(findings(tmp_path, notice))) == [
        ("FAIL", "notice.jurisdictions", "write eu"),
        ("FAIL", "notice.roles", "write controller"),
        ("FAIL", "notice.sectors", "write health"),
        ("FAIL", "notice.contracts, big, anchor", "write aware"),
        ("WARN", "notice.jurisdictions", "add the jurisdictions, roles and sectors that are yours, or leave it as it is if none is"),
    ]  # fmt: skip


def test_nothing_that_binds_is_a_warning(tmp_path: Path) -> None:
    """Settings without a jurisdiction."""
    (finding,) = findings(tmp_path, {"jurisdictions": []})
    assert (finding.ok, finding.warning) == (False, True)
    assert finding.message == "no regime binds, so no clock runs"


def test_a_refused_pack_is_wrong(tmp_path: Path) -> None:
    """And what is in force stays."""
    path = signed_pack(tmp_path / "own.yaml", NEW, STRANGER)
    refused, bound = findings(tmp_path, {**HERE, "pack": str(path)})
    assert (refused.ok, refused.warning, bound.ok) == (False, False, True)
    assert "no known key has signed it" in refused.message
    assert refused.message.endswith("the pack core 2026.11.27.2 stays in force")


@pytest.mark.parametrize("day, due", [(date(2027, 2, 22), False), (date(2027, 2, 23), True)])
def test_a_pack_past_its_review_is_a_warning(tmp_path: Path, day: date, due: bool) -> None:
    """From that day on."""
    told = [finding for finding in findings(tmp_path, HERE, day) if not finding.ok]
    assert [finding.warning for finding in told] == [True] * due
    assert all("was to be reviewed by 2027-02-23, and was not" in finding.message for finding in told)


def test_the_pack_that_the_daemon_keeps_counts(tmp_path: Path) -> None:
    """One that no known key of this package has signed is told, while the daemon has the state open."""
    state = OneShard(tmp_path / "state")
    now = datetime(2027, 1, 1, tzinfo=UTC)
    problems = Problems(state, lambda: now)
    PackInForce(state, problems, signed_pack(tmp_path / "new.yaml", NEW), [SIGNER.verifier]).load(None, now)
    (told,) = wrong(findings(tmp_path, HERE))
    assert told[0] == "FAIL"
    assert "install the Leakline that it came with" in told[2]
    state.close()


def test_what_is_weaker_than_the_law_is_wrong(tmp_path: Path) -> None:
    """The daemon does not start with it. A name that no regime has is said once."""
    found = list(wrong(findings(tmp_path, {"jurisdictions": ["eu", "UK"], "presume_aware_after": "30d"})))
    assert found == [
        ("FAIL", "notice.jurisdictions", "write uk"),
        ("FAIL", "notice.presume_aware_after", "write 3d or less"),
    ]

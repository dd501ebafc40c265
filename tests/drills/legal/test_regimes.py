"""Every regime of the shipped pack through its legal drill."""

import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent import metrics
from agent.daemon.drills.legal.legal_drill import legal_drills, run_legal_drill
from agent.errors import LeaklineError
from tests.drills.legal.legal_runs import BEGIN, PACK, changed_pack, failed

DRILLS = legal_drills(PACK)
LIVES = ["opened", "obligations", "strict dates", "dates", "drafts", "kept", "alarms", "late", "messages", "presumed"]


@pytest.mark.parametrize("name", DRILLS)
def test_every_drill_of_the_shipped_pack_passes(name: str) -> None:
    """The real parts do what a second count expects, at every stage."""
    assert failed(name) == {}


def test_each_regime_in_force_has_a_drill_and_no_proposal_has() -> None:
    """Those that are law on a later day are tried on that day."""
    regimes = {f"legal:{regime.id}" for regime in PACK.regimes if regime.in_force(BEGIN.date()) and not regime.template}
    assert regimes < set(DRILLS)
    further = {"dst-night", "holiday", "nobody-acknowledges", "nobody-on-call", "in-dpdp-r7"}
    assert set(DRILLS) - regimes == {f"legal:{name}" for name in further}


def test_a_regime_lives_through_all_stages() -> None:
    """In the order of its lives; the trail of all of them is verified last."""
    names = [stage.name for stage in run_legal_drill("legal:eu-nis2-23", None, PACK, BEGIN)]
    assert [name for name in names if name in LIVES] == LIVES
    assert names[-1] == "trail"
    assert {"stages", "known dates", "strict dates passed"} < set(names)


@pytest.mark.parametrize("begin", ["2027-02-28T23:59:59.5", "2028-02-29T12:00", "2026-12-31T23:30", "2031-03-30T00:30"])
@pytest.mark.parametrize("regime", ["eu-dora-19", "br-lgpd-48", "us-hipaa", "jp-appi-26"])
def test_it_passes_whenever_it_is_run(regime: str, begin: str) -> None:
    """At the ends of months and years too, and in the night in which clocks are set."""
    assert failed(f"legal:{regime}", begin=datetime.fromisoformat(begin).replace(tzinfo=UTC)) == {}


def test_what_is_no_drill_is_refused_with_names_near_it() -> None:
    """A proposal that is no law is none either."""
    with pytest.raises(LeaklineError, match="is not a legal drill") as refused:
        run_legal_drill("legal:eu-gdpr-3", None, PACK, BEGIN)
    assert "legal:eu-gdpr-33" in refused.value.hint
    for name in ("legal:eu-gdpr-33-omnibus", "legal:contract-custom", "eu-gdpr-33"):
        with pytest.raises(LeaklineError, match="is not a legal drill"):
            run_legal_drill(name, None, PACK, BEGIN)


def test_each_line_of_the_log_names_the_drill(capsys: pytest.CaptureFixture[str]) -> None:
    """An incident that never was is not taken for one."""
    assert failed("legal:nobody-acknowledges") == {}
    lines = [line for line in capsys.readouterr().out.splitlines() if "[" in line]
    assert any("problem" in line for line in lines)
    assert [line for line in lines if "drill=legal:nobody-acknowledges" not in line] == []


def test_nothing_of_it_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its folder is deleted, and the daemon's count of open problems is its own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    gauge = metrics.PROBLEMS.labels("escalation-unanswered")
    gauge.set(7)
    assert failed("legal:nobody-acknowledges") == {}
    assert list(tmp_path.iterdir()) == []
    assert gauge._value.get() == 7
    gauge.set(0)


def test_a_newer_pack_is_judged_by_its_own_words() -> None:
    """A law that was changed since this Leakline was made does not fail each month until there is a newer one."""

    def longer(regimes: Mapping[str, dict[str, object]]) -> None:
        regimes["eu-gdpr-33"]["obligations"][0]["deadline"]["value"] = 96  # type: ignore[index]

    newer = changed_pack(longer, version="2027.01.01")
    assert failed("legal:eu-gdpr-33", newer) == {}
    assert failed("legal:dst-night", newer) == {}
    assert failed("legal:holiday", newer) == {}
    for regime in ("eu-dora-19", "us-hipaa", "us-sec-8k-105", "jp-appi-26"):
        assert failed(f"legal:{regime}", newer) == {}

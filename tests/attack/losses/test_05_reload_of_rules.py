"""A reload with rule files that do not load: the rules of before stay in use, and everybody is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from agent.model import Batch
from tests.attack.losses.reloaded import BROKEN, BURST, IDS, KIND, LocalDaemon, rule


def test_a_broken_rule_file_keeps_the_rules_it_brought(run: Callable[..., LocalDaemon]) -> None:
    """The other files' changes are taken; the broken one is told with file and line, and its end too."""
    daemon = run()
    daemon.write("first.yml", rule("first"))
    daemon.write("second.yml", rule("second", "bob"))
    assert daemon.problems() == {}
    daemon.write("first.yml", rule("first") + "oops: [\n")
    daemon.write("second.yml", rule("second", "eve"))
    (found,) = daemon.node.reload()
    assert (found.path.name, found.line) == ("first.yml", 7)
    assert [daemon.alerting(user) for user in ("ann", "bob", "eve")] == [{"first"}, set(), {"second"}]
    assert "first.yml:7: " in daemon.problems()["first.yml"]
    assert "the previous version stays in use" in daemon.problems()["first.yml"]
    assert daemon.told() == [KIND]
    daemon.node.reload()
    assert daemon.told() == []
    daemon.write("first.yml", rule("first", "zoe"))
    assert daemon.node.reload() == []
    assert (daemon.alerting("ann"), daemon.alerting("zoe")) == (set(), {"first"})
    assert daemon.problems() == {}
    assert daemon.told() == ["file-loaded"]


def test_a_file_keeps_its_version_through_many_reloads(run: Callable[..., LocalDaemon]) -> None:
    """Broken, broken otherwise, no rule, a link to nothing: the rule of before runs through all of it."""
    daemon = run()
    path = daemon.write("first.yml", rule("first"))
    assert daemon.alerting("ann") == {"first"}
    for content in (BROKEN.encode(), b"\xff\xfe\x00", b"title: x\n", None):
        if content is None:
            path.unlink()
            path.symlink_to("nowhere")
        else:
            path.write_bytes(content)
        assert [problem.path for problem in daemon.node.reload()] == [path]
        assert daemon.alerting("ann") == {"first"}


def test_a_file_that_is_gone_is_gone_on_purpose(run: Callable[..., LocalDaemon]) -> None:
    """Its rule runs while the file is broken and ends with the file, and so does the problem."""
    daemon = run()
    path = daemon.write("first.yml", rule("first"))
    assert daemon.alerting("ann") == {"first"}
    path.write_text(BROKEN)
    daemon.node.reload()
    assert daemon.alerting("ann") == {"first"}
    path.unlink()
    assert daemon.node.reload() == []
    assert (daemon.alerting("ann"), daemon.problems()) == (set(), {})
    assert daemon.told() == [KIND, "file-loaded"]


def test_what_is_learnt_while_rules_are_read_anew_is_kept(run: Callable[..., LocalDaemon]) -> None:
    """A batch that commits between reading and taking over is remembered: its alert is not raised again."""
    daemon = run()
    daemon.write("first.yml", rule("first"))
    shard = daemon.node.shards["acme"]
    steps = shard.steps(daemon.node.rebuild(daemon.node.processing.loaded))
    alerts = [shard.stores.spool.end("alerts")]
    for place in range(2):
        row = {"EVENT_TYPE": "Login", "USER_NAME": "ann", "event.id": f"{place}" * 32}
        row |= {"TIMESTAMP_DERIVED": "2026-07-01T11:00:00.000Z"}
        shard.ingest.take("acme", Batch("00D000000000001AAA", "event_log_file", "Login", pl.DataFrame([row])))
        alerts.append(shard.stores.spool.end("alerts"))
        shard.ingest.replace_steps(steps)
    assert alerts[0] != alerts[1] == alerts[2]


def test_a_folder_that_is_away_keeps_its_rules(run: Callable[..., LocalDaemon]) -> None:
    """A folder of the settings that is not there is a fault, not the will to run no rules."""
    daemon = run()
    daemon.write("first.yml", rule("first"))
    assert daemon.alerting("ann") == {"first"}
    daemon.rules.rename(daemon.folder / "away")
    daemon.node.reload()
    assert daemon.alerting("ann") == {"first"}
    assert "the previous version stays in use" in daemon.problems()["rules"]
    (daemon.folder / "away").rename(daemon.rules)
    assert daemon.node.reload() == []
    assert daemon.problems() == {}


def test_a_new_broken_file_costs_the_others_nothing(run: Callable[..., LocalDaemon]) -> None:
    """It is left out and told."""
    daemon = run()
    daemon.write("first.yml", rule("first"))
    assert daemon.alerting("ann") == {"first"}
    daemon.write("second.yml", BROKEN)
    daemon.node.reload()
    assert daemon.alerting("ann") == {"first"}
    assert "is left out" in daemon.problems()["second.yml"]


def test_a_correlation_goes_on_with_the_old_rules_of_a_broken_file(run: Callable[..., LocalDaemon]) -> None:
    """What it is made of stays with it."""
    daemon = run()
    daemon.write("first.yml", rule("first"))
    daemon.write("burst.yml", BURST)
    assert [correlation.rule.name for correlation in daemon.node.processing.rules.correlations] == ["burst"]
    daemon.write("first.yml", BROKEN)
    daemon.node.reload()
    assert [correlation.rule.name for correlation in daemon.node.processing.rules.correlations] == ["burst"]
    assert list(daemon.problems()) == ["first.yml"]


def test_a_change_that_makes_another_file_fail_waits(run: Callable[..., LocalDaemon]) -> None:
    """A name that is taken away, an id that is taken: the file that changed keeps its version, the other one runs."""
    daemon = run()
    daemon.write("first.yml", rule("first"))
    daemon.write("second.yml", rule("second", "bob"))
    daemon.write("burst.yml", BURST)
    assert daemon.problems() == {}
    daemon.write("first.yml", rule("first", "eve").replace("name: first", "name: other"))
    (found,) = daemon.node.reload()
    assert found.path.name == "first.yml"
    assert "burst.yml:4: there is no rule first" in found.message
    assert [correlation.rule.name for correlation in daemon.node.processing.rules.correlations] == ["burst"]
    daemon.write("first.yml", rule("first").replace(IDS["first"], IDS["second"]))
    daemon.write("a new one.yml", rule("third").replace(IDS["third"], IDS["second"]))
    assert {problem.path.name for problem in daemon.node.reload()} == {"first.yml", "a new one.yml"}
    assert (daemon.alerting("bob"), daemon.alerting("ann")) == ({"second"}, set())  # first only feeds the burst


def test_at_a_start_a_broken_file_is_left_out_and_told(run: Callable[..., LocalDaemon]) -> None:
    """There is no version from before then; what was told before a restart is over when it loads."""
    daemon = run()
    daemon.write("first.yml", BROKEN)
    daemon.write("second.yml", rule("second"))
    assert "is left out" in daemon.problems()["first.yml"]
    assert daemon.alerting("ann") == {"second"}
    daemon.close()
    daemon.write("first.yml", rule("first"))
    assert daemon.problems() == {}
    assert daemon.told() == [KIND, "file-loaded"]


def test_values_that_break_a_rule_wait(run: Callable[..., LocalDaemon], tmp_path: Path) -> None:
    """A file of values that no network can be made of, or that is gone: the rule goes on with those of before."""
    values = tmp_path / "values.txt"
    values.write_text("192.0.2.0/24\n")
    daemon = run(
        rules={"folders": [str(tmp_path / "rules")], "shipped": False, "placeholders": {"Bad": {"file": str(values)}}}
    )
    daemon.write("first.yml", rule("first").replace("USER_NAME: ann", "CLIENT_IP|cidr|expand: '%Bad%'"))
    assert daemon.alerting("ann") == {"first"}
    values.write_text("192.0.2.0/99\n")
    daemon.node.reload()
    assert (daemon.alerting("ann"), list(daemon.problems())) == ({"first"}, ["first.yml"])
    values.unlink()
    daemon.node.reload()
    assert (daemon.alerting("ann"), sorted(daemon.problems())) == ({"first"}, ["first.yml", "values.txt"])


def test_rules_that_do_not_fit_the_settings_change_nothing(run: Callable[..., LocalDaemon], tmp_path: Path) -> None:
    """An adjustment of a rule that is gone stops the reload as a whole, which is told until it fits."""
    daemon = run(rules={"folders": [str(tmp_path / "rules")], "shipped": False, "adjust": {"first": {"level": "high"}}})
    path = daemon.write("first.yml", rule("first"))
    assert daemon.alerting("ann") == {"first"}
    path.unlink()
    with pytest.raises(Exception, match=r"rules\.adjust"):
        daemon.node.reload()
    assert daemon.alerting("ann") == {"first"}
    assert list(daemon.problems()) == ["rules.adjust"]
    daemon.write("first.yml", rule("first", "eve"))
    daemon.node.reload()
    assert (daemon.alerting("eve"), daemon.problems()) == ({"first"}, {})

"""A reload with files that do not load: what they held before stays in use, and everybody is told."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from agent.assembly.parts import Parts, build
from agent.config.settings import parse
from agent.model import Batch
from tests.attack.four_places import assert_told_everywhere, own_events, problems_of, status_of
from tests.end_to_end.agent_process import PATIENCE, AgentProcess

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
KIND = "file-not-loaded"
BROKEN = "title: ["

RULE = """title: {name}
id: {id}
name: {name}
logsource: {{product: salesforce, service: event_log_file}}
detection: {{sel: {{EVENT_TYPE: Login, USER_NAME: {user}}}, condition: sel}}
"""
BURST = """title: burst
id: 0b9a4d38-0f9e-4a63-a5a8-b6a8f5a5f0cc
name: burst
correlation: {type: event_count, rules: [first], group-by: [CLIENT_IP], timespan: 1h, condition: {gte: 2}}
"""
IDS = {name: f"0b9a4d38-0f9e-4a63-a5a8-b6a8f5a5f00{place}" for place, name in enumerate(("first", "second", "third"))}


def rule(name: str, user: str = "ann") -> str:
    return RULE.format(name=name, id=IDS[name], user=user)


class Running:
    """A daemon's parts in this process, over a folder of rules and lists."""

    def __init__(self, folder: Path, keys: dict[str, Any] | None = None) -> None:
        self.rules = folder / "rules"
        self.rules.mkdir(exist_ok=True)
        self.folder = folder
        (folder / "secret").write_text("of an org that nobody asks")
        auth = {"type": "client_credentials", "client_id": "none", "client_secret": {"file": str(folder / "secret")}}
        document = {
            "orgs": [{"name": "acme", "url": "https://acme.my.salesforce.com", "auth": auth}],
            "destinations": [{"type": "file", "directory": str(folder / "out")}],
            "state": {"directory": str(folder / "state")},
            "rules": {"folders": [str(self.rules)], "shipped": False},
        }
        self._settings = parse(document | (keys or {}))
        self._parts: Parts | None = None

    @property
    def parts(self) -> Parts:
        if self._parts is None:
            self._parts = build(self._settings, now=lambda: NOW, stop=threading.Event())
        return self._parts

    def close(self) -> None:
        self.parts.state.close()
        self._parts = None

    def write(self, name: str, text: str) -> Path:
        path = self.rules / name
        path.write_text(text)
        return path

    def problems(self) -> dict[str, str]:
        """Name of the file to what is said of it."""
        return {Path(p.subject).name: p.message for p in self.parts.open_problems.open() if p.kind == KIND}

    def told(self) -> list[str]:
        """What waits to be sent to destinations, which sends it."""
        batches = list(self.parts.open_problems.events())
        for batch in batches:
            self.parts.ingest.take("agent", batch)
        return [action for batch in batches for action in batch.frame["event.action"]]

    def alerting(self, user: str, ip: str = "192.0.2.1", **columns: str) -> set[str]:
        """Names of the rules that match a login, by nobody that they saw before."""
        row = {"EVENT_TYPE": "Login", "USER_NAME": user, "CLIENT_IP": ip, "SOURCE_IP": ip, **columns}
        row |= {"TIMESTAMP": "20260701110000.000", "TIMESTAMP_DERIVED": "2026-07-01T11:00:00.000Z"}
        frame = pl.DataFrame([{**row, "event.id": "a" * 32}])
        steps = self.parts.processing.steps
        batch = Batch("00D000000000001AAA", "event_log_file", "Login", frame)
        found = steps.detect(batch, steps.prepare(batch), NOW).alerts
        return set(found["rule.name"]) if found.height else set()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    made: list[Running] = []

    def start(**keys: Any) -> Running:
        made.append(Running(tmp_path, keys))
        return made[-1]

    yield start
    for running in made:
        running.close()


def test_a_broken_rule_file_keeps_the_rules_it_brought(run: Callable[..., Running]) -> None:
    """The other files' changes are taken; the broken one is told with file and line, and its end too."""
    running = run()
    running.write("first.yml", rule("first"))
    running.write("second.yml", rule("second", "bob"))
    assert running.problems() == {}
    running.write("first.yml", rule("first") + "oops: [\n")
    running.write("second.yml", rule("second", "eve"))
    (found,) = running.parts.reload()
    assert (found.path.name, found.line) == ("first.yml", 7)
    assert [running.alerting(user) for user in ("ann", "bob", "eve")] == [{"first"}, set(), {"second"}]
    assert "first.yml:7: " in running.problems()["first.yml"]
    assert "the version from before stays in use" in running.problems()["first.yml"]
    assert running.told() == [KIND]
    running.parts.reload()
    assert running.told() == []
    running.write("first.yml", rule("first", "zoe"))
    assert running.parts.reload() == []
    assert (running.alerting("ann"), running.alerting("zoe")) == (set(), {"first"})
    assert running.problems() == {}
    assert running.told() == ["file-loaded"]


def test_a_file_keeps_its_version_through_many_reloads(run: Callable[..., Running]) -> None:
    """Broken, broken otherwise, no rule, a link to nothing: the rule of before runs through all of it."""
    running = run()
    path = running.write("first.yml", rule("first"))
    assert running.alerting("ann") == {"first"}
    for content in (BROKEN.encode(), b"\xff\xfe\x00", b"title: x\n", None):
        if content is None:
            path.unlink()
            path.symlink_to("nowhere")
        else:
            path.write_bytes(content)
        assert [problem.path for problem in running.parts.reload()] == [path]
        assert running.alerting("ann") == {"first"}


def test_a_file_that_is_gone_is_gone_on_purpose(run: Callable[..., Running]) -> None:
    """Its rule runs while the file is broken and ends with the file, and so does the problem."""
    running = run()
    path = running.write("first.yml", rule("first"))
    assert running.alerting("ann") == {"first"}
    path.write_text(BROKEN)
    running.parts.reload()
    assert running.alerting("ann") == {"first"}
    path.unlink()
    assert running.parts.reload() == []
    assert (running.alerting("ann"), running.problems()) == (set(), {})
    assert running.told() == [KIND, "file-loaded"]


def test_what_is_learnt_while_rules_are_read_anew_is_kept(run: Callable[..., Running]) -> None:
    """A batch that commits between reading and taking over is remembered: its alert is not raised again."""
    running = run()
    running.write("first.yml", rule("first"))
    parts = running.parts
    prepared = parts.rebuild(parts.processing.loaded)
    alerts = [parts.spool.end("alerts")]
    for place in range(2):
        row = {"EVENT_TYPE": "Login", "USER_NAME": "ann", "event.id": f"{place}" * 32}
        row |= {"TIMESTAMP_DERIVED": "2026-07-01T11:00:00.000Z"}
        parts.ingest.take("acme", Batch("00D000000000001AAA", "event_log_file", "Login", pl.DataFrame([row])))
        alerts.append(parts.spool.end("alerts"))
        parts.ingest.replace_steps(prepared.steps)
    assert alerts[0] != alerts[1] == alerts[2]


def test_a_folder_that_is_away_keeps_its_rules(run: Callable[..., Running]) -> None:
    """A folder of the settings that is not there is a fault, not the will to run no rules."""
    running = run()
    running.write("first.yml", rule("first"))
    assert running.alerting("ann") == {"first"}
    running.rules.rename(running.folder / "away")
    running.parts.reload()
    assert running.alerting("ann") == {"first"}
    assert "the version from before stays in use" in running.problems()["rules"]
    (running.folder / "away").rename(running.rules)
    assert running.parts.reload() == []
    assert running.problems() == {}


def test_a_new_broken_file_costs_the_others_nothing(run: Callable[..., Running]) -> None:
    """It is left out and told."""
    running = run()
    running.write("first.yml", rule("first"))
    assert running.alerting("ann") == {"first"}
    running.write("second.yml", BROKEN)
    running.parts.reload()
    assert running.alerting("ann") == {"first"}
    assert "is left out" in running.problems()["second.yml"]


def test_a_correlation_goes_on_with_the_old_rules_of_a_broken_file(run: Callable[..., Running]) -> None:
    """What it is made of stays with it."""
    running = run()
    running.write("first.yml", rule("first"))
    running.write("burst.yml", BURST)
    assert [correlation.rule.name for correlation in running.parts.processing.rules.correlations] == ["burst"]
    running.write("first.yml", BROKEN)
    running.parts.reload()
    assert [correlation.rule.name for correlation in running.parts.processing.rules.correlations] == ["burst"]
    assert list(running.problems()) == ["first.yml"]


def test_a_change_that_makes_another_file_fail_waits(run: Callable[..., Running]) -> None:
    """A name that is taken away, an id that is taken: the file that changed keeps its version, the other one runs."""
    running = run()
    running.write("first.yml", rule("first"))
    running.write("second.yml", rule("second", "bob"))
    running.write("burst.yml", BURST)
    assert running.problems() == {}
    running.write("first.yml", rule("first", "eve").replace("name: first", "name: other"))
    (found,) = running.parts.reload()
    assert found.path.name == "first.yml"
    assert "burst.yml:4: there is no rule first" in found.message
    assert [correlation.rule.name for correlation in running.parts.processing.rules.correlations] == ["burst"]
    running.write("first.yml", rule("first").replace(IDS["first"], IDS["second"]))
    running.write("a new one.yml", rule("third").replace(IDS["third"], IDS["second"]))
    assert {problem.path.name for problem in running.parts.reload()} == {"first.yml", "a new one.yml"}
    assert (running.alerting("bob"), running.alerting("ann")) == ({"second"}, set())  # first only feeds the burst


def test_at_a_start_a_broken_file_is_left_out_and_told(run: Callable[..., Running]) -> None:
    """There is no version from before then; what was told before a restart is over when it loads."""
    running = run()
    running.write("first.yml", BROKEN)
    running.write("second.yml", rule("second"))
    assert "is left out" in running.problems()["first.yml"]
    assert running.alerting("ann") == {"second"}
    running.close()
    running.write("first.yml", rule("first"))
    assert running.problems() == {}
    assert running.told() == [KIND, "file-loaded"]


def test_a_broken_mapping_keeps_its_version(run: Callable[..., Running], tmp_path: Path) -> None:
    """By itself, or by a table that it needs."""
    mappings = tmp_path / "mappings"
    (mappings / "event_log_file").mkdir(parents=True)
    (mappings / "tables").mkdir()
    table, thing = mappings / "tables" / "words.yaml", mappings / "event_log_file" / "Thing.yaml"
    whole = "event_type: Thing\naction: thing\nalso:\n  event.reason: {from: STATUS, table: words}\n"
    table.write_text("a: alpha\n")
    thing.write_text(whole)
    running = run(normalize={"mappings": [str(mappings)]})

    def reason() -> object:
        frame = pl.DataFrame({"event.id": ["a" * 32], "EVENT_TYPE": ["Thing"], "STATUS": ["a"]})
        batch = Batch("00D000000000001AAA", "event_log_file", "Thing", frame)
        return running.parts.processing.steps.prepare(batch)["event.reason"][0]

    assert (running.problems(), reason()) == ({}, "alpha")
    for path, text in ((thing, "event_type: [\n"), (thing, whole), (table, "a: [b]\n"), (table, "b: [\n")):
        path.write_text(text)
        running.parts.reload()
        assert list(running.problems()) == ([] if text == whole else [path.name])
        assert reason() == "alpha"
    table.unlink()
    running.parts.reload()
    assert list(running.problems()) == ["Thing.yaml"]  # what it needs is gone, on purpose


LISTS: dict[str, tuple[str, str, str, str]] = {
    # key of `enrich`: name, good, good otherwise, broken
    "leavers": ("leavers.csv", "username,last day\nann,2026-07-01\n", "username,last day\nbob,2026-07-01\n", "x"),
    "indicators": (
        "bad.csv",
        "value,kind,source,added\n192.0.2.1,address,us,2026-06-01\n",
        "value,kind,source,added\n192.0.2.2,address,us,2026-06-01\n",
        "value,kind,source,added\nnothing,address,us,2026-06-01\n",
    ),
    "anonymizer_lists": ("hiding.txt", "192.0.2.0/28\n", "198.51.100.0/24\n", "192.0.2.0/99\n"),
    "approved_apps_file": ("apps.txt", "Dataloader\n", "Other\n", "\udcff"),
}


@pytest.mark.parametrize("key", LISTS)
def test_a_list_keeps_what_it_held(run: Callable[..., Running], tmp_path: Path, key: str) -> None:
    """Broken at a reload, it is told and goes on with its last content; gone, too; whole again, it is over."""
    name, good, other, broken = LISTS[key]
    path = tmp_path / name
    path.write_text(good)
    running = run(enrich={key: [str(path)] if key in ("indicators", "anonymizer_lists") else str(path)})
    columns = (
        "leakline.user_leaving", "leakline.indicator.value", "leakline.ip_anonymizer", "leakline.app_approved",
    )  # fmt: skip

    def seen() -> list[object]:
        row = {"event.id": "a" * 32, "EVENT_TYPE": "Login", "USER_NAME": "ann", "CLIENT_IP": "192.0.2.1"}
        row |= {
            "SOURCE_IP": "192.0.2.1",
            "CONNECTED_APP_NAME": "Dataloader",
            "TIMESTAMP_DERIVED": "2026-07-01T11:00:00.000Z",
        }
        steps = running.parts.processing.steps
        prepared = steps.prepare(Batch("00D000000000001AAA", "event_log_file", "Login", pl.DataFrame([row])))
        return [prepared[column].to_list() if column in prepared.columns else None for column in columns]

    before = seen()
    assert running.problems() == {}
    path.write_bytes(broken.encode(errors="surrogateescape"))
    running.parts.reload()
    assert (seen(), list(running.problems())) == (before, [name])
    assert f"{name}:" in running.problems()[name]
    assert "the version from before stays in use" in running.problems()[name]
    path.unlink()
    running.parts.reload()
    assert (seen(), list(running.problems())) == (before, [name])
    path.write_text(other)
    running.parts.reload()
    assert running.problems() == {}
    assert seen() != before


def test_a_list_that_breaks_between_reloads_is_told_once(run: Callable[..., Running], tmp_path: Path) -> None:
    """The daemon reads a replaced list by itself: not for each batch is it told, and at once when it is whole again."""
    path, database = tmp_path / "leavers.csv", tmp_path / "addresses.mmdb"
    path.write_text("username,last day\nann,2026-07-01\n")
    shutil.copyfile(_database(tmp_path), database)
    running = run(enrich={"leavers": str(path), "databases": [str(database)]})
    running.alerting("ann")
    assert running.problems() == {}
    path.write_text("nothing of that kind\n")
    database.write_bytes(b"cut")
    for _ in range(3):
        running.alerting("ann")
    assert sorted(running.problems()) == ["addresses.mmdb", "leavers.csv"]
    assert sorted(running.told()) == [KIND, KIND]
    path.write_text("username,last day\nann,2026-07-01\nbob,soon\n")
    shutil.copyfile(_database(tmp_path), database)
    running.alerting("ann")
    assert list(running.problems()) == ["leavers.csv"]
    assert "leavers.csv:3: 'soon'" in running.problems()["leavers.csv"]
    path.write_text("username,last day\nann,2026-07-01\n")
    running.alerting("ann")
    assert running.problems() == {}


def _database(folder: Path) -> Path:
    from agent.enrichment.address_database import write_mmdb
    from agent.simulator.world.networks import networks

    path = folder / "whole.mmdb"
    if not path.exists():
        write_mmdb(path, networks())
    return path


def test_a_list_that_is_broken_at_a_start_stops_nothing(run: Callable[..., Running], tmp_path: Path) -> None:
    """Events are read and rules run without it, and it is told; nothing is concluded from a list that nobody has."""
    for name in ("leavers.csv", "apps.txt", "hiding.txt", "values.txt"):
        (tmp_path / name).write_bytes(b"\xff")
    running = run(
        enrich={
            "leavers": str(tmp_path / "leavers.csv"),
            "approved_apps_file": str(tmp_path / "apps.txt"),
            "anonymizer_lists": [str(tmp_path / "hiding.txt")],
            "databases": [str(tmp_path / "none.mmdb")],
        },
        rules={
            "folders": [str(tmp_path / "rules")],
            "shipped": False,
            "placeholders": {"Bad": {"file": str(tmp_path / "values.txt")}},
        },
    )
    running.write("first.yml", rule("first"))
    running.write("second.yml", rule("second").replace("USER_NAME: ann", "USER_NAME|expand: '%Bad%'"))
    assert running.alerting("ann", CONNECTED_APP_NAME="Dataloader") == {"first"}
    assert set(running.problems()) == {
        "leavers.csv", "apps.txt", "hiding.txt", "values.txt", "none.mmdb", "second.yml",
    }  # fmt: skip


def test_values_that_break_a_rule_wait(run: Callable[..., Running], tmp_path: Path) -> None:
    """A file of values that no network can be made of, or that is gone: the rule goes on with those of before."""
    values = tmp_path / "values.txt"
    values.write_text("192.0.2.0/24\n")
    running = run(
        rules={"folders": [str(tmp_path / "rules")], "shipped": False, "placeholders": {"Bad": {"file": str(values)}}}
    )
    running.write("first.yml", rule("first").replace("USER_NAME: ann", "CLIENT_IP|cidr|expand: '%Bad%'"))
    assert running.alerting("ann") == {"first"}
    values.write_text("192.0.2.0/99\n")
    running.parts.reload()
    assert (running.alerting("ann"), list(running.problems())) == ({"first"}, ["first.yml"])
    values.unlink()
    running.parts.reload()
    assert (running.alerting("ann"), sorted(running.problems())) == ({"first"}, ["first.yml", "values.txt"])


def test_rules_that_do_not_fit_the_settings_change_nothing(run: Callable[..., Running], tmp_path: Path) -> None:
    """An adjustment of a rule that is gone stops the reload as a whole, which is told until it fits."""
    running = run(
        rules={"folders": [str(tmp_path / "rules")], "shipped": False, "adjust": {"first": {"level": "high"}}}
    )
    path = running.write("first.yml", rule("first"))
    assert running.alerting("ann") == {"first"}
    path.unlink()
    with pytest.raises(Exception, match=r"rules\.adjust"):
        running.parts.reload()
    assert running.alerting("ann") == {"first"}
    assert list(running.problems()) == ["rules.adjust"]
    running.write("first.yml", rule("first", "eve"))
    running.parts.reload()
    assert (running.alerting("eve"), running.problems()) == ({"first"}, {})


def reload_of(settings: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`leakline reload` as systemd runs it."""
    command = [sys.executable, "-m", "agent", "reload", "-c", str(settings), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


@pytest.mark.attack
def test_a_reload_is_told_in_all_four_places_and_to_its_caller(document: dict[str, Any], tmp_path: Path) -> None:
    """SIGHUP and `leakline reload`, a broken file and its mending; the settings file's own state is not asked."""
    rules = tmp_path / "rules"
    rules.mkdir()
    document["rules"] = {"folders": [str(rules)]}
    (rules / "first.yml").write_text(rule("first"))
    agent = AgentProcess(tmp_path, document)
    agent.start()
    try:
        loaded = agent.status()["rules"]["loaded"]
        done = reload_of(agent.settings)
        assert (done.returncode, "everything loaded" in done.stdout) == (0, True)
        (rules / "first.yml").write_text(rule("first") + "oops: [\n")
        agent.tell(signal.SIGHUP)
        assert_told_everywhere(agent, KIND, tmp_path / "out")
        assert agent.status()["rules"]["loaded"] == loaded
        assert "first.yml:7" in agent.status()["rules"]["problems"][0]
        done = reload_of(agent.settings)
        assert done.returncode == 1
        assert "first.yml:7: " in done.stdout
        (rules / "first.yml").write_text(rule("first", "eve"))
        assert reload_of(agent.settings).returncode == 0
        assert not problems_of(agent, KIND)
        agent.wait_for(lambda: own_events(tmp_path / "out", "file-loaded"))
        agent.wait_for(lambda: not agent.status()["problems"])
        assert status_of(agent.settings).returncode == 0
    finally:
        assert agent.stop() == 0
    assert reload_of(agent.settings).returncode == 3


@pytest.mark.attack
def test_reloads_at_once_take_turns(document: dict[str, Any], tmp_path: Path) -> None:
    """Signals and commands together: each gets the answer of a whole reload."""
    rules = tmp_path / "rules"
    rules.mkdir()
    document["rules"] = {"folders": [str(rules)]}
    (rules / "first.yml").write_text(yaml.safe_dump({"title": "no rule"}))
    agent = AgentProcess(tmp_path, document)
    agent.start()
    command = [sys.executable, "-m", "agent", "reload", "-c", str(agent.settings)]
    try:
        asking = [subprocess.Popen(command, stdout=subprocess.PIPE, env=dict(os.environ)) for _ in range(3)]
        agent.tell(signal.SIGHUP)
        answers = [process.communicate(timeout=PATIENCE)[0] for process in asking]
        assert [process.returncode for process in asking] == [1, 1, 1]
        assert len(set(answers)) == 1
    finally:
        assert agent.stop() == 0

"""The rules of the pack do what their samples say."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import polars as pl
import pytest
import yaml

from agent.assembly.sample_rows import prepared
from agent.detection import load
from agent.detection.authoring import lint
from agent.detection.authoring.listing import listing
from agent.detection.authoring.sample_file import KINDS
from agent.detection.authoring.samples import try_rules
from agent.detection.detector import Detector
from agent.detection.rule_set import RuleSet
from agent.detection.sigma.log_source import LogSource
from agent.detection.sigma.rule import Rule

ROOT = Path(__file__).parents[2]
RULES = ROOT / "rules"
SAMPLES = ROOT / "tests" / "rules"
PATHS = [path for path in load.files([RULES]) if path.suffix == ".yml"]


@pytest.fixture(scope="module")
def pack() -> RuleSet:
    return load.load([RULES])


@pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_rule_matches_what_it_must_and_nothing_it_must_not(path: Path) -> None:
    """A rule without both kinds of samples fails."""
    found = list(try_rules([path], SAMPLES / path.parent.name, prepared))
    assert len(found) >= 2
    assert [finding for finding in found if not finding.ok] == []


@pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_rule_shows_what_fires_what_nearly_does_and_what_people_do_every_day(path: Path) -> None:
    """All three kinds of samples, no two of one file under the same words."""
    samples = yaml.safe_load((SAMPLES / path.parent.name / f"{path.stem}.samples.yml").read_text(encoding="utf-8"))
    assert [kind for kind in KINDS if not samples.get(kind)] == []
    told = [sample["about"] for kind in KINDS for sample in samples[kind]]
    assert len(told) == len(set(told))


def test_the_pack_has_nothing_to_complain_of() -> None:
    """No rule is refused, none lacks what an analyst needs, none is silently out of step with the specification."""
    assert list(lint.lint([RULES])) == []


def test_every_sample_file_belongs_to_a_rule() -> None:
    """Samples of a rule that was renamed or removed do not linger."""
    mirrored = {path.relative_to(SAMPLES) for path in SAMPLES.rglob("*.samples.yml")}
    assert mirrored == {path.relative_to(RULES).with_name(path.stem + ".samples.yml") for path in PATHS}


def test_every_rule_lies_in_the_folder_of_its_family_under_its_own_name() -> None:
    """So that a stranger finds it."""
    for row in listing(load.load([RULES])):
        path = Path(row.path)
        assert (path.parent.name, path.stem) == (row.family, row.name)
        assert row.feed in ("free", "event_monitoring", "real_time")


def fired(rules: Iterable[Rule], event: Mapping[str, object], service: str) -> list[str]:
    """Names of the rules that match one event; text cells, as its log source gives them."""
    source = LogSource("salesforce", service)
    frame = prepared(pl.DataFrame([{"event.id": "0" * 32, **event}]), source)
    return [rule.name for rule, _ in Detector(RuleSet(tuple(rules))).matches(frame, source)]


def test_no_rule_fires_where_nothing_is_known_of_people_networks_or_apps(pack: RuleSet) -> None:
    """Enrichment without data must not make a rule fire on everything."""
    innocent = {
        "Report": {"RENDERING_TYPE": "W", "ROW_COUNT": "40"},
        "ReportExport": {"TIMESTAMP_DERIVED": "2026-03-11T10:00:00.000Z"},
        "BulkApi2": {"OPERATION_TYPE": "query", "JOB_STATUS": "complete", "RECORDS_PROCESSED": "500"},
        "RestApi": {"METHOD": "GET", "USER_AGENT": "python-requests/2.31.0", "ROWS_PROCESSED": "2000", "STATUS_CODE": "200"},
        "ApiTotalUsage": {"CLIENT_NAME": "DataLoaderBulk/66.0.0", "CONNECTED_APP_NAME": "Dataloader Bulk", "HTTP_METHOD": "GET"},
        "Login": {"LOGIN_STATUS": "LOGIN_NO_ERROR", "BROWSER_TYPE": "Chrome 126", "SOURCE_IP": "198.51.100.1"},
        "BulkApiRequest": {"OPERATION_TYPE": "query", "CONNECTED_APP_ID": "0H45g000000AbCd"},
        "WaveDownload": {"DOWNLOAD_FORMAT": "csv", "NUMBER_OF_RECORDS": "40"},
        "LightningPageView": {"USER_AGENT": "Mozilla/5.0 Chrome/126.0", "PAGE_URL": "/lightning/page/home"},
        "URI": {"URI": "/home/home.jsp"},
        "MetadataApiOperation": {"OPERATION": "meta_retrieve"},
    }  # fmt: skip
    speaking = [rule for rule in pack if rule.id not in pack.feeder_ids]
    for kind, cells in innocent.items():
        assert fired(speaking, {"EVENT_TYPE": kind, "CLIENT_IP": "198.51.100.1", **cells}, "event_log_file") == [], kind


@pytest.mark.parametrize(
    ("service", "event"),
    [
        *(
            ("setup_audit_trail", {"Action": action, "Section": section, "Display": display, "CreatedById": "0055g00000AdMiNAAV"})
            for action, section, display in (
                ("changedUserEmailVerifiedStatusVerified", "Manage Users", "For user a@example.com, the status changed to verified"),
                ("PermSetAssign", "Manage Users", "Permission set Order Entry: assigned to user A. Berg"),
                ("createduser", "Manage Users", "Created new user A. Berg"),
                ("resetpassword", "Manage Users", "Reset password for user A. Berg"),
                ("createdCF", "Customize Accounts", "Created custom field: Territory Code (Text)"),
                ("changedApexClass", "Apex Class", "Changed OrderEntryController Apex Class code"),
                ("createdworkflowrule", "Workflow Rule", "Created workflow rule Region for Object: Account"),
                ("suOrgAdminLogout", "Manage Users", "Logged out using Login-As access for A. Berg"),
                ("someActionOfTheNextRelease", None, "Organization setup action: someActionOfTheNextRelease has changed."),
            )
        ),
        *(
            ("real_time_event_monitoring", {"EventType": kind, "UserId": "0055g00000AbCdEAAV", "SourceIp": "203.0.113.9"} | columns)
            for kind, columns in (
                ("LoginEventStream", {"Status": "Success", "Application": "Browser"}),
                ("LogoutEventStream", {}),
                ("ApiEventStream", {"Operation": "Query", "RowsProcessed": "20", "Query": "SELECT Id FROM Case", "ConnectedAppId": "0H45g000000AbCd"}),
                ("ReportEventStream", {"Operation": "ReportRunFromLightning", "Name": "Cases", "RowsProcessed": "20", "PolicyOutcome": "NoAction"}),
                ("ListViewEventStream", {"RowsProcessed": "50", "Name": "My cases"}),
                ("ApiEvent", {"Operation": "Query", "RowsProcessed": "-1", "Query": "SELECT Id FROM Contact", "QueriedEntities": "Contact"}),
                ("BulkApiResultEvent", {"Query": "SELECT Id FROM Contact"}),
                ("FileEvent", {"FileAction": "API_DOWNLOAD", "FileName": "offer.pdf", "ContentSize": "240000"}),
                ("ReportEvent", {"Operation": "ReportExported", "Name": "Cases", "RowsProcessed": "40", "PolicyOutcome": "NoAction"}),
                ("UriEventStream", {"Operation": "Read"}),
                ("LightningUriEventStream", {"PageUrl": "/lightning/page/home"}),
                ("SomeEventOfTheNextRelease", {}),
            )
        ),
    ],
    ids=lambda value: value.get("Action") or value["EventType"] if isinstance(value, dict) else "",
)  # fmt: skip
def test_no_rule_of_one_feed_fires_on_everyday_rows(pack: RuleSet, service: str, event: Mapping[str, object]) -> None:
    """Of the audit trail and of real-time events."""
    listening = [rule for rule in pack if rule.id not in pack.feeder_ids and rule.logsource.service == service]
    assert len(listening) > 10
    assert fired(listening, event, service) == []

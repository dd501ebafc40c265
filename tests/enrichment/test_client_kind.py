from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from agent.enrichment.client_kind import LONGEST, ClientColumns, parsed, read_client_kinds
from agent.errors import MappingError
from agent.shipped import shipped

SHIPPED = read_client_kinds(shipped("mappings") / "client_kinds.yaml")

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36"
)


@pytest.mark.parametrize(
    ("user_agent", "client_name", "application", "kind"),
    [
        (CHROME, "", "", "browser"),
        (CHROME.replace("Chrome", "HeadlessChrome"), "", "", "script"),
        ("Salesforce Data Loader/66.0.0", "", "", "data_loader"),
        ("DataLoaderPartnerUI/64.0.0", "", "", "data_loader"),
        ("", "DataLoaderBulkUI/", "", "data_loader"),
        ("Java/17", "", "Dataloader Bulk", "data_loader"),
        ("SalesforceMobileSDK/12.2.0 iOS/19.1 (iPhone)", "SfdcMobileChatteriOS", "", "mobile"),
        ("python-requests/2.32.4", "", "", "script"),
        ("Salesforce-Multi-Org-Fetcher/1.0", "", "", "script"),
        ("curl/8.5.0", "", "", "script"),
        ("AHC/2.1", "MuleSoft/SalesforceConnector/10.20", "", "integration_tool"),
        ("sfdx toolbelt:node", "", "", "salesforce_cli"),
        ("13047000", "", "", None),
        ("", "", "", None),
    ],
)
def test_clients_are_of_a_kind(user_agent: str, client_name: str, application: str, kind: str | None) -> None:
    """The shipped words tell the usual clients apart."""
    told = ClientColumns(SHIPPED).columns(
        *(pl.Series([text or None], dtype=pl.String) for text in (user_agent, client_name, application))
    )
    kinds = told.get("leakline.client_kind")
    assert (kinds[0] if kinds is not None else None) == kind


def test_user_agents_are_taken_apart() -> None:
    """Names and versions of program, system and device."""
    assert parsed(CHROME) == ("Chrome", "148.0.0.0", "Windows", "10", "Windows 10", None)
    phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1"
    assert parsed(phone) == ("Mobile Safari", "17.4", "iOS", "17.4", "iOS 17.4", "iPhone")
    assert parsed("13047000") == (None,) * 6


def test_hostile_user_agents_are_taken_as_text() -> None:
    """Megabytes, control characters and separators neither raise nor take long."""
    hostile = [
        "a" * 1_000_000,
        "\x1f" * 10,
        "(" * LONGEST,
        "\0\n\\",
        "😀" * 3000 + "curl/",
        "curl/8\x1f\0" + "😀" * 3000,
    ]
    told = ClientColumns(SHIPPED).columns(pl.Series(hostile), pl.Series(["\x1fcurl/"] * 6), None)
    assert told["leakline.client_kind"].to_list() == [None, None, None, None, None, "script"]


def test_columns_stand_beside_their_rows() -> None:
    """Nulls and missing columns leave nulls, not shifted rows."""
    told = ClientColumns(SHIPPED).columns(
        pl.Series([None, CHROME, "curl/8", CHROME]), None, pl.Series(["Data Loader", None, None, "?"])
    )
    assert told["leakline.client_kind"].to_list() == ["data_loader", "browser", "script", "browser"]
    assert told["user_agent.name"].to_list() == [None, "Chrome", "curl", "Chrome"]
    assert ClientColumns(SHIPPED).columns(None, None, None) == {}


def test_the_first_entry_that_fits_wins(tmp_path: Path) -> None:
    """Entries of a file of one's own, put first, overrule the shipped ones."""
    path = tmp_path / "own.yaml"
    path.write_text("kinds:\n  - kind: till\n    user_agent: [POS-Terminal, curl/]\n")
    clients = ClientColumns([*read_client_kinds(path), *SHIPPED])
    told = clients.columns(pl.Series(["pos-terminal/3", "curl/8", "wget/1"]), None, None)
    assert told["leakline.client_kind"].to_list() == ["till", "till", "script"]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("words: []\n", 1, "no list `kinds`"),
        ("kinds:\n  - user_agent: [a]\n", 2, "without `kind`"),
        ("kinds:\n  - kind: a\n  - kind: b\n    useragent: [c]\n", 4, "unknown key `useragent`"),
        ("kinds:\n  - kind: a\n    user_agent: curl\n", 3, "not a list of words"),
        ("kinds:\n  - kind: a\n    user_agent: ['']\n", 3, "not a list of words"),
        ("kinds: [\n", 2, "not valid YAML"),
    ],
)
def test_a_wrong_file_names_its_line(tmp_path: Path, text: str, line: int, says: str) -> None:
    """File, line and what is wrong with it."""
    path = tmp_path / "own.yaml"
    path.write_text(text)
    with pytest.raises(MappingError, match=says) as caught:
        read_client_kinds(path)
    assert caught.value.line == line

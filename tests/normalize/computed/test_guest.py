from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from agent.normalize.computed.guest import guest_columns
from agent.normalize.computed.guest_doors import CACHED, LONGEST, Doors, actions_of_cell, of_actions, of_path

LIST = "serviceComponent://ui.force.components.controllers.lists.selectableListDataProvider.SelectableListDataProviderController/ACTION$getItems"  # fmt: skip


def columns(**cells: list[str | None]) -> dict[str, list[Any]]:
    found = guest_columns({name: pl.Series(name, values, dtype=pl.String) for name, values in cells.items()})
    return {name: column.to_list() for name, column in found.items()}


def is_guest(**cells: str | None) -> bool | None:
    found = columns(**{name.replace("__", "."): [value] for name, value in cells.items()})
    guest: bool | None = found.get("leakline.user_is_guest", [None])[0]
    return guest


@pytest.mark.parametrize(
    ("cells", "guest"),
    [
        ({"USER_TYPE": "Guest"}, True),
        ({"USER_TYPE": "guest"}, True),
        ({"USER_TYPE": "G"}, True),
        ({"UserType": "GUEST"}, True),
        ({"UserType": ""}, None),
        ({"USER_TYPE": "Standard"}, False),
        ({"USER_TYPE": "CspLitePortal", "URI": "/s/sfsites/aura"}, False),
        ({"IS_GUEST": "1"}, True),
        ({"IS_GUEST": "true", "USER_TYPE": ""}, True),
        ({"IS_GUEST": "0", "URI": "/s/x"}, None),
        ({"USER_ID": "005", "salesforce__user__type": "Guest"}, True),
        ({"USER_TYPE": "", "salesforce__user__license": "Guest User License"}, True),
        ({"USER_TYPE": "", "salesforce__user__license": "Guest"}, True),
        ({"USER_TYPE": "", "salesforce__user__profile": "Help Guest User"}, True),
        ({"salesforce__user__profile": "Help Site Guest Profile"}, True),
        ({"USER_TYPE": "Standard", "salesforce__user__profile": "Guest Services Agent"}, False),
        ({"USER_TYPE": "S", "salesforce__user__profile": "Help Guest User"}, False),
        ({"USER_TYPE": "Standard", "salesforce__user__license": "Guest User License"}, False),
        ({"USER_TYPE": "", "salesforce__user__profile": "Guest Services Agent"}, None),
        ({"USER_TYPE": "", "salesforce__user__license": "Guest Relations Pro"}, None),
        ({"USER_TYPE": "", "salesforce__user__type": "Standard", "URI": "/s/sfsites/aura"}, False),
        ({"USER_TYPE": "", "URI": "/s/sfsites/aura", "SESSION_KEY": "a", "LOGIN_KEY": ""}, True),
        ({"USER_TYPE": " ", "URI": "/help/webruntime/api/apex/execute"}, True),
        ({"USER_TYPE": "", "URI": "/s/sfsites/aura", "LOGIN_KEY": "b"}, None),
        ({"EVENT_TYPE": "AuraRequest", "USER_TYPE": "", "URI": "/aura"}, True),
        ({"EVENT_TYPE": "AuraRequest", "USER_TYPE": "", "URI": "/aura", "SESSION_KEY": "a"}, None),
        ({"EVENT_TYPE": "AuraRequest", "URI": "/aura"}, None),
        ({"EVENT_TYPE": "RestApi", "USER_TYPE": "", "URI": "/services/data/v66.0/query"}, None),
    ],
)
def test_who_is_a_guest(cells: dict[str, str], guest: bool | None) -> None:
    """By type, licence, a site's word, or because nobody is named and nobody signed in; never where somebody did."""
    assert is_guest(**cells) is guest


def test_a_guest_whose_type_is_blank_in_some_rows_is_known_by_the_others() -> None:
    """The user's id tells, and no other user's rows are taken for a guest's."""
    found = columns(
        USER_TYPE=["Guest", "", "", "Standard"], USER_ID=["g", "g", "p", "p"], SESSION_KEY=["a", "b", "c", "d"]
    )
    assert found["leakline.user_is_guest"] == [True, True, None, False]
    assert found["leakline.guest"] == ["g", "g", None, None]


def test_guests_are_grouped_by_what_they_cannot_choose() -> None:
    """The guest user's id, or the site where no user is named."""
    found = columns(IS_GUEST=["1", "1", "1"], USER_ID=["g", None, ""], SITE_ID=["s", "s", None])
    assert found["leakline.guest"] == ["g", "s", "not named"]


@pytest.mark.parametrize(
    ("cell", "doors"),
    [
        (LIST, Doors(1, 1, 0, "SelectableListDataProviderController.getItems")),
        (f"100${LIST}=159", Doors(100, 100, 0, "SelectableListDataProviderController.getItems")),
        ("ApexActionController.execute;ListView.getItems", Doors(2, 1, 0, "ApexActionController.execute; ListView.getItems")),
        ("1$aura://RecordUiController/ACTION$getObjectInfo=4;2$aura://HostConfigController/ACTION$getConfigData=9",
         Doors(3, 0, 3, "HostConfigController.getConfigData; RecordUiController.getObjectInfo")),
        ("1$aura://ApexActionController/ACTION$execute(CaseExport.all)=2", Doors(1, 0, 0, "apex CaseExport.all")),
        ("apex://ns.Orders/ACTION$load", Doors(1, 0, 0, "Orders.load")),
        ("aura://ComponentController/ACTION$getComponent", Doors(1, 0, 0, None)),
        ("aura://SearchUiController/ACTION$getSuggestions", Doors(1, 0, 0, None)),
        ("aura://SearchUiController/ACTION$getKeywordSearchResults", Doors(1, 1, 0, "SearchUiController.getKeywordSearchResults")),
        ("nothing of the kind", Doors(1, 0, 0, None)),
        (";;", Doors(0, 0, 0, None)),
    ],
)  # fmt: skip
def test_what_lightning_actions_ask_for(cell: str, doors: Doors) -> None:
    """However they are spelled and however many one request bundles."""
    assert replace(of_actions(cell), actions=None) == doors


@pytest.mark.parametrize(
    ("path", "lists", "describes", "names"),
    [
        ("/services/data/v66.0/query", 1, 0, "query"),
        ("/services/data/v66.0/queryAll", 1, 0, "query"),
        ("/webruntime/api/services/data/v66.0/graphql", 1, 0, "graphql"),
        ("/services/data/v66.0/ui-api/list-records/Contact/All", 1, 0, "ui-api"),
        ("/services/data/v66.0/parameterizedSearch", 1, 0, "search"),
        ("/services/data/v66.0/sobjects/Contact/describe", 0, 1, "describe"),
        ("/services/data/v66.0/sobjects", 0, 1, "describe"),
        ("/services/data/v66.0/sobjects/Contact/003000000000001", 0, 0, "sobject"),
        ("/help/apexremote", 0, 0, "remoting"),
        ("/help/webruntime/api/apex/execute", 0, 0, "webruntime-apex"),
        ("/sfc/servlet.shepherd/document/download/069000000000001", 0, 0, "file"),
        ("/help/ArticleDetail", 0, 0, None),
    ],
)
def test_what_a_path_asks_for(path: str, lists: int, describes: int, names: str | None) -> None:
    """By what lies behind it; pages are none."""
    assert of_path(path) == Doors(1, lists, describes, names)


def test_all_actions_are_named_without_what_differs_from_call_to_call() -> None:
    """Counts, durations and order make no difference."""
    found = columns(
        USER_TYPE=["Guest"] * 2,
        ACTION_MESSAGE=["1$aura://B/ACTION$b=7;2$aura://A/ACTION$a=9", "3$aura://A/ACTION$a=1;1$aura://B/ACTION$b=12"],
    )
    assert found["leakline.guest_actions"] == ["A.a; B.b"] * 2


def test_hostile_cells_cost_little() -> None:
    """Long cells, many actions and many names are cut."""
    many = ";".join(f"1$apex://C{number}/ACTION$m" for number in range(100_000))
    found = of_actions(many)
    assert 0 < found.calls < LONGEST
    assert found.names is not None and found.names.count(";") == 6
    assert of_actions("." * LONGEST).calls == 1
    assert of_actions("a." * LONGEST).calls == 1


def test_little_is_remembered_of_hostile_cells() -> None:
    """Long cells not at all, and of short ones so many."""
    for number in range(3 * CACHED):
        of_path(f"/services/data/v66.0/query/{number}")
        of_actions(f"apex://C{number}/ACTION$m")
    before = actions_of_cell.cache_info()
    of_actions(";".join(["apex://C/ACTION$m"] * 1_000))
    assert (before.currsize, of_path.cache_info().currsize) == (CACHED, CACHED)
    assert actions_of_cell.cache_info() == before


def test_nothing_is_said_where_nothing_is_known() -> None:
    """No column, no rows, and users of no type."""
    assert columns(CLIENT_IP=["203.0.113.1"]) == {}
    assert columns(USER_TYPE=[]) in ({}, {"leakline.user_is_guest": []})

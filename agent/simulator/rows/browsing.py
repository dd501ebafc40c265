"""People at work in the browser: pages, components, searches."""

from __future__ import annotations

import polars as pl

from agent.simulator.rows.block import Block, Builder, Cells
from agent.simulator.rows.request import page, record, record_type
from agent.simulator.world.record_id import long_ids, pool

_AURA = (
    "aura://RecordUiController/ACTION$getRecordWithFields",
    "aura://RecordUiController/ACTION$updateRecord",
    "aura://ListUiController/ACTION$postListRecordsByName",
    "aura://RelatedListUiController/ACTION$getRelatedListRecords",
    "aura://LightningExperienceAppPageController/ACTION$getAppPage",
    "aura://SearchUiController/ACTION$getKeywordSearchResults",
    "aura://ActionsController/ACTION$getActions",
    "aura://ComponentController/ACTION$reportDeprecationUsages",
    "apex://OrderEntryController/ACTION$loadOrder",
    "serviceComponent://ui.force.components.controllers.recordGlobalValueProvider.RecordGvpController/ACTION$getRecord",
)
_AURA_GUEST = (
    "aura://ComponentController/ACTION$getComponent",
    "aura://SearchUiController/ACTION$getSuggestions",
    "apex://HelpCenterController/ACTION$topArticles",
    "aura://KnowledgeArticleController/ACTION$getArticle",
)
_WORDS = [
    "invoice",
    "renewal",
    "acme",
    "quarter",
    "pipeline",
    "refund",
    "warranty",
    "contract",
    "zürich",
    "pricing",
    "onboarding",
    "escalation",
]


def aura_request(block: Block) -> Cells:
    random = block.random
    guest = block.actor["user_type"] == "Guest"
    action = block.pick(guest, random.choice("guest action", _AURA_GUEST), random.choice("action", _AURA))
    second_action = block.pick(guest, random.choice("guest action 2", _AURA_GUEST), random.choice("action 2", _AURA))
    two_actions = block.join(action, ";", second_action)
    return {
        "URI": block.pick(guest, "/s/sfsites/aura", "/aura"),
        "USER_AGENT": random.choice("agent code", {"13047000": 5, "13048000": 3, "": 2}),
        "REQUEST_METHOD": random.choice("method", {"POST": 9, "GET": 1}),
        "ACTION_MESSAGE": block.pick(random.whether("boxcar", 0.2), two_actions, action),
        "EASY_SUITE_VALUE": "",
    }


def lightning(block: Block) -> dict[str, pl.Series | str]:
    """Columns that the Lightning types share."""
    random, actor = block.random, block.actor
    return {
        "CLIENT_ID": "",
        "APP_NAME": random.choice("app", {"one:one": 8, "LightningSales": 3, "LightningService": 3}),
        "DEVICE_PLATFORM": actor["platform"],
        "DEVICE_MODEL": block.pick(actor["system"] == "IOS", "iPhone17,1", ""),
        "DEVICE_ID": "",
        "DEVICE_SESSION_ID": block.join(actor["session_key"].str.slice(0, 8), "-", actor["login_key"].str.slice(0, 6)),
        "SDK_APP_VERSION": random.choice("sdk app", {"262.020": 9, "260.013": 1}),
        "SDK_VERSION": "12.2.0",
        "SDK_APP_TYPE": block.pick(actor["system"] == "IOS", "HYBRID", ""),
        "OS_NAME": actor["system"],
        "OS_VERSION": actor["system_version"],
        "BROWSER_NAME": actor["browser"],
        "BROWSER_VERSION": actor["browser_version"],
        "CLIENT_GEO": block.join(actor["country"], "/"),
        "CONNECTION_TYPE": random.choice("connection", {"WIFI": 4, "LTE": 1, "": 5}),
        "UI_EVENT_ID": random.choice("ui event", ("ltng:pageView", "ltng:interaction", "ltng:performance")),
        "UI_EVENT_TYPE": random.choice("ui type", ("user", "system")),
        "UI_EVENT_SOURCE": random.choice("ui source", {"click": 7, "read": 2, "update": 1}),
        "UI_EVENT_TIMESTAMP": block.time.cast(str),
        "UI_EVENT_RELATIVE_TIMESTAMP": random.spread("relative", 900, 3_000_000),
        "UI_EVENT_SEQUENCE_NUM": random.spread("sequence", 1, 900),
        "PAGE_START_TIME": (block.time - random.spread_numbers("since page", 20, 90_000)).cast(str),
        "PAGE_ENTITY_ID": record(block),
        "PAGE_ENTITY_TYPE": record_type(block),
        "PAGE_CONTEXT": random.choice("context", ("one:recordHomeFlexipage", "force:objectHome", "reports:lightningReportApp")),
        "PAGE_URL": page(block),
        "PAGE_APP_NAME": "LightningSales",
        "URI": "/aura",
    }  # fmt: skip


def page_view(block: Block) -> Cells:
    random = block.random
    return lightning(block) | {
        "PREVPAGE_APP_NAME": "LightningSales",
        "PREVPAGE_CONTEXT": random.choice("previous", ("one:recordHomeFlexipage", "force:objectHome", "")),
        "PREVPAGE_ENTITY_ID": record(block, "previous record"),
        "PREVPAGE_ENTITY_TYPE": record_type(block, "previous record"),
        "PREVPAGE_URL": block.join("/lightning/o/", record_type(block, "previous record"), "/home"),
        "DURATION": random.spread("duration", 80, 9000),
        "EFFECTIVE_PAGE_TIME": random.spread("effective", 60, 8000),
        "EFFECTIVE_PAGE_TIME_DEVIATION": random.choice("deviation", {"false": 9, "true": 1}),
        "TARGET_UI_ELEMENT": random.choice("target", ("", "label-text", "slds-button")),
    }


def interaction(block: Block) -> Cells:
    random = block.random
    return lightning(block) | {
        "COMPONENT_NAME": random.choice("component", ("force:detailPanel", "lst:listViewManagerGrid", "ui:button")),
        "RECORD_ID": record(block),
        "RECORD_TYPE": record_type(block),
        "RELATED_LIST": random.choice("related", {"": 8, "Contacts": 1, "OpenActivities": 1}),
        "DURATION": random.spread("duration", 20, 3000),
        "TARGET_UI_ELEMENT": random.choice("target", ("label-text", "slds-button", "menu-item", "row-action")),
        "PARENT_UI_ELEMENT": random.choice("parent", ("records-record-layout-item", "lst-list-view-row", "")),
        "GRANDPARENT_UI_ELEMENT": "",
    }


def lightning_error(block: Block) -> Cells:
    random = block.random
    name = random.choice("component", ("c:orderEntry", "force:relatedListContainer", "c:priceGrid"))
    return lightning(block) | {
        "UI_EVENT_SOURCE": random.choice("error", ("TypeError", "ReferenceError", "AuraError", "unknown")),
        "COMPONENT_NAME": name,
        "MESSAGE": block.join("Cannot read properties of undefined (reading 'value') in ", name),
        "STACK_TRACE": block.join("render()@", name, ".js:", random.between("line", 10, 900), ":7"),
    }


def lightning_performance(block: Block) -> Cells:
    return lightning(block) | {"DURATION": block.random.spread("duration", 5, 12_000)}


def uri(block: Block) -> Cells:
    random = block.random
    classic = block.join("/", record(block))
    plain = random.choice("classic", ("/home/home.jsp", "/001/o", "/00O/o", "/setup/forcecomHomepage.apexp", "/a0B/o"))
    return {
        "URI": block.pick(random.whether("record page", 0.45), classic, plain),
        "REFERRER_URI": random.choice("referrer", {"": 5, "/home/home.jsp": 3, "/one/one.app": 4}),
    }


def visualforce(block: Block) -> Cells:
    random = block.random
    name = random.choice("page name", ("QuotePdf", "OrderConsole", "CaseTimeline", "PartnerHome"))
    return {
        "URI": block.join("/apex/", name),
        "PAGE_NAME": name,
        "REQUEST_TYPE": random.choice("request type", {"page": 8, "PDF_UI": 1, "content_UI": 1}),
        "IS_FIRST_REQUEST": random.choice("first", ("0", "1")),
        "QUERY": block.join("?id=", record(block)),
        "HTTP_METHOD": random.choice("method", {"GET": 7, "POST": 3}),
        "VIEW_STATE_SIZE": random.spread("view state", 500, 120_000),
        "CONTROLLER_TYPE": random.choice("controller", ("0", "1", "2")),
        "MANAGED_PACKAGE_NAMESPACE": random.choice("namespace", {"": 8, "sbqq": 2}),
        "IS_AJAX_REQUEST": random.choice("ajax", ("0", "1")),
    }


def search(block: Block) -> Cells:
    random = block.random
    return {
        "QUERY_ID": random.token("query"),
        "NUM_RESULTS": random.spread("results", 1, 250),
        "SEARCH_QUERY": random.choice("words", _WORDS),
        "PREFIXES_SEARCHED": random.choice("prefixes", ("001,003,006", "001", "500,ka0", "00Q,003")),
        "CLICKED_RECORD_ID": record(block),
        "RANK": random.spread("rank", 1, 20),
    }


def article_view(block: Block) -> Cells:
    random = block.random
    return {
        "SESSION_ID": block.actor["session_key"],
        "CONTEXT": random.choice("context", {"": 8, "API": 1, "Apex": 1}),
        "ENTITY": "Knowledge__kav",
        "LANGUAGE": random.choice("language", {"en_US": 6, "de": 2, "fr": 1}),
        "LAST_VERSION": random.choice("last", {"True": 9, "False": 1}),
        "ARTICLE_STATUS": random.choice("status", {"O": 9, "D": 1}),
        "ARTICLE_ID": long_ids(random.choice("article", pool("Knowledge", 300))),
        "ARTICLE_VERSION_ID": long_ids(random.choice("article", pool("Knowledge", 300, 90_000))),
        "ARTICLE_VERSION": random.between("version", 1, 9),
        "LARGE_LANGUAGE_MODEL": "",
    }


def sites(block: Block) -> Cells:
    random = block.random
    name = random.choice("page name", ("HelpHome", "ArticleDetail", "ContactSupport", "CommunitiesLogin"))
    return {
        "URI": block.join("/help/", name),
        "PAGE_NAME": name,
        "REQUEST_TYPE": "page",
        "IS_FIRST_REQUEST": random.choice("first", ("0", "1")),
        "QUERY": block.join("?topic=", random.choice("words", _WORDS)),
        "SITE_ID": str(pool("Site", 1)[0]),
        "IS_SECURE": "1",
        "IS_GUEST": "1",
        "IS_API": "0",
        "IS_ERROR": random.choice("error", {"0": 97, "1": 3}),
        "HTTP_METHOD": random.choice("method", {"GET": 9, "POST": 1}),
        "HTTP_HEADERS": block.join("User-Agent: ", block.actor["user_agent"]),
    }


BUILDERS: dict[str, Builder] = {
    "AuraRequest": aura_request,
    "LightningPageView": page_view,
    "LightningInteraction": interaction,
    "LightningError": lightning_error,
    "LightningPerformance": lightning_performance,
    "URI": uri,
    "VisualforceRequest": visualforce,
    "Search": search,
    "SearchClick": search,
    "KnowledgeArticleView": article_view,
    "Sites": sites,
}

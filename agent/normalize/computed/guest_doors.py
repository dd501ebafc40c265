"""What a site's guest asked for, by the doors he has: Lightning actions, page requests, interfaces behind the site.

A guest cannot choose what a door is called, and his address, session and user agent he can: so rules count here. Every
door is one of four kinds. `list` gives many records at once (list views, record lists, searches, GraphQL, queries);
`record` one record, one file or whatever an own Apex class gives; `describe` tells which objects and fields there are;
all others build pages. The names are those that scanners of open sites use, and their relatives:
https://cloud.google.com/blog/topics/threat-intelligence/auditing-salesforce-aura-data-exposure
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from agent.normalize.computed.aura import parsed, unquoted

LONGEST = 64_000
"""Characters of a cell that are looked at: 250 actions, which is all that one request may have, take fewer."""
LONGEST_PATH = 4_000
"""Of a path; of longer cells of actions nothing is remembered."""
CACHED = 1_000
"""Cells of which the doors are remembered: a site has few pages."""
_SHORT = 300
"""Characters of an action that is remembered."""
MOST_NAMES = 6
"""Doors of one cell that are named."""

_APEX = re.compile(r"apexaction", re.IGNORECASE)

_LIST = re.compile(
    r"getitems|get(?:more)?records$|getlist(?:ui|view|records|s?by|info)|postlist|getinitiallistviews|getrecentlist"
    r"|relatedlist|graphql|querymore|^(?:execute)?(?:soql|sosl)?quer(?:y|ies)|search(?!ui)|lookup|typeahead|getmru"
    r"|gettabledata|reportdata|runreport|exportdata|dataprovider|getallrecords|recordswith",
    re.IGNORECASE,
)
_NOT_LIST = re.compile(r"getsuggestions|searchplaceholder|searchconfig|searchsettings", re.IGNORECASE)
_RECORD = re.compile(
    r"^getrecord|^getrecordui|recordandtranslation|^getdetail|^getlayout|^getfile|getcontent(?:document|version)|download",
    re.IGNORECASE,
)
_DESCRIBE = re.compile(
    r"objectinfo|describe|getconfigdata|getappbootstrapdata|getobjects?$|picklistvalues|getentity(?:def|config)|getschema"
    r"|getfields?$|getcreatablefields|getsobject",
    re.IGNORECASE,
)

_PATHS = (
    ("describe", "describe", re.compile(r"/describe\b|/ui-api/object-info|/sobjects/?(?:\?|$)|/ui-api/apps\b", re.IGNORECASE)),
    ("list", "graphql", re.compile(r"/graphql\b", re.IGNORECASE)),
    ("list", "ui-api", re.compile(r"/ui-api/(?:list|mru|related-list|lookups|records/batch|search)", re.IGNORECASE)),
    ("list", "query", re.compile(r"/query(?:all|more)?\b|/jobs/query|/async/|/analytics/|/wave/", re.IGNORECASE)),
    ("list", "search", re.compile(r"/(?:parameterized)?search\b|/search/|/suggestions\b", re.IGNORECASE)),
    ("list", "composite", re.compile(r"/composite\b", re.IGNORECASE)),
    ("list", "soap", re.compile(r"/services/soap/", re.IGNORECASE)),
    ("record", "ui-api-record", re.compile(r"/ui-api/(?:records|record-ui|layout)", re.IGNORECASE)),
    ("record", "sobject", re.compile(r"/sobjects/", re.IGNORECASE)),
    ("record", "remoting", re.compile(r"/apexremote\b", re.IGNORECASE)),
    ("record", "webruntime-apex", re.compile(r"/webruntime/api/apex/", re.IGNORECASE)),
    ("record", "apexrest", re.compile(r"/services/apexrest", re.IGNORECASE)),
    ("record", "file", re.compile(r"/sfc/servlet\.shepherd/|/servlet/(?:servlet\.)?(?:file|image)|/sfc/p/|/sfsites/c/sfc/", re.IGNORECASE)),
    ("record", "connect", re.compile(r"/connect/|/chatter/", re.IGNORECASE)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Doors:
    """What one row asked for: `calls` of all kinds, how many of them of two kinds, the names of all but pages, and of
    all actions.
    """

    calls: int = 1
    lists: int = 0
    describes: int = 0
    names: str | None = None
    actions: str | None = None


def of_actions(cell: str) -> Doors:
    """Of a cell of `ACTION_MESSAGE`: `count$controller/ACTION$method=milliseconds;…`, in whatever spelling."""
    return actions_of_cell(cell) if len(cell) <= LONGEST_PATH else _of_actions(cell)


def _of_actions(cell: str) -> Doors:
    counts: Counter[str] = Counter()
    names: list[str] = []
    actions: list[str] = []
    for text in unquoted(cell[:LONGEST]).split(";"):
        action = parsed(text)
        if action is None:
            counts["page"] += 1 if text.strip() else 0
            continue
        known = (action.scheme, action.controller, action.method, action.apex)
        kind, name = _short_action(*known) if len(text) <= _SHORT else _kind_of(*known)
        counts[kind] += action.count
        names += [] if kind == "page" else [name]
        actions.append(name)
    return Doors(counts.total(), counts["list"], counts["describe"], _joined(names), _joined(actions))


def _kind_of(scheme: str | None, controller: str, method: str, apex: str | None) -> tuple[str, str]:
    own = scheme == "apex" or apex is not None or bool(_APEX.search(controller))
    short = re.split(r"[./:$]", controller)[-1]
    name = f"apex {apex}" if apex else f"{short}.{method}"
    if _DESCRIBE.search(method):
        return "describe", name
    if own:  # what an own class gives, its name does not say
        return "record", name
    both = f"{short}.{method}"
    if _LIST.search(method) and not _NOT_LIST.search(method):
        return "list", name
    if _RECORD.search(method) or "recordgvp" in both.lower():
        return "record", name
    return "page", name


actions_of_cell = lru_cache(maxsize=CACHED)(_of_actions)
"""`of_actions` of a cell that is short enough to be remembered."""
_short_action = lru_cache(maxsize=10 * CACHED)(_kind_of)


@lru_cache(maxsize=CACHED)
def of_path(path: str) -> Doors:
    """Of a request's path, by what lies behind it."""
    for kind, name, pattern in _PATHS:
        if pattern.search(path[:LONGEST_PATH]):
            return Doors(1, kind == "list", kind == "describe", name)
    return Doors()


def _joined(names: list[str]) -> str | None:
    distinct = sorted(set(names))
    rest = [f"and {len(distinct) - MOST_NAMES} more"] if len(distinct) > MOST_NAMES else []
    return "; ".join([name[:200] for name in distinct[:MOST_NAMES]] + rest) or None

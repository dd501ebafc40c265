"""The org's token goes to the org: to no host, path or page that somebody's answer names."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from agent.errors import SourceError, TransportError, Unauthorized
from agent.sources.salesforce import soql_literal
from agent.sources.salesforce.directory import Directory
from agent.sources.salesforce.instance import instance_url
from agent.sources.salesforce.org_settings import OrgSettings
from tests.attack.hostile_org import HostileOrg, file_of
from tests.sources.reader import RecalledKeys
from tests.sources.salesforce.look_up_threads import patient

OWN = "https://acme.my.salesforce.com"


@pytest.mark.parametrize(
    ("url", "named"),
    [
        (OWN, OWN),
        (OWN, f"{OWN}/"),
        (OWN, f"{OWN}:443"),
        (OWN, "https://ACME.my.salesforce.com."),
        (OWN, "https://na30.salesforce.com"),
        ("https://login.salesforce.com", OWN),
        ("https://test.salesforce.com", "https://acme--dev.sandbox.my.salesforce.com"),
        (OWN, "https://acme.cloudforce.com"),
        ("https://acme.my.salesforce.mil", "https://acme.my.salesforce.mil"),
        ("https://acme.my.sfcrmproducts.cn", "https://acme.my.sfcrmproducts.cn"),
        ("https://localhost:8443", "https://localhost:8443"),
        ("https://gateway.acme.example:8443", "https://gateway.acme.example:8443"),
    ],
)
def test_the_org_s_own_addresses_are_taken(url: str, named: str) -> None:
    """The host that signs in, and Salesforce's own where that is one of them."""
    assert instance_url(named, url, []) == named.rstrip("/").removesuffix(":443").rstrip(".").lower()


@pytest.mark.parametrize(
    "named",
    [
        "https://evil.example",
        "http://acme.my.salesforce.com",
        "https://salesforce.com.evil.example",
        "https://evilsalesforce.com",
        "https://acme.my.salesforce.com@evil.example",
        "https://acme.my.salesforce.com:pw@evil.example",
        "https://evil.example\\@acme.my.salesforce.com",
        "https://evil.example/acme.my.salesforce.com",
        "https://evil.example#.salesforce.com",
        "https://acme.my.salesforce.com/services",
        "https://acme.my.salesforce.com:8443",
        "https://acme.my.salesforce.com:x",
        "https://acme.lightning.force.com",
        "https://acme.my.site.com",
        "https://[::1",
        "https://",
        "//acme.my.salesforce.com",
        "ftp://acme.my.salesforce.com",
        "https://acme\u3002my.salesforce.com",
        "https://acme.my.salesforce.com\n.evil.example/",
        "",
        None,
        5,
        ["https://acme.my.salesforce.com"],
        {"a": "b"},
    ],
)
def test_other_addresses_are_refused(named: Any) -> None:
    """Foreign hosts, plain text, look-alikes, and whatever two parsers could read in two ways."""
    with pytest.raises(Unauthorized) as raised:
        instance_url(named, OWN, [])
    assert raised.value.hint


def test_an_own_domain_can_be_set() -> None:
    """With `instance_domains` an org may answer from another domain, and from no look-alike of it."""
    assert instance_url("https://eu.acme.example:8443", OWN, ["acme.example"]) == "https://eu.acme.example:8443"
    assert instance_url("https://acme.example", OWN, [".acme.example"]) == "https://acme.example"
    with pytest.raises(Unauthorized, match="instance_domains"):
        instance_url("https://notacme.example", OWN, ["acme.example"])
    with pytest.raises(Unauthorized):
        instance_url("https://acme.my.salesforce.com", "https://gateway.acme.example", [])


@pytest.mark.parametrize("domain", ["", ".", "*", "https://acme.example", "acme.example/x", "a b", "*.example"])
def test_a_domain_that_is_none_is_wrong_configuration(domain: str) -> None:
    """A pattern that would let everybody in is refused when the settings are read."""
    auth = {"type": "client_credentials", "client_id": "a", "client_secret": {"env": "X"}}
    with pytest.raises(ValidationError):
        OrgSettings.model_validate({"name": "acme", "url": OWN, "auth": auth, "instance_domains": [domain]})


def test_the_token_never_reaches_a_foreign_host(hostile: HostileOrg) -> None:
    """A token answer that names another host, even one whose certificate is trusted, ends the sign-in."""
    foreign = HostileOrg(hostile.folder / "foreign")
    try:
        hostile.org.token_extra = {"instance_url": foreign.org.url}
        session = hostile.session()
        with pytest.raises(Unauthorized, match="no token is sent there"):
            session.limits()
        assert not foreign.org.calls
        allowed = hostile.session(instance_domains=["localhost"])
        foreign.server.trust(hostile.server.tokens)
        assert allowed.limits()
    finally:
        foreign.close()


@pytest.mark.parametrize("kind", ["token", "limits", "listing", "0AT000000000000001"])
def test_redirects_are_not_followed(hostile: HostileOrg, kind: str) -> None:
    """Neither a sign-in, nor a call, a query or a download goes where a Location points."""
    foreign = HostileOrg(hostile.folder / "foreign")
    try:
        moved = (302, b"", {"Location": f"{foreign.org.url}/services/data/v64.0/limits"})
        hostile.org.files = [file_of(1, "a")]
        if kind == "token":
            hostile.org.token_error = moved
        else:
            hostile.org.status[kind] = moved
        reader = hostile.reader()
        with pytest.raises(SourceError):
            reader.read()
            reader.session.limits()
        assert not foreign.org.calls
    finally:
        foreign.close()


@pytest.mark.parametrize(
    "following",
    [
        "https://evil.example/services/data/v64.0/query/01g-2000",
        "//evil.example/services/data/v64.0/query/01g-2000",
        "@evil.example/services/data/v64.0/query/01g-2000",
        ".evil.example/services/data/v64.0/query/01g-2000",
        ":8443/services/data/v64.0/query/01g-2000",
        "/services/data/v64.0/query/../../apexrest/x",
        "/services/data/v64.0/query/01g-2000?q=x",
        "/services/apexrest/x",
    ],
)
def test_a_next_page_is_a_path_of_the_query_api(hostile: HostileOrg, following: str) -> None:
    """Anything else is not asked for."""
    hostile.org.status["query"] = (200, {"done": False, "records": [], "nextRecordsUrl": following})
    with pytest.raises(TransportError, match="nextRecordsUrl"):
        list(hostile.session().query("SELECT Id FROM EventLogFile"))
    assert sum(hostile.org.calls.values()) == 2  # the sign-in and the first page


def test_ids_that_are_none_reach_no_query(hostile: HostileOrg) -> None:
    """Only 15 or 18 ASCII letters and digits are asked for, and only what was asked for is taken."""
    hostile.org.objects["User"] = [{"Id": "005000000000001AAA", "Name": "Ann"}]
    memory = RecalledKeys()
    directory = Directory(hostile.session(), org="acme", get=memory, put=memory.apply, now=hostile.clock, queue=patient)
    ids = ["005000000000001", "005') OR (Id", "00500000000000²", "0050000000000011\n", "٠٠٥٠٠٠٠٠٠٠٠٠٠٠١"]
    assert directory.users(ids) == {"005000000000001": {"Id": "005000000000001AAA", "Name": "Ann"}}
    assert soql_literal.text("005000000000001") in hostile.org.queries[0]
    assert all("OR (Id" not in query and "²" not in query for query in hostile.org.queries)


@pytest.mark.parametrize("token", ["a b", "a\r\nX-Evil: 1", "é", "", None, 5, ["x"], "x" * 20_000])
def test_a_token_that_is_none_is_a_transport_error(hostile: HostileOrg, token: Any) -> None:
    """What cannot stand in a header is no token."""
    hostile.org.token_extra = {"access_token": token}
    with pytest.raises(TransportError, match="not a token"):
        hostile.session().limits()


@pytest.mark.parametrize("identity", ["https://x/id/00D/../005", "https://x/id/00D00000000000\x001/5", "x", 5, None])
def test_an_org_id_has_the_form_of_one(hostile: HostileOrg, identity: Any) -> None:
    """It becomes part of keys and of every event's id."""
    hostile.org.token_extra = {"id": identity}
    hostile.org.status["userinfo"] = (200, {"organization_id": "00D/../../x"})
    with pytest.raises(TransportError, match="org's id"):
        _ = hostile.session().org_id
    hostile.org.status["userinfo"] = (200, {"organization_id": "00D000000000001EAA"})
    assert hostile.session().org_id == "00D000000000001EAA"

"""A link shows an incident to whoever opens it, and acknowledges it once for whoever presses the button."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from tests.daemon.links.linking import Linking, fields, linking
from tests.notice.incidents.made_incident import alert
from tests.notice.incidents.made_incident import incident as opened

DAY = timedelta(hours=24)
SECRETS = ["Canary Title", "canary-actor", "canary-user", "192.0.2.77"]


@pytest.fixture
def linked(tmp_path: Path) -> Iterator[Linking]:
    with linking(tmp_path) as found:
        yield found


def acknowledge(linked: Linking, url: str, **further: str) -> str:
    """Press the button; the page that comes."""
    answer = linked.post(url, {**fields(linked.get(url).text), **further}, user_agent="Phone/1")
    assert answer.status_code == 200
    return answer.text


def test_opening_changes_nothing(linked: Linking) -> None:
    """With GET and HEAD, as often as scanners of mail like, and with a form that is not the page's."""
    incident = opened()
    linked.state.add(incident)
    url = linked.link(incident, "ana")
    before = linked.state.stored()
    for _ in range(3):
        assert "Acknowledge" in linked.get(url).text
        assert linked.get(url, "HEAD").status_code == 200
    for form in ({}, {"proof": ""}, {"proof": "0" * 64, "who": "ana"}, {"proof": "é", "who": "ana"}):
        assert linked.post(url, form).status_code == 403
    right = fields(linked.get(url).text)
    assert linked.post(url, right, sec_fetch_site="cross-site").status_code == 403
    assert linked.post(url, {**right, "further": "1"}).status_code == 403
    assert linked.post(url, right, content_type="text/plain").status_code == 403
    assert linked.post(url, {**right, "who": "a" * 4000}).status_code == 413
    assert linked.state.stored() == before


def test_the_button_acknowledges_once(linked: Linking) -> None:
    """In the name of whom the message went to; how it came can be erased from the trail."""
    incident = opened()
    linked.state.add(incident)
    url = linked.link(incident, "ana")
    form = fields(linked.get(url).text)
    assert "Acknowledged as ana" in acknowledge(linked, url)
    assert "used already" in linked.post(url, form).text
    assert "This incident was acknowledged" in linked.get(url).text
    known = linked.incident(incident.id)
    assert (known.acknowledged_by, known.acknowledged_at) == ("ana", linked.state.now)
    (line,) = linked.acknowledgements()
    assert orjson.loads(line)["data"]["method"] == "link"
    beside = [value or b"" for key, value in linked.state.stored().items() if "trail/personal/" in key]
    (personal,) = [value for value in beside if b"Phone/1" in value]
    assert b"127.0.0.1" in personal
    elsewhere = [value or b"" for key, value in linked.state.stored().items() if "trail/personal/" not in key]
    assert [value for value in elsewhere if b"Phone/1" in value or b"127.0.0.1" in value] == []


def test_clicks_at_the_same_time_are_one_acknowledgement(linked: Linking) -> None:
    """Of one link and of another person's."""
    incident = opened()
    linked.state.add(incident)
    urls = [linked.link(incident, "ana"), linked.link(incident, "ben")]
    forms = {url: fields(linked.get(url).text) for url in urls}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda url: linked.post(url, forms[url]), urls * 8))
    assert {answer.status_code for answer in answers} == {200}
    assert sum("Acknowledged as" in answer.text for answer in answers) == 1
    assert len(linked.acknowledgements()) == 1


def test_who_shares_a_place_says_who_it_is(linked: Linking) -> None:
    """One of those whom the message went to, and nobody else."""
    incident = opened()
    linked.state.add(incident)
    url = linked.link(incident, "ana", "ben")
    page = linked.get(url).text
    assert 'value="ana"' in page
    assert 'value="ben"' in page
    assert "eva" not in page
    for who in ({}, {"who": "eva"}):
        assert linked.post(url, {**fields(page), **who}).status_code == 400
    assert "Acknowledged as ben" in acknowledge(linked, url, who="ben")


def test_nothing_that_an_event_brought_is_shown(linked: Linking) -> None:
    """Neither before nor after: no title, no actor, no trace."""
    title, actor, user, address = SECRETS
    traces: dict[str, tuple[str, ...]] = {"user": (user,), "address": (address,)}
    incident = replace(opened(), title=title, actor=actor, traces=traces, links=(user,))
    linked.state.add(incident)
    url = linked.link(incident, "ana")
    pages = [linked.get(url).text, acknowledge(linked, url), linked.get(url).text]
    assert [secret for secret in SECRETS for page in pages if secret in page] == []
    assert all(incident.id in page and "acme" in page for page in pages)


def test_a_page_keeps_to_itself(linked: Linking) -> None:
    """No script and nothing from elsewhere; nobody may frame, keep or index it, or learn its address."""
    incident = opened()
    linked.state.add(incident)
    answer = linked.get(linked.link(incident, "ana"))
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "form-action 'self'; frame-ancestors 'none'" in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "<script" not in answer.text
    assert "//" not in answer.text


def test_a_link_expires(linked: Linking) -> None:
    """At its time, also with a form that was opened before."""
    incident = opened()
    linked.state.add(incident)
    url = linked.link(incident, "ana")
    form = fields(linked.get(url).text)
    linked.state.now += DAY - timedelta(seconds=1)
    assert linked.get(url).status_code == 200
    linked.state.now += timedelta(seconds=1)
    assert [linked.get(url).status_code, linked.post(url, form).status_code] == [410, 410]
    assert linked.acknowledgements() == []


def test_what_is_not_signed_is_one_page_for_all(linked: Linking) -> None:
    """Garbage, a changed signature and another incident's ids."""
    incident = opened()
    linked.state.add(incident)
    url = linked.link(incident, "ana")
    begin = url.rpartition("/")[0]
    wrong = [f"{begin}/x", f"{begin}/", url[:-1] + ("A" if url[-1] != "A" else "B"), f"{url}A"]
    answers = [linked.get(text) for text in wrong] + [linked.post(text, {"proof": "x"}) for text in wrong[:1]]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1


def test_who_tries_links_keeps_nobody_from_using_one(linked: Linking) -> None:
    """After some wrong ones a second there is 429 for them, and the right one works."""
    incident = opened()
    linked.state.add(incident)
    url = linked.link(incident, "ana")
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda number: linked.get(f"{url[:-3]}{number:03}").status_code, range(60)))
    assert set(statuses) == {404, 429}
    assert "Acknowledged as ana" in acknowledge(linked, url)


def test_an_incident_that_has_ended_says_so(linked: Linking) -> None:
    """And a link of an incident that is not there says that."""
    incident = opened()
    linked.state.add(replace(incident, state="closed"))
    url = linked.link(incident, "ana")
    assert "has ended (closed)" in linked.get(url).text
    assert fields(linked.get(url).text) == {}
    assert linked.get(linked.link(replace(incident, id="inc-00000000dead"), "ana")).status_code == 410


def test_a_drill_is_called_one(linked: Linking) -> None:
    """Before and after."""
    incident = opened(alert(0, origin="drill"))
    linked.state.add(incident)
    url = linked.link(incident, "ana")
    assert "DRILL" in linked.get(url).text
    assert "DRILL" in acknowledge(linked, url)


def test_links_outlive_a_restart_and_a_restore(tmp_path: Path) -> None:
    """The key is in the state. A backup that is older than the message has the key and the incident: people of the settings
    may act then.
    """
    incident = opened()
    with linking(tmp_path) as first:
        first.state.add(incident)
        early = first.link(incident, "ana").rpartition("/")[2]
    shutil.copytree(tmp_path / "state", tmp_path / "backup")
    with linking(tmp_path) as second:
        late = second.link(incident, "ben").rpartition("/")[2]
        assert "As <strong>ana</strong>" in second.get(f"{second.listening.url}/v1/acknowledge/{early}").text
    shutil.rmtree(tmp_path / "state")
    shutil.copytree(tmp_path / "backup", tmp_path / "state")
    with linking(tmp_path) as third:
        url = f"{third.listening.url}/v1/acknowledge/{late}"
        assert "Who are you?" in third.get(url).text
        assert "Acknowledged as eva" in acknowledge(third, url, who="eva")


def test_somebody_who_left_the_settings_cannot_act(tmp_path: Path) -> None:
    """Their link works no longer."""
    incident = opened()
    with linking(tmp_path) as first:
        first.state.add(incident)
        token = first.link(incident, "ben").rpartition("/")[2]
    with linking(tmp_path, people=[{"name": "ana", "channels": ["mail"]}]) as second:
        assert second.get(f"{second.listening.url}/v1/acknowledge/{token}").status_code == 410

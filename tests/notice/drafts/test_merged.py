"""What becomes of notices where incidents are merged."""

import pytest

from agent.errors import LeaklineError
from tests.notice.drafts.notice_state import SA, NoticeState
from tests.notice.incidents.made_incident import alert, incident


def test_what_people_wrote_goes_over_into_the_incident_that_stays(state: NoticeState) -> None:
    """Its first version has the texts; the merged one keeps its versions, and has no new one."""
    state.ask("draft", values={"measures_taken": "the app is blocked"})
    merged = state.number
    with state.desk.changing() as change:
        other = incident(alert(7, user="ben"))
        into = change.put(None, other, "incident-opened", "opened", by="leakline", data={}).id
    state.request("incidents_merge", numbers=[merged], into=into, by="eva")
    state.look()
    with pytest.raises(LeaklineError, match="merged into"):
        state.request("notices_draft", number=merged, obligation=SA, by="eva")
    view = state.request("notices_draft", number=into, obligation=SA, by="eva")
    texts = {entry["id"]: entry["text"] for entry in view["version"]["entries"]}
    assert (view["version"]["number"], texts["measures_taken"]) == (1, "the app is blocked")
    assert state.request("notices_show", number=merged, obligation=SA)["versions"] == 1

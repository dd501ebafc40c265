"""Incidents: what alerts are about, from the first of them to a decision that somebody is answerable for.

An alert joins the open incident of its user, session or app, or opens one; both count with the transaction of the batch
that raised the alert. Everything of an incident lies in the shard of its org, under `keys.RESPONSE`:

    incident/<id>          JSON `Incident`
    link/<kind>:<value>    JSON [incident, first, last]: whom open incidents are about, in milliseconds of event time
    open/<origin>/<state>/<level>/<id>   empty: what is open, so that counting it reads no incident
    unseen/<origin>/<milliseconds>/<id>  empty: when it was opened, while it is to be acknowledged
    alert/<day>/<digest>   the id of the incident that has an alert (`agent.notice.incidents.alert_places`)
    reckon/<id>            empty: its clocks are to be reckoned anew

The keys of clocks are named in `agent.notice.clocks`.
"""

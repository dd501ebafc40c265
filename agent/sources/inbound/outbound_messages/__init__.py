"""Salesforce's outbound messages: what a workflow or a flow sends as SOAP, read safely, and the answers that Salesforce expects.

A message is sent again, in growing intervals of up to two hours, until it is acknowledged or 24 hours old (7 days where the
org keeps failed ones); any other answer than `ACKNOWLEDGED` counts as a failure. It cannot be signed.
https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging_notifications.htm
"""

from agent.sources.inbound.outbound_messages.answers import ACKNOWLEDGED, fault
from agent.sources.inbound.outbound_messages.message import read_outbound_message

__all__ = ["ACKNOWLEDGED", "fault", "read_outbound_message"]

"""What others send: reports of integrations and middleware, and Salesforce's outbound messages.

One listener serves the senders of all orgs (`serving/`); what it has taken in from a sender it hands to the source of that
sender's org (`source.py`), and answers once the source says that it is committed.
"""

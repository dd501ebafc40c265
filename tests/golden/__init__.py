"""A pair of files for each mapped event type: a log file as Salesforce writes it, and the documents made of it."""

"""The JSON schema of a rule file's documents, for editors: what can be said of a document by itself.

It is made from the tables that the loaders use. What only the loaders can tell (a rule that another one names, the words
of a condition, a regular expression) is listed in `tests/schemas/rule_mistakes.py`.
"""

"""Who may use how much of an org's daily allowance of API calls.

The org counts calls of the last 24 hours, whoever makes them, and says so with each answer. `ApiBudgetBook` counts our own
beside that, by hour, source and purpose, foresees what the important sources will need, and gives what is left to the
others, evenly over the day. It is asked before a source has its turn (`turn`) and, for the limits that nobody passes,
before each query (`Session.check_budget`).
"""

"""A trail that nobody can rewrite unseen: records in chains, trees over them, signed checkpoints kept elsewhere too.

Each shard has a chain, and so has the process. A record is committed with what it records. About once a minute the process's
chain notes how far every other chain is (`heads`), and a signed checkpoint over the process's tree covers them all.
"""

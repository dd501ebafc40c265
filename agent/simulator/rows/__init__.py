"""What stands in the cells: one module per family of event types, each with its `BUILDERS`."""
